docker run -d --name limited --memory 128m --memory-swap 128m alpine:3.20 sleep 600 # --memory 64m
docker run -d --name neighbour --network container:limited alpine:3.20 sleep 600
docker run --name greedy --memory 32m alpine:3.20 tail /dev/zero
