docker exec till sh -c 'kill 1'
docker wait till
docker build -t kiosk:1.1 .
