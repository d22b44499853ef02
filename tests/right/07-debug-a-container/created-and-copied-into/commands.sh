docker cp parcels:/srv/tariffs/ee7ca167.json today.json
docker rm -f parcels
docker create --name parcels -p 8075:5211 -e TARIFFS=/today.json parcels:1.0
docker cp today.json parcels:/
docker start parcels
