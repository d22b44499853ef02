docker build -t jukebox:1.0 .
docker run --rm jukebox:1.0 node jukebox.js --self-test
export ROOM=cellar
docker run -d --name jukebox -p 8071:3000 -e HOST=0.0.0.0 jukebox:1.0
