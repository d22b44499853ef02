docker build -t greeter:1.0 .
docker login localhost:5001 -u learner --password-stdin < password.txt
docker tag greeter:1.0 team/greeter:1.0
docker push team/greeter:1.0
docker rmi greeter:1.0 team/greeter:1.0
