"""nginx on loopback, with the configuration of deploy/."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "nginx" / "rendermap.conf"
REPLICAS = CONFIGURATION.parent / "replicas" / "systemd.conf"
PROGRAM = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
STARTUP_S = 10.0
IN_CI = os.environ.get("CI") == "true"

needs_nginx = pytest.mark.skipif(
    PROGRAM is None and not IN_CI, reason="there is no nginx: apt-get install nginx-light, or `make test` as root"
)
"""In CI a server that is missing is a fault, and no reason to skip."""

AS_ROOT = "user root;"
"""Folders of tests are their user's alone."""

AROUND = """
{user}
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/replicas.conf;
    include {folder}/rendermap.conf;
}}
"""


def write_configuration(folder: Path, port: int, replicas: tuple[int, ...]) -> Path:
    """The configuration of deploy/, and what a distribution has around it; only ports and folders are others.

    replicas: their ports on loopback, as many as the configuration names.
    """
    text = _replaced(CONFIGURATION.read_text(), "listen 80;", f"listen 127.0.0.1:{port};")
    text = _replaced(text, "/var/cache/nginx/rendermap", f"{folder}/tiles")
    (folder / "rendermap.conf").write_text(text)
    named = REPLICAS.read_text()
    for written, replica in zip((8081, 8082, 8083), replicas, strict=True):
        named = _replaced(named, f"127.0.0.1:{written}", f"127.0.0.1:{replica}")
    (folder / "replicas.conf").write_text(named)
    around = folder / "nginx.conf"
    around.write_text(AROUND.format(folder=folder, user=AS_ROOT if os.geteuid() == 0 else ""))
    return around


@contextmanager
def nginx(folder: Path, port: int, replicas: tuple[int, ...]) -> Iterator[None]:
    """Started, and gone at the end."""
    assert PROGRAM, "the server that CI needs is not installed"
    with subprocess.Popen([PROGRAM, "-p", str(folder), "-c", str(write_configuration(folder, port, replicas))]) as process:
        try:
            _await(port, process)
            yield
        finally:
            process.terminate()


def _replaced(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, old
    return text.replace(old, new)


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + STARTUP_S
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise TimeoutError("nginx did not start")
