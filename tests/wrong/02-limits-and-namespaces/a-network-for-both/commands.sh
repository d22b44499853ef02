docker network create limited
docker run -d --name limited --network limited --memory 64m alpine:3.20 sleep 600
docker run -d --name neighbour --network limited alpine:3.20 sleep 600
docker run --name greedy --memory 32m alpine:3.20 tail /dev/zero
