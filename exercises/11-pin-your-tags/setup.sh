# The company's base image, with the tags that it has today.
set -e
printf 'FROM alpine:3.20\nRUN echo 1.4.2 > /etc/base-release\n' | docker build -q -t base:1.4.2 -
for tag in 1.4 1 latest; do docker tag base:1.4.2 "base:$tag"; done
