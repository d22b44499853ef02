# The till counts for three seconds. Give it more than that: it is not waited for longer than it needs.
docker stop -t 20 till
docker build -t kiosk:1.1 .
