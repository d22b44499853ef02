docker run -d --name l -m 64m alpine:3.20 sleep 600
docker rename l limited
docker run -dit --name neighbour --network container:limited alpine:3.20 sleep 600
docker run --name greedy -m 32m alpine:3.20 tail /dev/zero
