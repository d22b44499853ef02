docker start first
docker rename second archive
docker run -d --name fresh alpine:3.20 sleep 600
