docker build -t greeter:1.0 .
docker login 127.0.0.1:5001 -u learner --password-stdin < password.txt
docker tag greeter:1.0 127.0.0.1:5001/team/greeter:1.0
docker tag greeter:1.0 127.0.0.1:5001/team/greeter:stable
docker push 127.0.0.1:5001/team/greeter:1.0
docker push 127.0.0.1:5001/team/greeter:stable
pinned=$(docker inspect --format '{{index .RepoDigests 0}}' 127.0.0.1:5001/team/greeter:1.0)
docker rmi greeter:1.0 127.0.0.1:5001/team/greeter:1.0 127.0.0.1:5001/team/greeter:stable
docker pull "$pinned"
