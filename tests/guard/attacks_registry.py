"""Ways to send the engine to an address that is not the seat's own registry; see `test_registry`.

Words in braces: {port} is where the seat's registry answers, {theirs} where another seat's does, {web} where a
container of the seat's answers that is none, {machine} where a program of the machine does.
"""

from __future__ import annotations

import base64
import json

HEX = "0" * 64
ANOTHER = "No registry of yours"
ELSEWHERE = "does not go to the registry"
FORMAT = "reference format"
PULL = "does not pull"

# name: (what stands before /shop:1, a word of the answer to a push, of the answer to a pull)
HOSTS = {
    "another seat's": ("localhost:{theirs}", ANOTHER, ANOTHER),
    "another seat's, by address": ("127.0.0.1:{theirs}", ANOTHER, ANOTHER),
    "the machine's": ("localhost:{machine}", ANOTHER, ANOTHER),
    "a program of one's own": ("localhost:{web}", ANOTHER, ANOTHER),
    "a port where nothing is": ("localhost:1", ANOTHER, ANOTHER),
    "no port": ("localhost", ELSEWHERE, PULL),
    "port nought": ("localhost:0", ELSEWHERE, PULL),
    "no number at all": ("localhost:", FORMAT, FORMAT),
    "a number in front of the port": ("localhost:0{port}", FORMAT + "|" + ELSEWHERE, FORMAT + "|" + PULL),
    "a port beyond": ("localhost:99999", ANOTHER, ANOTHER),
    "a port that is a word": ("localhost:http", FORMAT, FORMAT),
    "another machine": ("registry.example:{port}", ELSEWHERE, PULL),
    "the hub by its address": ("registry-1.docker.io", ELSEWHERE, PULL),
    "the hub": ("docker.io", ELSEWHERE, PULL),
    "metadata of a cloud": ("169.254.169.254:80", ELSEWHERE, PULL),
    "all addresses": ("0.0.0.0:{port}", ELSEWHERE, PULL),
    "another loopback address": ("127.0.0.2:{port}", ELSEWHERE, PULL),
    "an address in short form": ("127.1:{port}", ELSEWHERE, PULL),
    "an address as a number": ("2130706433:{port}", ELSEWHERE, PULL),
    "an address in octal": ("0177.0.0.1:{port}", ELSEWHERE, PULL),
    "an address in hexadecimal": ("0x7f.0.0.1:{port}", ELSEWHERE, PULL),
    "capitals": ("LOCALHOST:{port}", FORMAT, FORMAT),
    "a dot at the end": ("localhost.:{port}", FORMAT, FORMAT),
    "a name below": ("a.localhost:{port}", ELSEWHERE, PULL),
    "a user": ("user@localhost:{port}", FORMAT, FORMAT),
    "a user and a word": ("user:word@localhost:{port}", FORMAT, FORMAT),
    "two ports": ("localhost:{port}:{port}", FORMAT, FORMAT),
    "IPv6": ("[::1]:{port}", "no address|" + FORMAT, "no address|" + FORMAT),
    "IPv6 without brackets": ("::1:{port}", FORMAT, FORMAT),
    "the lab's own": ("labkit.invalid", ELSEWHERE, PULL),
    "a scheme": ("http:localhost:{port}", FORMAT, FORMAT),
    "a path upwards": ("localhost:{port}/..", "no address|" + FORMAT, FORMAT),
    "a query": ("localhost:{port}%3Fx=1", "no address|" + FORMAT, FORMAT),
    "a line feed": ("localhost:{port}%0A", "no address|" + FORMAT, FORMAT),
}


def header(document, *, raw: bool = False) -> str:
    text = document if raw else json.dumps(document)
    return base64.urlsafe_b64encode(text.encode()).decode()


