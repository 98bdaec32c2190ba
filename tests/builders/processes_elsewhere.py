"""Processes of a pygeoapi, and that served: run by its own Python, and nothing of rendermap is there."""

from __future__ import annotations

import sys
import time
from typing import Any, ClassVar

from pygeoapi.process.base import BaseProcessor, ProcessorExecuteError  # type: ignore[import-not-found]


def described(name: str, inputs: dict[str, str], outputs: dict[str, str]) -> dict[str, Any]:
    """A process by the names and types of what goes in and comes out."""
    return {
        "version": "1.0.0",
        "id": name,
        "title": name,
        "description": name,
        "keywords": [name],
        "links": [],
        "jobControlOptions": ["async-execute"],
        "inputs": {each: {"title": each, "schema": {"type": kind}, "minOccurs": 0, "maxOccurs": 1} for each, kind in inputs.items()},
        "outputs": {each: {"title": each, "schema": {"type": kind}} for each, kind in outputs.items()},
        "example": {"inputs": {}},
    }


class Process(BaseProcessor):  # type: ignore[misc]
    """name, inputs, outputs: as described."""

    name = ""
    inputs: ClassVar[dict[str, str]] = {"number": "number"}
    outputs: ClassVar[dict[str, str]] = {"area": "number"}

    def __init__(self, definition: dict[str, Any]) -> None:
        super().__init__(definition, described(self.name, self.inputs, self.outputs))
        self.supports_outputs = True


class Buffer(Process):
    """Squares about points, and how many there are."""

    name = "buffer-points"
    inputs: ClassVar[dict[str, str]] = {"input-points": "object", "distance": "object", "day": "string"}
    outputs: ClassVar[dict[str, str]] = {"squares": "object", "count": "number", "day": "string", "more": "string"}

    def execute(self, data: dict[str, Any], outputs: dict[str, Any]) -> tuple[str, Any]:
        """Only what is asked for."""
        half = data["distance"]["distance"]
        points = [each["geometry"]["coordinates"] for each in data["input-points"]["features"]]
        squares = [
            {"type": "Feature", "properties": {"no": number}, "geometry": {"type": "Polygon", "coordinates": [square(x, y, half)]}}
            for number, (x, y) in enumerate(points)
        ]
        made = {"squares": {"type": "FeatureCollection", "features": squares}, "count": len(squares), "day": data["day"], "more": "more"}
        return "application/json", {name: made[name] for name in outputs}


def square(x: float, y: float, half: float) -> list[list[float]]:
    """A closed ring."""
    corners = [(-half, -half), (half, -half), (half, half), (-half, half), (-half, -half)]
    return [[x + dx, y + dy] for dx, dy in corners]


class Elevation(Process):
    """A number, as pygeoapi's own processes give theirs."""

    name = "elevation"

    def execute(self, data: dict[str, Any], outputs: dict[str, Any]) -> tuple[str, Any]:
        """Twice the number."""
        return "application/json", {"id": "area", "value": 2 * data["number"]}


class Failing(Process):
    """Fails with words that hold an address."""

    name = "failing"

    def execute(self, data: dict[str, Any], outputs: dict[str, Any]) -> tuple[str, Any]:
        """Raises."""
        raise ProcessorExecuteError("The terrain at http://inside.example/dem?key=hush is flat")


class Slow(Process):
    """Takes so many seconds."""

    name = "slow"

    def execute(self, data: dict[str, Any], outputs: dict[str, Any]) -> tuple[str, Any]:
        """Sleeps."""
        time.sleep(data["number"])
        return "application/json", {"area": data["number"]}


if __name__ == "__main__":
    from flask import Flask  # type: ignore[import-not-found]
    from pygeoapi.flask_app import BLUEPRINT  # type: ignore[import-not-found]

    app = Flask("pygeoapi")
    app.register_blueprint(BLUEPRINT, url_prefix="/oapi")
    app.run("127.0.0.1", int(sys.argv[1]), threaded=True)
