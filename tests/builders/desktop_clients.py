"""Clients outside of the browser: GDAL and QGIS of the Debian packages, and the Python API for ArcGIS in an environment of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from numpy.typing import NDArray
from PIL import Image

from tests.builders.clients import CLIENTS, SIZE_PX
from tests.builders.whole_service import Certificate, app_served

TOOLBOX_PYTHON = Path(__file__).parents[2] / "build" / "toolbox" / "bin" / "python"
SYSTEM_PYTHON = "/usr/bin/python3"
PATIENCE_S = 120


def answer_of(command: Sequence[str], **environment: str) -> str:
    """What a client prints.  It runs in an environment with nothing of ours."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, env={**kept, **environment}, check=False)
    assert done.returncode == 0, (done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout


def picture_in(file: Path) -> NDArray[np.uint8]:
    """A picture on disk, on white: (height, width, 3)."""
    picture = Image.open(file).convert("RGBA")
    return np.asarray(Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB"))


def ask_qgis(map_url: str, picture: Path, crs: str, box: Sequence[float]) -> dict[str, Any]:
    """Let QGIS draw a box of a job to a picture of 600 x 400 px; what its layer says of itself."""
    _demand(_has_qgis(), "QGIS is missing: run `make test` as root, or install the package python3-qgis")
    script = str(CLIENTS / "qgis_layer.py")
    said = answer_of([SYSTEM_PYTHON, script, map_url, str(picture), crs, *map(str, box)], QT_QPA_PLATFORM="offscreen")
    told: dict[str, Any] = json.loads(said.splitlines()[-1])
    return told


def ask_toolbox(service_url: str, certificate: Certificate, name: str, values: str, picture: Path, box: Sequence[float]) -> dict[str, Any]:
    """Let the Python API for ArcGIS import a service, over HTTPS alone, run a tool of it with its values as JSON, and save the map that
    comes of it: a box in web mercator, a picture of `SIZE_PX`.

    It wants a portal to belong to, whoever the service is; this one says nothing but that it is one.
    """
    _demand(TOOLBOX_PYTHON.exists(), "The Python API for ArcGIS is missing: run `make test`, or `make toolbox`")
    script = str(CLIENTS / "toolbox.py")
    with app_served(_portal(), certificate) as portal_url:
        call = (name, values, str(picture), ",".join(map(repr, box)), f"{SIZE_PX[0]},{SIZE_PX[1]}")
        command = [str(TOOLBOX_PYTHON), "-W", "ignore", script, portal_url, service_url, *call]
        said = answer_of(command, SSL_CERT_FILE=str(certificate.issuer))
    told: dict[str, Any] = json.loads(said.splitlines()[-1])
    return told


def _portal() -> FastAPI:
    app = FastAPI()

    @app.api_route("/sharing/rest/{path:path}", methods=["GET", "POST"])
    def answer(path: str) -> dict[str, object]:
        return {"portalName": "Test", "isPortal": False, "id": "test", "name": "Test", "currentVersion": "2026.1"}

    return app


def gdal_program(name: str) -> str:
    """A program of GDAL's."""
    found = shutil.which(name)
    _demand(found is not None, "GDAL's programs are missing: run `make test` as root, or install the package gdal-bin")
    return str(found)


def _has_qgis() -> bool:
    asked = subprocess.run([SYSTEM_PYTHON, "-c", "import qgis.core"], capture_output=True, timeout=PATIENCE_S, check=False)
    return asked.returncode == 0


def _demand(is_there: bool, message: str) -> None:
    """Without the client the test skips on a desk and fails where CI=true."""
    if not is_there:
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
