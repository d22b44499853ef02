docker run -d --name limited --memory-reservation 64m alpine:3.20 sleep 600
docker run -d --name neighbour --network container:limited alpine:3.20 sleep 600
docker run --name greedy --memory 32m alpine:3.20 tail /dev/zero
