# One command a line, as you would type them.
docker build -t greeter:1.0 .
