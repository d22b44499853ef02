docker build -t localhost:5001/team/greeter:1.0 -t localhost:5001/team/greeter:stable .
docker login localhost:5001 -u learner --password-stdin < password.txt
docker push localhost:5001/team/greeter:1.0
docker push localhost:5001/team/greeter:stable
pinned=$(docker inspect --format '{{index .RepoDigests 0}}' localhost:5001/team/greeter:1.0)
docker rmi localhost:5001/team/greeter:1.0 localhost:5001/team/greeter:stable
docker pull "$pinned"
