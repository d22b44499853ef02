docker build --target web -t web .
docker build --target worker -t worker .
docker run -d --name web -p 127.0.0.1:8080:3000 web
docker run -d --name worker --network none worker
