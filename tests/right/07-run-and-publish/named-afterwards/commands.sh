docker build -t jukebox .
docker tag jukebox jukebox:1.0
docker run --rm -i jukebox:1.0 node jukebox.js --self-test
docker rename "$(docker run -d -p 8071:3000 -e HOST=0.0.0.0 -e ROOM=cellar jukebox:1.0)" jukebox
