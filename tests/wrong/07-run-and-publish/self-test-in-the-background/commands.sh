docker build -t jukebox:1.0 .
docker run -d --rm jukebox:1.0 node jukebox.js --self-test
docker run -d --name jukebox -p 8071:3000 -e HOST=0.0.0.0 -e ROOM=cellar jukebox:1.0
