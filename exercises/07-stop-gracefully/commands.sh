# Commands as in a terminal, one a line. They are run in this folder; the container `till` runs already.
docker build -t kiosk:1.1 .
docker stop till
