"""Letters and signs of a font as marker shapes."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fontTools.pens.basePen import BasePen
from fontTools.ttLib import TTFont

from rendermap.symbology.shapes import Point

LONGEST_TEXT = 64
_FILES = {"sans": "DejaVuSans", "bold": "DejaVuSans-Bold", "serif": "DejaVuSerif", "mono": "DejaVuSansMono"}
_KINDS = (("mono", "mono"), ("courier", "mono"), ("times", "serif"), ("georgia", "serif"), ("roman", "serif"))


class _PathPen(BasePen):  # type: ignore[misc]
    """Writes an outline as path commands, y down, in shares of the font's size."""

    def __init__(self, glyphs: Any, units: float) -> None:
        super().__init__(glyphs)
        self._units = units
        self.pieces: list[str] = []
        self.points: list[Point] = []
        self.shift = 0.0

    def _spell(self, command: str, *points: Point) -> None:
        placed = [((x + self.shift) / self._units, -y / self._units) for x, y in points]
        self.points += placed
        self.pieces.append(command + " ".join(f"{x:.4f} {y:.4f}" for x, y in placed))

    def _moveTo(self, pt: Point) -> None:  # noqa: N802
        self._spell("M", pt)

    def _lineTo(self, pt: Point) -> None:  # noqa: N802
        self._spell("L", pt)

    def _curveToOne(self, pt1: Point, pt2: Point, pt3: Point) -> None:  # noqa: N802
        self._spell("C", pt1, pt2, pt3)

    def _closePath(self) -> None:  # noqa: N802
        self.pieces.append("Z")


@lru_cache(maxsize=1024)
def outline(text: str, family: str = "", *, is_bold: bool = False) -> str:
    """A text's outline about the middle of its own box, as a path whose side 1 is the font's size.  Empty where the font has no such sign.

    The font is one of the engine's own, by the kind of the family.
    """
    font = _font(_file_for(family, is_bold))
    units, characters, glyphs = font["head"].unitsPerEm, font.getBestCmap(), font.getGlyphSet()
    pen = _PathPen(glyphs, units)
    for character in text[:LONGEST_TEXT]:
        name = characters.get(ord(character))
        if name is None:
            continue
        glyphs[name].draw(pen)
        pen.shift += glyphs[name].width
    return _centred(pen)


def _centred(pen: _PathPen) -> str:
    if not pen.points:
        return ""
    xs, ys = [x for x, _ in pen.points], [y for _, y in pen.points]
    x0, y0 = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    numbers = iter(pen.points)
    pieces = []
    for piece in pen.pieces:
        count = {"M": 1, "L": 1, "C": 3, "Z": 0}[piece[0]]
        pieces.append(piece[0] + " ".join(f"{x - x0:.4f} {y - y0:.4f}" for x, y in (next(numbers) for _ in range(count))))
    return "".join(pieces)


def _file_for(family: str, is_bold: bool) -> str:
    name = family.casefold()
    kind = next((kind for hint, kind in _KINDS if hint in name), "bold" if is_bold else "sans")
    return f"{_FILES[kind]}.ttf"


@lru_cache(maxsize=8)
def _font(file: str) -> TTFont:
    return TTFont(_folder() / file, lazy=True)


def _folder() -> Path:
    """The fonts that come with the engine, which is found but not imported here: it belongs to the workers."""
    spec = find_spec("mapnik")
    assert spec and spec.origin
    return Path(spec.origin).parent / "lib" / "mapnik" / "fonts"
