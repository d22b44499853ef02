docker rm -f parcels
docker run -d --name parcels -p 8075:5211 -e TARIFFS=/srv/tariffs/ee7ca167.json parcels:1.0
