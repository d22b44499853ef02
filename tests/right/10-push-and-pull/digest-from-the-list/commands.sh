docker build -t greeter:1.0 .
docker login localhost:5001 -u learner --password-stdin < password.txt
docker tag greeter:1.0 localhost:5001/team/greeter:1.0
docker tag greeter:1.0 localhost:5001/team/greeter:stable
docker push localhost:5001/team/greeter:1.0
docker push localhost:5001/team/greeter:stable
digest=$(docker images --digests --format '{{.Digest}}' localhost:5001/team/greeter | head -n 1)
docker rmi greeter:1.0 localhost:5001/team/greeter:1.0 localhost:5001/team/greeter:stable
docker pull "localhost:5001/team/greeter@$digest"
