docker build -t shop .
docker run -d --name production shop
