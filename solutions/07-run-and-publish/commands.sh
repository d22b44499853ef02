# 1. Build the image.
docker build -t jukebox:1.0 .

# 2. Run its self-test once. --rm: the container is gone when the test has ended.
docker run --rm jukebox:1.0 node jukebox.js --self-test

# 3. Start it: in the background, by name, with a port of the machine that leads to its own, and with its variables.
docker run -d --name jukebox -p 8071:3000 -e HOST=0.0.0.0 -e ROOM=cellar jukebox:1.0
