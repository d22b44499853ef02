docker kill --signal SIGWINCH till
docker build -t kiosk:1.1 .
