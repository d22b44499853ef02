docker build -t parcel-shop .
docker run -d --init --name web -p 8080:3000 parcel-shop node web.js
docker run -d --init --name worker parcel-shop node worker.js
