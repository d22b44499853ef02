docker build -t greeter:1.0 .
docker login localhost:5001 -u learner --password-stdin < password.txt
docker tag greeter:1.0 localhost:5001/team/greeter:1.0
docker tag greeter:1.0 localhost:5001/team/greeter:stable
digest=$(docker push localhost:5001/team/greeter:1.0 | grep -o 'sha256:[0-9a-f]*')
docker push -q localhost:5001/team/greeter:stable
docker rmi greeter:1.0 localhost:5001/team/greeter:1.0 localhost:5001/team/greeter:stable
docker pull "localhost:5001/team/greeter@$digest"
