docker build -t parcel-shop .
docker run -d --name web --publish 8080:3000 parcel-shop
docker run -d --name worker parcel-shop worker.js
