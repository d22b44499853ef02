docker build -t shop:1.0.0 .
docker run -d --name production shop:1.0.0
