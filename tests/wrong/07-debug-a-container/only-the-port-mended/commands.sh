docker rm -f parcels
docker run -d --name parcels -p 8075:5211 -e TARIFFS=/srv/tariffs/4cede09e.json parcels:1.0
