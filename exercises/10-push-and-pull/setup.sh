# A registry of your own at localhost:5001 that lets in only those who log in.
set -e
docker create --name registry -p 5001:5000 \
    -e REGISTRY_AUTH=htpasswd -e REGISTRY_AUTH_HTPASSWD_PATH=/auth/htpasswd -e REGISTRY_AUTH_HTPASSWD_REALM=Lab \
    registry:2
docker cp auth registry:/
docker start registry
until docker logs registry 2>&1 | grep -q 'listening on'; do sleep 0.2; done
