"""What of a register stands in answers, counted in bytes: a word its letters, a number eight."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

import httpx
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rendermap.geo.crs import WEB_MERCATOR, WGS84, transformer
from tests.builders.register import CRS, METRES_PER_DEGREE, Register

NUMBER_BYTES = 8
FINEST_PIXEL_M = 250 * 0.0254 / 96
"""At 1:250, the finest scale of features that may only be seen."""
CENT, CELL_STEP = 0.005, 5e-8
"""A number is recovered when it is known as well as the data has it."""
LEAST_DIGITS = 5
"""Numbers of fewer digits stand everywhere."""

_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?!\w)")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{64,}={0,2}")
_TEXTS = ("text/", "application/json", "application/javascript", "xml", "application/problem")


@dataclass(slots=True)
class Loot:
    """found: what was recovered -> its bytes; the same thing twice counts once.  declared: numbers the legend says."""

    register: Register
    found: dict[str, int] = field(default_factory=dict)
    declared: frozenset[float] = frozenset()
    answers: int = 0

    @property
    def bytes(self) -> int:
        """All that was recovered."""
        return sum(self.found.values())

    def add(self, what: str, size: int) -> None:
        """Something was recovered."""
        self.found.setdefault(what, size)

    def take(self, sent: str, answer: httpx.Response) -> None:
        """Looks through one answer.  sent: what we asked: its echo is no news."""
        self.answers += 1
        told = "\n".join(f"{name}: {value}" for name, value in answer.headers.items() if name not in ("date", "content-length"))
        text = told + "\n" + _text_of(answer)
        for word in self.register.words:
            if word.lower() in text.lower() and word.lower() not in sent.lower():
                self.add(f"word {word}", len(word))
        echo = {float(token) for token in _NUMBER.findall(unquote_plus(sent))}
        numbers = [value for token in _NUMBER.findall(text) if (value := _long(token)) is not None]
        for what in self._numbers(np.array([v for v in numbers if v not in echo and v not in self.declared])):
            self.add(what, NUMBER_BYTES)

    def _numbers(self, told: NDArray[np.float64]) -> Iterator[str]:
        """Which of ours are among the numbers."""
        kinds = [
            ("worth", np.array([row["worth_in_euro"] for row in self.register.rows]), CENT),
            ("depth", self.register.depths.ravel(), CELL_STEP),
            *((f"{axis} in {crs}", values, tolerance) for crs, axis, values, tolerance in _places(self.register)),
        ]
        for name, secret, tolerance in kinds:
            for value in told:
                for index in np.flatnonzero(np.abs(secret - value) < tolerance):
                    yield f"{name} {index}"


def _places(register: Register) -> Iterator[tuple[str, str, NDArray[np.float64], float]]:
    x, y = register.corners.T
    yield from ((CRS, axis, values, FINEST_PIXEL_M) for axis, values in (("x", x), ("y", y)))
    for crs, unit in ((WEB_MERCATOR, 1.0), (WGS84, METRES_PER_DEGREE)):
        carried = transformer(CRS, crs).transform(x, y)
        yield from ((crs, axis, np.asarray(values), FINEST_PIXEL_M / unit) for axis, values in zip("xy", carried, strict=True))


def _text_of(answer: httpx.Response) -> str:
    kind = answer.headers.get("content-type", "")
    if any(word in kind for word in _TEXTS):
        return _BASE64.sub("", answer.text)
    # whatever else it is: its letters, and what a picture says beside its pixels
    return answer.content.decode("latin-1").encode("ascii", "ignore").decode() * (not kind.startswith("image/")) + _said_by(answer.content)


def _said_by(body: bytes) -> str:
    """Words and metadata of a picture."""
    try:
        with Image.open(io.BytesIO(body)) as image:
            image.load()
            told = f"{image.info} {dict(image.getexif())} {getattr(image, 'text', {})}"
    except (OSError, ValueError, SyntaxError):
        told = ""
    return told + " ".join(run.decode("ascii") for run in re.findall(rb"[ -~]{6,}", body))


def _long(token: str) -> float | None:
    digits = token.split("e")[0].split("E")[0].lstrip("-0.").replace(".", "")
    return float(token) if len(digits) >= LEAST_DIGITS else None
