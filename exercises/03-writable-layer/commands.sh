# One command a line, as you would type them.
docker ps -a
