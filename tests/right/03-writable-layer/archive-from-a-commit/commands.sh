docker start first
docker commit second guests:1
docker rm -f second
docker run -d --name archive guests:1 sleep 600
docker run -d --name fresh alpine:3.20 sleep 600
