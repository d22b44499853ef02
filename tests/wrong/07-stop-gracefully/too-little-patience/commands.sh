docker stop -t 2 till
docker build -t kiosk:1.1 .
