docker rename first fresh
docker start fresh
docker run -d --name first alpine:3.20 sleep 600
docker cp fresh:/data - | docker cp - first:/
docker cp second:/data data
docker rm -f second
docker create --name archive alpine:3.20
docker cp data archive:/
