docker stop -t 20 till
docker build -t kiosk:1.1 .
