docker restart -t 0 first
guests=$(docker exec second cat /data/guests)
docker stop -t 0 second && docker rm second
docker run --name archive alpine:3.20 sh -c "mkdir /data; echo '$guests' > /data/guests"
docker run -dit --name fresh alpine:3.20 sleep 600
