"""nginx before our own server, as deploy/ has it, and nginx alone with a plain file of the same bytes: the best that can be."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.peers.load import Connection
from tests.bench.peers.rendermap import Rendermap
from tests.bench.peers.servers import free_port, need, process, wait_for_port

CONFIGURATION = Path(__file__).parents[3] / "deploy" / "nginx" / "rendermap.conf"
REPLICAS = CONFIGURATION.parent / "replicas" / "systemd.conf"
AROUND = """\
{user}
daemon off;
worker_processes 1;
worker_rlimit_nofile 65536;
pid {run}/nginx.pid;
error_log {run}/nginx.err;
events {{ worker_connections 512; }}
http {{
  access_log off;
  keepalive_requests 1000000;
  client_body_temp_path {run}/body;
  proxy_temp_path {run}/proxy;
  fastcgi_temp_path {run}/fastcgi;
  uwsgi_temp_path {run}/uwsgi;
  scgi_temp_path {run}/scgi;
  include {run}/replicas.conf;
  include {run}/rendermap.conf;
  server {{
    listen 127.0.0.1:{file_port};
    root {run}/files;
  }}
}}
"""


@contextmanager
def nginx_before(server: Rendermap, path: str) -> Iterator[dict[str, tuple[int, str]]]:
    """By name: (port, path) of the tile of that path.  The address that nginx keeps names the version of the result."""
    port, file_port = free_port(), free_port()
    body = asyncio.run(get(server.port, path))
    with TemporaryDirectory() as folder:
        run = Path(folder)
        (run / "files").mkdir()
        (run / "files" / "tile.png").write_bytes(body)
        (run / "rendermap.conf").write_text(configuration(run, port))
        (run / "replicas.conf").write_text(re.sub(r"127\.0\.0\.1:\d+", f"127.0.0.1:{server.port}", REPLICAS.read_text()))
        user = "user root;" if os.geteuid() == 0 else ""
        (run / "nginx.conf").write_text(AROUND.format(user=user, run=run, file_port=file_port))
        with process([need("nginx", "nginx-light"), "-c", str(run / "nginx.conf")], server.yard.folder("logs") / "nginx.log") as pid:
            wait_for_port(file_port, pid)
            yield {"rendermap behind nginx": (port, versioned(server, path)), "nginx, a plain file": (file_port, "/tile.png")}


def configuration(run: Path, port: int) -> str:
    """That of deploy/, without the bounds of what one client may ask."""
    text = re.sub(r"^\s*limit_(req|conn)\w* .*\n", "", CONFIGURATION.read_text(), flags=re.MULTILINE)
    return text.replace("listen 80;", f"listen 127.0.0.1:{port};").replace("/var/cache/nginx/rendermap", f"{run}/tiles")


def versioned(server: Rendermap, path: str) -> str:
    """The tile's address with the version that the TileJSON names."""
    job, _, tile = path.partition("/tiles/")
    told = json.loads(asyncio.run(get(server.port, f"{job}/tilejson.json")))["tiles"][0]
    return f"{job}/tiles/{told.split('/tiles/')[1].split('/')[0]}/{tile}"


async def get(port: int, path: str) -> bytes:
    """The body.  Raises RuntimeError for anything but a good answer."""
    connection = Connection(port)
    try:
        status, body = await connection.get(path)
    finally:
        connection.close()
    if status != 200:
        raise RuntimeError(f"{status}: {path}")
    return body
