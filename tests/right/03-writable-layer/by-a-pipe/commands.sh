docker start first
docker create --name archive alpine:3.20
docker cp second:/data - | docker cp - archive:/
docker rm -f second
docker run -d --name fresh alpine:3.20 sleep 600
