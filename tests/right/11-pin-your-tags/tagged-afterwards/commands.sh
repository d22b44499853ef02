id=$(docker build -q .)
docker tag $id shop:1.0.0
docker tag shop:1.0.0 shop:latest
docker create --name production shop:1.0.0
docker start production
