docker start first
docker cp second:/data data
docker rm -f second
docker create --name archive alpine:3.20
docker cp data archive:/
docker run -d --name fresh alpine:3.20 sleep 600
