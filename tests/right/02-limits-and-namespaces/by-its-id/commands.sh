id=$(docker run -d --name limited --memory=67108864 alpine:3.20 sleep 600)
docker run -d --name neighbour --net "container:$id" alpine:3.20 sleep 600
docker run -d --name greedy --memory=32m alpine:3.20 tail /dev/zero
docker wait greedy
