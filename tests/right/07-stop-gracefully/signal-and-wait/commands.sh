docker build -t kiosk:1.1 .
docker kill -s TERM till
docker wait till
