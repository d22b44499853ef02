docker run -d --name limited alpine:3.20 sleep 600
docker update --memory 64m --memory-swap 64m limited
docker run -d --name neighbour --network container:limited alpine:3.20 sleep 600
docker run --name greedy --memory 32m alpine:3.20 tail /dev/zero
