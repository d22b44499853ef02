docker build --build-arg VERSION=1.4.2 -t shop:1.0.0 .
docker run -d --name production shop:1.0.0
