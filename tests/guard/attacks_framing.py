"""Bytes that two readers could take for different requests. ``M`` is one's own container, ``V`` another's."""

from __future__ import annotations

H = "Host: d\r\n"
PING = f"GET /_ping HTTP/1.1\r\n{H}\r\n"
KILL = f"DELETE /containers/V?force=1 HTTP/1.1\r\n{H}\r\n"
JSON = '{"Image":"alpine:3.20","HostConfig":{"Privileged":true}}'


def _get(target):
    return f"GET {target} HTTP/1.1\r\n{H}\r\n"


def _post(headers, body=JSON, target="/containers/create"):
    return f"POST {target} HTTP/1.1\r\n{H}{headers}\r\n{body}"


# name: bytes as text; each is refused, and nothing behind it is served.
FRAMING = {
    "two lengths": _post(
        f"Content-Length: {len(JSON)}\r\nTransfer-Encoding: chunked\r\n", f"38\r\n{JSON}\r\n0\r\n\r\n"
    ),
    "a length twice": _post(f"Content-Length: {len(JSON)}\r\nContent-Length: 0\r\n"),
    "a list of lengths": _post("Content-Length: 0, 56\r\n"),
    "a length with a sign": _post(f"Content-Length: +{len(JSON)}\r\n"),
    "a length in hexadecimal": _post("Content-Length: 0x38\r\n"),
    "an unknown encoding": _post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"),
    "an encoding in disguise": _post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"),
    "an encoding with a tab": _post("Transfer-Encoding:\tchunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"),
    "a space before the colon": _post(f"Content-Length : {len(JSON)}\r\n"),
    "a folded header": _post(f"X: a\r\n b\r\nContent-Length: {len(JSON)}\r\nContent-Length: 1\r\n"),
    "a header without a name": _post(": x\r\n"),
    "two hosts": f"GET /_ping HTTP/1.1\r\n{H}{H}\r\n",
    "no host": "GET /_ping HTTP/1.1\r\n\r\n",
    "a chunk that lies": _post("Transfer-Encoding: chunked\r\n", f"ffffffffffffffffff\r\n{JSON}\r\n0\r\n\r\n"),
    "a chunk that is none": _post("Transfer-Encoding: chunked\r\n", f"zz\r\n{JSON}\r\n0\r\n\r\n"),
    "another version": "GET /_ping HTTP/3.0\r\nHost: d\r\n\r\n",
    "an old version with chunks": "POST /containers/create HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "HTTP/2's first line": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "no HTTP at all": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "half a line end in a header": "GET /_ping HTTP/1.1\r\nHost: d\rX: y\r\n\r\n",
    "a null in a header": "GET /_ping HTTP/1.1\r\nHost: d\r\nX: a\x00b\r\n\r\n",
    "a very long head": "GET /_ping HTTP/1.1\r\nHost: d\r\nX: " + "a" * (1 << 17) + "\r\n\r\n",
    "a very long target": _get("/containers/" + "a" * 20000 + "/json"),
    "a body too long": _post(f"Content-Length: {2 << 20}\r\n", "{" + " " * (2 << 20)),
    # targets
    "the whole address": "GET http://docker/containers/V/json HTTP/1.1\r\nHost: d\r\n\r\n",
    "a star": f"OPTIONS * HTTP/1.1\r\n{H}\r\n",
    "a tunnel": "CONNECT d:80 HTTP/1.1\r\nHost: d\r\n\r\n",
    "a trace": f"TRACE /_ping HTTP/1.1\r\n{H}\r\n",
    "dots": _get("/v1.41/containers/M/../V/json"),
    "dots, encoded": _get("/containers/M/%2e%2e/V/json"),
    "a slash, encoded": _get("/containers/M%2f..%2fV/json"),
    "encoded twice": _get("/containers/%2556/json"),
    "two slashes": _get("//containers/V/json"),
    "two slashes within": _get("/containers//V/json"),
    "a slash at the end": _get("/containers/json/"),
    "a backslash": _get("/containers\\V\\json"),
    "a fragment": _get("/containers/json#x"),
    "half an encoding": _get("/containers/%4/json"),
    "an encoding that is no text": _get("/containers/%ff/json"),
    "a null, encoded": _get("/containers/V%00/json"),
    "an end of line, encoded": _get("/containers/V%0d%0aX:y/json"),
    "too old a version": _get("/v1.12/containers/json"),
    "too new a version": _get("/v9.99/containers/json"),
    "a version of three": _get("/v1.41.1/containers/json"),
    "a version in capitals": _get("/V1.41/containers/json"),
    "two versions": _get("/v1.41/v1.41/containers/json"),
    "a method in small letters": "get /containers/json HTTP/1.1\r\nHost: d\r\n\r\n",
    "another method by a header": (
        f"POST /containers/V/json HTTP/1.1\r\n{H}X-HTTP-Method-Override: DELETE\r\nContent-Length: 0\r\n\r\n"
    ),
    "a form": _post(
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 13\r\n",
        "force=1&id=V.",
        "/containers/V/kill",
    ),
}

# name: bytes as text. What stands first is served or refused; what is hidden behind it is none of the engine's.
HIDDEN = {
    "behind a body that is not read": f"GET /_ping HTTP/1.1\r\n{H}Content-Length: {len(KILL)}\r\n\r\n{KILL}",
    "behind a refused upload": f"POST /build?remote=x HTTP/1.1\r\n{H}Content-Length: {len(KILL)}\r\n\r\n{KILL}",
    "in a chunk's extension": _post("Transfer-Encoding: chunked\r\n", f"2;{KILL[:20].strip()}\r\n{{}}\r\n0\r\n\r\n"),
    "in a trailer": _post("Transfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\nX: DELETE /containers/V\r\n\r\n"),
    "behind an upgrade elsewhere": f"GET /_ping HTTP/1.1\r\n{H}Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n{KILL}",
    "behind an upgrade to h2c": (
        f"GET /_ping HTTP/1.1\r\n{H}Connection: Upgrade, HTTP2-Settings\r\n"
        f"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n{KILL}"
    ),
    "one after the other": PING + KILL,
}
