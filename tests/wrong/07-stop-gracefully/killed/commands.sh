docker kill till
docker build -t kiosk:1.1 .
