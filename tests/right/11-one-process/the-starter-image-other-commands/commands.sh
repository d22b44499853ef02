docker build -t parcel-shop .
docker run -d --name web -p 8080:3000 parcel-shop node web.js
docker create --name worker --entrypoint node parcel-shop worker.js
docker start worker
