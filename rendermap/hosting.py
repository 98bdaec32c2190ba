"""A service on a socket: takes the port, says what was found, serves until stopped."""

from __future__ import annotations

import socket

import typer
import uvicorn

from rendermap import __version__
from rendermap.app import create_app
from rendermap.assembly import Assembled, build
from rendermap.console import err, out
from rendermap.settings import Settings

FAULTS = 1
"""Exit status of what could not be done."""

GRACE_S = 20


def run_server(settings: Settings) -> None:
    """Says what was found, then serves until stopped."""
    listener = _listen(settings)
    assembled = build(settings)
    _greet(settings, assembled, listener.getsockname()[1])
    config = uvicorn.Config(
        create_app(assembled),
        log_level="warning" if settings.log_level == "info" else settings.log_level,
        access_log=settings.log_level == "debug",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    uvicorn.Server(config).run(sockets=[listener])


def _listen(settings: Settings) -> socket.socket:
    """The socket to serve on, taken before anything is started, so that a port in use is said at once."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        err.print(f"[red]cannot listen on {settings.host}:{settings.port}:[/] {error.strerror}", highlight=False)
        raise typer.Exit(FAULTS) from None
    return listener


def _greet(settings: Settings, assembled: Assembled, port: int) -> None:
    published = assembled.services.current()
    out.print(f"[bold]rendermap {__version__}[/], {settings.workers} drawing processes", highlight=False)
    out.print(f"services  {settings.services}: {len(published)} ({', '.join(sorted(published)) or 'none'})", highlight=False)
    for fault in assembled.services.faults:
        err.print(f"  {fault}", style="yellow", markup=False, highlight=False)
    for folder in settings.jobs:
        state = "" if folder.is_dir() else " [red](not there yet)[/]"
        out.print(f"jobs      {folder}{state}", highlight=False)
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    out.print(f"viewer    http://{host}:{port}/", highlight=False, markup=False)
