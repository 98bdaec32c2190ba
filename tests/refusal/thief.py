"""Whoever wants the data: a stranger with a client, patience, and everything that public documents say."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

import httpx
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.builders.register import Register
from tests.refusal.loot import Loot

Pixels = NDArray[np.uint8]
PARCELS, DEPTH = 0, 1
UTM = "32616"


@dataclass
class Thief:
    """client: of the service, without credentials.  points: how many are asked about on a grid.  colors: most that a raster was seen in."""

    client: httpx.Client
    register: Register
    loot: Loot
    points: int
    colors: int = 0

    @property
    def map_path(self) -> str:
        """The job's map in ArcGIS REST."""
        return f"/arcgis/rest/services/Land/Register/MapServer/jobs/{self.register.job_id}"

    @property
    def tiles_path(self) -> str:
        """Where the job's tiles hang."""
        return f"/xyz/Land/Register/jobs/{self.register.job_id}"

    @cached_property
    def tilejson(self) -> dict[str, Any]:
        """The public description of the tiles."""
        told: dict[str, Any] = self.get(f"{self.tiles_path}/tilejson.json").json()
        return told

    @property
    def version(self) -> str:
        """Of the result, as addresses of tiles name it."""
        return version_of(self.tilejson)

    def get(self, path: str, **options: Any) -> httpx.Response:
        """One answer, looked through."""
        return self.ask("GET", path, **options)

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One answer, looked through; redirects are not followed."""
        answer = self.client.request(method, path, **options)
        body = options.get("data") or options.get("content") or ""
        self.loot.take(f"{path} {urlencode(body) if isinstance(body, dict) else body} {options.get('headers', '')}", answer)
        return answer

    def export(self, box: tuple[float, float, float, float], size: tuple[int, int], layer: int, **more: object) -> httpx.Response:
        """A picture of one layer.  box: in UTM."""
        frame = {"bbox": ",".join(repr(float(side)) for side in box), "size": f"{size[0]},{size[1]}", "bboxSR": UTM, "imageSR": UTM}
        asked = {**frame, "format": "png32", "transparent": "true", "layers": f"show:{layer}", "f": "image", **more}
        return self.get(f"{self.map_path}/export?{urlencode(asked)}")

    def seen(self, box: tuple[float, float, float, float], size: tuple[int, int], layer: int, **more: object) -> Pixels:
        """The picture's pixels: (height, width, 4)."""
        answer = self.export(box, size, layer, **more)
        assert answer.headers["content-type"] == "image/png", answer.text
        return pixels_of(answer)


def version_of(tilejson: dict[str, Any]) -> str:
    """The version that the addresses of tiles name."""
    address: str = tilejson["tiles"][0]
    return address.split("/tiles/")[1].split("/")[0]


def pixels_of(answer: httpx.Response) -> Pixels:
    """(height, width, 4), straight alpha."""
    return np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGBA"))


def is_picture(answer: httpx.Response) -> bool:
    """True for what pictures are allowed to be."""
    return answer.status_code == 200 and answer.headers.get("content-type", "").split(";")[0] in (
        "image/png", "image/jpeg", "image/webp", "image/avif", "image/gif", "image/bmp",
    )  # fmt: skip
