"""A served app and a real browser for page tests."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage", "--force-color-profile=srgb"]
STARTUP_S = 20.0


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The app on a port the system chose; yields its address without a trailing slash."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            _await(server)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(STARTUP_S)


def _await(server: uvicorn.Server) -> None:
    deadline = time.monotonic() + STARTUP_S
    while not server.started:
        if time.monotonic() > deadline:
            raise TimeoutError("the server did not start")
        time.sleep(0.02)


def require_chromium() -> str:
    """The browser's path.  Without one the test skips on a desk and fails where CI=true."""
    if CHROMIUM.exists():
        return str(CHROMIUM)
    message = "Chromium is missing at /usr/bin/chromium: run `make test` as root, or install the package chromium"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium that reaches no other host than ours."""
    path = require_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=[*FLAGS, "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"]
        )
        try:
            yield browser
        finally:
            browser.close()
