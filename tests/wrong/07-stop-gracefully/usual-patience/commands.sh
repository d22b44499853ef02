docker stop till
docker build -t kiosk:1.1 .
