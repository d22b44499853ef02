docker build -t jukebox .
docker run --rm jukebox node jukebox.js --self-test
docker run -d --name jukebox -p 8071:3000 -e HOST=0.0.0.0 -e ROOM=cellar jukebox
