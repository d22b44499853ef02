docker build -t parcel-shop .
docker run -d --name web parcel-shop
docker run -d --name worker parcel-shop node worker.js
