"""The demo from start to end: make the jobs, serve them, and either stay or write pictures."""

from __future__ import annotations

import socket
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import uvicorn
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from rendermap.app import create_app
from rendermap.assembly import build
from rendermap.console import err, out
from rendermap.demo import DemoError, make_jobs
from rendermap.demo.asking import run_task
from rendermap.demo.once import write_pictures
from rendermap.settings import Settings

START_LIMIT_S = 60.0


def run_demo(settings: Settings, folder: Path, *, once: bool, fresh: bool, serve: Callable[[Settings], None]) -> int:
    """Exit status: 0 when everything was shown, 1 when a picture came out blank or missing, or a job could not be made."""
    jobs_dir = folder / "jobs"
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=out) as progress:
        try:
            make_jobs(jobs_dir, progress, fresh=fresh)
        except DemoError as error:
            err.print(f"[red]{escape(str(error))}[/]", highlight=False)
            return 1
    if once:
        return _write(settings, folder)
    out.print("The demo's maps are in the viewer, and three tasks to run. Ctrl-C ends it.")
    serve(settings)
    return 0


def _write(settings: Settings, folder: Path) -> int:
    with socket.socket() as probe:
        probe.bind((settings.host, 0))
        port = probe.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(create_app(build(settings)), host=settings.host, port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    base_url = f"http://{settings.host}:{port}"
    try:
        _wait_until_ready(base_url)
        fault = run_task(base_url)
        faults = ([fault] if fault else []) + write_pictures(base_url, folder)
    finally:
        server.should_exit = True
        thread.join(20)
    for fault in faults:
        err.print(fault, style="red", markup=False, highlight=False)
    return 1 if faults else 0


def _wait_until_ready(base_url: str) -> None:
    end = time.monotonic() + START_LIMIT_S
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{base_url}/health/ready", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the service did not become ready")
