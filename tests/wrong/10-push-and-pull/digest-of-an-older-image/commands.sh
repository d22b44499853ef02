docker build -t greeter:1.0 .
docker login localhost:5001 -u learner --password-stdin < password.txt
docker build -t localhost:5001/team/greeter:0.9 --label version=0.9 .
docker push localhost:5001/team/greeter:0.9
pinned=$(docker inspect --format '{{index .RepoDigests 0}}' localhost:5001/team/greeter:0.9)
docker tag greeter:1.0 localhost:5001/team/greeter:1.0
docker tag greeter:1.0 localhost:5001/team/greeter:stable
docker push localhost:5001/team/greeter:1.0
docker push localhost:5001/team/greeter:stable
docker rmi greeter:1.0 localhost:5001/team/greeter:1.0 localhost:5001/team/greeter:stable localhost:5001/team/greeter:0.9
docker pull "$pinned"
