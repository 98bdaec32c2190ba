"""A real pygeoapi on loopback, with processes of our own that behave and misbehave."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.builders.redis_server import free_port

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / "build" / "pygeoapi" / "bin" / "python"
STARTUP_S = 20.0
IN_CI = os.environ.get("CI") == "true"

needs_pygeoapi = pytest.mark.skipif(not PYTHON.exists() and not IN_CI, reason="there is no pygeoapi: run `make build/pygeoapi/.done`")
"""In CI a server that is missing is a fault, and no reason to skip."""

CONFIG = """
server:
  bind: {{host: 127.0.0.1, port: {port}}}
  url: http://127.0.0.1:{port}/oapi
  mimetype: application/json; charset=UTF-8
  encoding: utf-8
  languages: [en-US]
  limits: {{default_items: 10, max_items: 10}}
  map: {{url: "https://example.org/{{z}}/{{x}}/{{y}}.png", attribution: none}}
  manager: {{name: TinyDB, connection: {folder}/jobs.db, output_dir: {folder}}}
logging: {{level: ERROR}}
metadata:
  identification: {{title: T, description: D, keywords: [k], keywords_type: theme, terms_of_service: t, url: "https://example.org"}}
  license: {{name: l}}
  provider: {{name: p, url: "https://example.org"}}
  contact: {{name: c}}
resources:
{processes}
"""
PROCESS = """  {name}: {{type: process, processor: {{name: processes_elsewhere.{kind}}}}}
"""
PROCESSES = {"buffer-points": "Buffer", "elevation": "Elevation", "failing": "Failing", "slow": "Slow"}


@contextmanager
def pygeoapi(folder: Path) -> Iterator[str]:
    """The address of its API."""
    port = free_port()
    processes = "".join(PROCESS.format(name=name, kind=kind) for name, kind in PROCESSES.items())
    (folder / "config.yml").write_text(CONFIG.format(port=port, folder=folder, processes=processes))
    (folder / "openapi.json").write_text('{"openapi": "3.0.2", "info": {}, "paths": {}}')
    serving = Path(__file__).with_name("processes_elsewhere.py")
    environment = {
        "PATH": os.environ["PATH"],
        "PYGEOAPI_CONFIG": str(folder / "config.yml"),
        "PYGEOAPI_OPENAPI": str(folder / "openapi.json"),
        "PYTHONPATH": str(serving.parent),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([PYTHON, serving, str(port)], env=environment, cwd=folder, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}/oapi"
            _await(f"{url}/processes/slow?f=json", server, folder / "log")
            yield url
        finally:
            server.kill()
            server.wait()


def _await(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + STARTUP_S
    while True:
        assert time.monotonic() < until and server.poll() is None, log.read_text()[-2000:]
        try:
            if httpx.get(url, trust_env=False).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
