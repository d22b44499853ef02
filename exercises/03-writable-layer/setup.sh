# Two containers of one image that have written into their own layers.
set -e
docker run -d --name first alpine:3.20 sleep 600
docker run -d --name second alpine:3.20 sleep 600
docker exec first sh -c 'mkdir /data && echo Ada > /data/guests'
docker exec second sh -c 'mkdir /data && echo Grace > /data/guests'
docker stop -t 0 first
