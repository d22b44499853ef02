docker build -t parcel-shop .
docker run -d --name web -p 8080:3000 parcel-shop
