file=$(docker exec parcels ls /srv/tariffs)
docker rm -f parcels
docker run -d --name parcels -p 8075:5211 -e TARIFFS=/srv/tariffs/$file parcels:1.0
