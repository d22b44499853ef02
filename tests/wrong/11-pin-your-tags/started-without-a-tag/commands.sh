docker build -t shop:1.0.0 -t shop .
docker run -d --name production shop
