docker rm -f till
docker build -t kiosk:1.1 .
