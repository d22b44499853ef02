docker build -t jukebox:1.0 .
docker run --rm jukebox:1.0 node jukebox.js --self-test
docker container run --detach --name=jukebox --publish=8071:3000/tcp --env=HOST=0.0.0.0 --env=ROOM=cellar jukebox:1.0
