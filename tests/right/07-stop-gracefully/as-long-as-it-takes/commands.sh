docker container stop --time=-1 till
docker build -t kiosk:1.1 .
