start() { name=$1; shift; docker run -d --name "$name" "$@"; }
start limited --memory 64m alpine:3.20 sleep 600
start neighbour --network container:limited alpine:3.20 sleep 600
for n in greedy; do docker run --name $n --memory 32m alpine:3.20 tail /dev/zero; done
