docker pause till
docker build -t kiosk:1.1 .