ME = '"username": "learner", "password": "lab-secret"'
# name: (the header X-Registry-Auth, a word of the answer)
HEADERS = {
    "for another registry": (header({"username": "a", "password": "b", "serveraddress": "registry.example"}), "is for"),
    "for another port": (header({"username": "a", "password": "b", "serveraddress": "localhost:1"}), "is for"),
    "for an address with a scheme": (header({"username": "a", "serveraddress": "http://localhost:1/v2/"}), "is for"),
    "a key twice": (header("{" + ME + ', "serveraddress": "", "serveraddress": "evil:1"}', raw=True), "same key twice"),
    "a key in other letters": (header("{" + ME + ', "ServerAddress": "evil:1"}', raw=True), "'ServerAddress'"),
    "a token": (header({"identitytoken": "x"}), "'identitytoken'"),
    "another token": (header({"registrytoken": "x"}), "'registrytoken'"),
    "something after it": (header("{" + ME + "}{}", raw=True), "one JSON document"),
    "a list": (header([1]), "field body"),
    "a number for a name": (header({"username": 1}), "username"),
    "no base64": ("{}", "base64"),
    "base64 of another kind": ("++//", "base64"),
    "very long": (header({"username": "a" * 9000}), "one login"),
}
# name: (the body of a login, a word of the answer)
LOGINS = {
    "nothing": ({}, ELSEWHERE),
    "the hub": ({"serveraddress": "https://index.docker.io/v1/"}, ELSEWHERE),
    "another machine": ({"serveraddress": "registry.example"}, ELSEWHERE),
    "a scheme": ({"serveraddress": "http://localhost:{port}"}, ELSEWHERE),
    "a path": ({"serveraddress": "localhost:{port}/v2"}, ELSEWHERE),
    "a user": ({"serveraddress": "a@localhost:{port}"}, ELSEWHERE),
    "a zero in front": ({"serveraddress": "localhost:0{port}"}, ELSEWHERE),
    "a space": ({"serveraddress": "localhost:{port} "}, ELSEWHERE),
    "another seat's": ({"serveraddress": "localhost:{theirs}"}, ANOTHER),
    "the machine's": ({"serveraddress": "127.0.0.1:{machine}"}, ANOTHER),
    "a program of one's own": ({"serveraddress": "localhost:{web}"}, ANOTHER),
    "a token": ({"serveraddress": "localhost:{port}", "identitytoken": "x"}, "'identitytoken'"),
    "a key in other letters": ({"serveraddress": "localhost:{port}", "Serveraddress": "evil:1"}, "'Serveraddress'"),
}


def env(*settings):
    return {"Env": list(settings)}


def host(**fields):
    return {"HostConfig": fields}


# What makes a container of registry:2 another program than the course's, or one that sends the engine on.
NO_REGISTRY = {
    "a command": {"Cmd": ["sleep", "60"]},
    "its own command, said again": {"Cmd": ["/etc/docker/registry/config.yml"]},
    "an entrypoint": {"Entrypoint": ["sleep", "60"]},
    "a health check": {"Healthcheck": {"Test": ["CMD-SHELL", "true"]}},
    "a proxy": env("REGISTRY_PROXY_REMOTEURL=http://127.0.0.1:1"),
    "tokens from elsewhere": env("REGISTRY_AUTH=token", "REGISTRY_AUTH_TOKEN_REALM=http://127.0.0.1:1"),
    "redirects": env("REGISTRY_MIDDLEWARE_STORAGE=redirect"),
    "another address in its answers": env("REGISTRY_HTTP_HOST=http://127.0.0.1:1"),
    "another port": env("REGISTRY_HTTP_ADDR=:5001"),
    "notifications": env("REGISTRY_NOTIFICATIONS_ENDPOINTS=x"),
    "another storage": env("REGISTRY_STORAGE=s3"),
    "no look at manifests": env("REGISTRY_VALIDATION_DISABLED=true"),
    "a library before all": env("LD_PRELOAD=/auth/x.so"),
    "another search path": env("PATH=/auth"),
    "a variable taken away": env("PATH"),
    "a setting in other letters": env("registry_auth=htpasswd"),
    "logins from anywhere": env("REGISTRY_AUTH=htpasswd", "REGISTRY_AUTH_HTPASSWD_PATH=/auth/../etc/passwd"),
    "a realm with a quote": env('REGISTRY_AUTH_HTPASSWD_REALM=x"'),
    "a setting in two lines": env("REGISTRY_LOG_LEVEL=info\ninfo"),
    "its data in a volume that others write": host(Binds=["regdata:/var/lib/registry"]),
    "a volume over its settings": host(Binds=["regdata:/etc/docker/registry"]),
    "a volume over its program": {"Volumes": {"/bin": {}}},
    "a volume above its data": host(Mounts=[{"Type": "volume", "Target": "/var/lib"}]),
    "memory over its settings": host(Tmpfs={"/etc/docker/registry": ""}),
    "a mount in memory": host(Mounts=[{"Type": "tmpfs", "Target": "/var/lib/registry"}]),
    "another's network": host(NetworkMode="container:{mine}"),
    "another of its ports": host(PortBindings={"5001/tcp": [{"HostPort": "{spare}"}]}),
    "the port by UDP": host(PortBindings={"5000/udp": [{"HostPort": "{spare}"}]}),
}
