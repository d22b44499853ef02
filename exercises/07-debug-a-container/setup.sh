# Starts the broken service. Also for yourself: sh setup.sh
docker rm -f parcels > /dev/null 2>&1
set -e
docker build -q -t parcels:1.0 service
docker run -d --name parcels -p 8075:3000 \
    -e TARIFFS="/srv/tariffs/$(echo last year | sha256sum | cut -c 1-8).json" parcels:1.0
until docker logs parcels 2>&1 | grep -q "queued"; do sleep 0.2; done
