docker create --name limited -m 65536k alpine:3.20 sleep 600 && docker start limited
docker create --name neighbour --network container:limited alpine:3.20 sleep 600
docker start neighbour
docker run --name greedy -m 32M alpine:3.20 tail /dev/zero || true
