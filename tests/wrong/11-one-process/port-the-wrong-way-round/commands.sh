docker build -t parcel-shop .
docker run -d --name web -p 3000:8080 parcel-shop
docker run -d --name worker parcel-shop node worker.js
