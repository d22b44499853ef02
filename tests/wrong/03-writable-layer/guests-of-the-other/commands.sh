docker start first
docker rm -f second
docker create --name archive alpine:3.20
docker cp first:/data - | docker cp - archive:/
docker run -d --name fresh alpine:3.20 sleep 600
