docker build --tag shop --tag shop:1.0.0 --file Dockerfile .
docker run --detach --restart no --name=production shop:1.0.0 ./shop.sh
