docker start first
docker cp second:/data/guests guests
docker rm -f second
docker create --name archive alpine:3.20
docker cp guests archive:/guests # /data/guests
docker run -d --name fresh alpine:3.20 sleep 600
