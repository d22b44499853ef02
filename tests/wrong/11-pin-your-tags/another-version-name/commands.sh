docker build -t shop:v1.0.0 .
docker run -d --name production shop:v1.0.0
