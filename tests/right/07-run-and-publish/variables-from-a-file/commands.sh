docker build -t jukebox:1.0 .
docker run --rm jukebox:1.0 node jukebox.js --self-test
printf "HOST=::\nROOM=cellar\n" > room.env
docker run -d --name jukebox -p 8071:3000 --env-file room.env jukebox:1.0
