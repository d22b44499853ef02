docker build -q -t shop:1.0.0 .
docker run -d --name production "$(docker image inspect -f '{{.Id}}' shop:1.0.0)"
