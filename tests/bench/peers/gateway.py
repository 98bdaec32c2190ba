"""nginx before the FastCGI servers, as they are usually run; and one FastCGI server behind it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.peers.servers import PROCESSES, Server, free_port, need, process, wait_for_path, wait_for_port

NGINX_CONF = """\
daemon off;
user root;
worker_processes 1;
pid {run}/nginx.pid;
error_log {run}/nginx.err;
events {{ worker_connections 512; }}
http {{
  access_log off;
  tcp_nodelay on;
  keepalive_timeout 120s;
  keepalive_requests 1000000;
  client_body_temp_path {run}/body;
  proxy_temp_path {run}/proxy;
  fastcgi_temp_path {run}/fastcgi;
  uwsgi_temp_path {run}/uwsgi;
  scgi_temp_path {run}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      include /etc/nginx/fastcgi_params;
      fastcgi_buffers 128 64k;
      fastcgi_read_timeout 120s;
      fastcgi_pass unix:{socket};
    }}
  }}
}}
"""


class FastCgiServer(Server):
    """A FastCGI program in PROCESSES processes behind an nginx of its own."""

    @property
    @abstractmethod
    def program(self) -> str:
        """Path of the FastCGI program."""

    @property
    @abstractmethod
    def environment(self) -> dict[str, str]:
        """Variables that the program needs."""

    def running(self) -> Iterator[None]:
        """nginx and the program, both ours to stop."""
        with TemporaryDirectory() as run:
            yield from self._running(Path(run))

    def _running(self, run: Path) -> Iterator[None]:
        listening = run / "socket"
        many = [need("multiwatch", "multiwatch"), "-f", str(PROCESSES), "--", self.program]
        command = [need("spawn-fcgi", "spawn-fcgi"), "-n", "-s", str(listening), "--", *many]
        log = self.yard.folder("logs") / f"{type(self).__name__}.log"
        with process(command, log, self.environment) as pid:
            wait_for_path(listening)
            with self._nginx(run, listening, log) as nginx:
                self.pids = [pid, nginx]
                yield

    @contextmanager
    def _nginx(self, run: Path, listening: Path, log: Path) -> Iterator[int]:
        self.port = free_port()
        conf = run / "nginx.conf"
        conf.write_text(NGINX_CONF.format(run=run, port=self.port, socket=listening))
        with process([need("nginx", "nginx-light"), "-c", str(conf)], log) as pid:
            wait_for_port(self.port, pid)
            yield pid


def get_map(bbox: tuple[float, float, float, float], size_px: tuple[int, int]) -> str:
    """A WMS 1.3.0 query for a PNG of the layer `drawn`."""
    box = ",".join(map(repr, bbox))
    return (
        "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=drawn&STYLES=&CRS=EPSG:3857"
        f"&BBOX={box}&WIDTH={size_px[0]}&HEIGHT={size_px[1]}&FORMAT=image/png&TRANSPARENT=TRUE"
    )
