docker start first
docker rm -f second
docker cp second:/data data
docker create --name archive alpine:3.20
docker cp data archive:/
docker run -d --name fresh alpine:3.20 sleep 600
