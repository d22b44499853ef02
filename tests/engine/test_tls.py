"""An engine on another machine, behind TLS with certificates on both sides: it is asked, built on and run on."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from functools import partial

import pytest
from relay import Relay

from labkit import course
from labkit.engine import connect
from labkit.errors import EngineError, EngineForbidden
from labkit.run import run
from labkit.workspace import Workspace

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl")


def openssl(folder, *words):
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """Give a folder as DOCKER_CERT_PATH wants it, with the server's own certificate beside."""
    folder = tmp_path_factory.mktemp("certificates")
    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl(folder, "req", "-x509", *new, "-keyout", "ca-key.pem", "-out", "ca.pem", "-days", "2", "-subj", "/CN=lab")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1")
    for name in ("server", "client"):
        prefix = "" if name == "client" else "server-"
        openssl(folder, "req", *new, "-keyout", f"{prefix}key.pem", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        sign = ("x509", "-req", "-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial", "-days", "2")
        openssl(folder, *sign, "-in", f"{name}.csr", "-out", f"{prefix}cert.pem", "-extfile", "names")
    return folder


@pytest.fixture
def remote(certificates, engine):
    """Give the address at which the engine can be reached over TLS."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=certificates / "ca.pem")
    context.load_cert_chain(certificates / "server-cert.pem", certificates / "server-key.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    wrap = partial(context.wrap_socket, server_side=True)
    with socket.create_server(("127.0.0.1", 0)) as listener, Relay(listener, engine.url.removeprefix("unix://"), wrap):
        yield f"tcp://127.0.0.1:{listener.getsockname()[1]}"


def test_a_check_on_an_engine_behind_tls(remote, certificates, monkeypatch):
    monkeypatch.setenv("LABKIT_ENGINE", remote)
    monkeypatch.setenv("LABKIT_CERT_PATH", str(certificates))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/ssl/certs/ca-certificates.crt")
    there = connect()
    assert there.url == remote
    exercise = course.exercise("first-check")
    report = run(exercise, Workspace(course.root()).solution(exercise), there)
    assert report.passed, [finding.saw for finding in report.findings]
    there.client.close()


def test_who_has_no_certificate_is_told_so(remote, certificates, monkeypatch, tmp_path):
    monkeypatch.setenv("LABKIT_ENGINE", remote)
    with pytest.raises(EngineError) as raised:
        connect()
    assert "does not speak" in str(raised.value) or "does not answer" in str(raised.value)
    shutil.copy(certificates / "ca.pem", tmp_path)
    monkeypatch.setenv("LABKIT_CERT_PATH", str(tmp_path))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/ssl/certs/ca-certificates.crt")  # not the engine's authority
    with pytest.raises(EngineForbidden, match="do not trust each other") as raised:
        connect()
    assert "LABKIT_CERT_PATH" in raised.value.fix
