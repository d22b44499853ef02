docker build -t greeter:1.0 .
docker login localhost:5001 -u learner --password-stdin < password.txt
docker tag greeter:1.0 localhost:5001/team/greeter
docker push localhost:5001/team/greeter
docker rmi greeter:1.0 localhost:5001/team/greeter
