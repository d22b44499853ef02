docker start first
docker commit second alpine:with-guests
docker cp second:/data data
docker rm -f second
docker create --name archive alpine:3.20
docker cp data archive:/
docker run -d --name fresh alpine:with-guests sleep 600
