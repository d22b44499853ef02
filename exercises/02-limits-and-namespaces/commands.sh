# One command a line, as you would type them.
docker run -d --name limited alpine:3.20 sleep 600
