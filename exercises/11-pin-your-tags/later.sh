# A month later: others have moved their tags.
base() { printf 'FROM alpine:3.20\nRUN echo %s > /etc/base-release\n' "$1" | docker build -q -t "base:$2" -; }
base 2.0.0 latest
base 1.5.0 1
base 1.4.3 1.4
# Your Dockerfile, built once more.
docker build -q -t rebuilt .
docker create --name built-later rebuilt
# A colleague's shop takes the names without a full version.
started_by=$(docker inspect -f '{{.Config.Image}}' production)
printf 'FROM base:latest\nCMD ["sleep", "600"]\n' | docker build -q -t shop:latest -
for tag in 1 1.0; do docker tag shop:latest "shop:$tag"; done
docker run -d --name started-later "$started_by"
