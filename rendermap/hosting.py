"""A service on a socket: takes the port, says what was found, serves until stopped."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
from types import FrameType
from typing import NoReturn

import typer
import uvicorn

from rendermap import __version__
from rendermap.app import create_app
from rendermap.assembly import Assembled, build
from rendermap.connections import ClientConnection, Crowd, Patience
from rendermap.console import err, out, print_error
from rendermap.errors import Busy, RendermapError
from rendermap.frontends.problems import problem_response
from rendermap.settings import Settings
from rendermap.sockets import allow_files, open_listener, refuse_newcomers

FAULTS = 1
"""Exit status of what could not be done."""

RESERVED_FILES = 512
"""Open files that are no connections of clients: job folders, workers, what libraries keep."""
LEAST_CONNECTIONS = 16
BACKLOG = 4096
LOOKS_EVERY_S = 1.0

CROWDED = Busy("The service has too many connections. Try again shortly.", retry_after_s=5)

LINGER_S = 1.0
"""A service told to stop goes on answering for so long, that those who send it requests may notice."""
SETTLES_S = 0.3
"""Whose connection is being made when the door closes is let in, which takes a round trip."""
LAST_WORDS_S = 2.0
"""Of the time to stop, for telling those whose drawing does not end in it to come again."""


def run_server(settings: Settings) -> None:
    """Says what was found, then serves until stopped."""
    signal.signal(signal.SIGTERM, _leave_at_once)
    listener = _listen(settings)
    assembled = build(settings)
    _greet(settings, assembled, listener.getsockname()[1])
    most = min(settings.connection_limit, max(allow_files() - RESERVED_FILES, LEAST_CONNECTIONS))
    try:
        Host(assembled, most=most).host(listener)
    except RendermapError as error:
        print_error(error)
        raise typer.Exit(FAULTS) from None


class Host(uvicorn.Server):
    """Answers until told to stop by a signal; then, within the grace, what it has been asked by then, and leaves.

    most: connections that are answered.
    """

    def __init__(self, assembled: Assembled, *, most: int, patience: Patience | None = None) -> None:
        settings, app = assembled.settings, create_app(assembled)
        config = uvicorn.Config(
            app,
            http=ClientConnection,
            ws="none",
            backlog=BACKLOG,
            # its lines go the way of all lines, past what hides credentials
            log_config=None,
            log_level="warning" if settings.log_level == "info" else settings.log_level,
            access_log=settings.log_level == "debug",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=round(settings.grace_s - LINGER_S),
        )
        super().__init__(config)
        self.server_state: Crowd = Crowd(most, problem_response(CROWDED, {"Connection": "close"}), patience or Patience())
        self._readiness = app.state.readiness
        self._assembled = assembled
        self._grace_s = settings.grace_s
        self._serving: asyncio.Task[None] | None = None

    def host(self, listener: socket.socket) -> None:
        """Serve.  A signal to stop that comes before everything is up ends that.  Raises RenderCrashed when no worker comes up."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.handle_exit)
        try:
            self.run(sockets=[listener])
        except asyncio.CancelledError:
            if not self.should_exit:
                raise

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Called on a signal, in the middle of anything."""
        super().handle_exit(sig, frame)
        if self._serving is not None:
            self._serving.get_loop().call_soon_threadsafe(self._stop_starting)

    def _stop_starting(self) -> None:
        if not self.started and self._serving is not None:
            self._serving.cancel()

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until told to stop.  Raises RenderCrashed when no worker comes up."""
        self._serving = asyncio.current_task()
        if self.should_exit:
            return
        # before uvicorn has the application do it, which would make a page of traces of whatever stops it
        await self._assembled.pool.start()
        # a full collection would hold everybody up for as long as it takes to look through all that was made by now, and stays
        gc.freeze()
        looking = asyncio.create_task(self._look_at_clients())
        try:
            await super().serve(sockets)
        finally:
            looking.cancel()
            self._serving = None

    async def _look_at_clients(self) -> None:
        while True:
            await asyncio.sleep(LOOKS_EVERY_S)
            self.server_state.part_with_slow(asyncio.get_running_loop().time())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Called when told to stop: nobody who was let in is sent away without an answer."""
        self._readiness.leave()
        self.server_state.default_headers.append((b"connection", b"close"))
        hurrying = asyncio.create_task(self._end_drawings())
        await asyncio.sleep(LINGER_S)
        for listener in sockets or ():
            refuse_newcomers(listener)
        await asyncio.sleep(SETTLES_S)
        await super().shutdown(sockets)
        hurrying.cancel()

    async def _end_drawings(self) -> None:
        await asyncio.sleep(self._grace_s - LAST_WORDS_S)
        await self._assembled.pool.stop(drain_s=0)


def _leave_at_once(sig: int, frame: FrameType | None) -> NoReturn:
    del sig, frame
    raise SystemExit(0)


def _listen(settings: Settings) -> socket.socket:
    try:
        return open_listener(settings.host, settings.port)
    except OSError as error:
        err.print(f"[red]cannot listen on {settings.host}:{settings.port}:[/] {error.strerror}", highlight=False)
        raise typer.Exit(FAULTS) from None


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
