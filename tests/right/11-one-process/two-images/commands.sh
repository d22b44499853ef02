docker build -t web --build-arg PROGRAM=web.js .
docker build -t worker --build-arg PROGRAM=worker.js .
docker run -d --name web -p 8080:3000 web
docker run -d --name worker worker
