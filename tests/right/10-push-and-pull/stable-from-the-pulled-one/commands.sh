docker build -t greeter:1.0 .
cat password.txt | docker login --username learner --password-stdin localhost:5001
docker tag greeter:1.0 localhost:5001/team/greeter:1.0
docker push localhost:5001/team/greeter:1.0
pinned=$(docker inspect --format '{{index .RepoDigests 0}}' localhost:5001/team/greeter:1.0)
docker rmi greeter:1.0 localhost:5001/team/greeter:1.0
docker pull "$pinned"
docker tag "$pinned" localhost:5001/team/greeter:stable
docker push localhost:5001/team/greeter:stable
docker rmi localhost:5001/team/greeter:stable
docker pull "$pinned"
