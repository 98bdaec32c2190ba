"""Letters and signs of a font as marker shapes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fontTools.pens.basePen import BasePen
from fontTools.ttLib import TTFont

from rendermap.symbology.fonts import land_of, script_of
from rendermap.symbology.paths import Point

LONGEST_TEXT = 64
_FILES = {"sans": "DejaVuSans", "bold": "DejaVuSans-Bold", "serif": "DejaVuSerif", "mono": "DejaVuSansMono"}
_KINDS = (("mono", "mono"), ("courier", "mono"), ("times", "serif"), ("georgia", "serif"), ("roman", "serif"))


@dataclass(frozen=True, slots=True)
class _Face:
    """A font that is open.  characters: names of its glyphs by code points.  units: of its size."""

    characters: dict[int, str]
    glyphs: Any
    units: float


class _PathPen(BasePen):  # type: ignore[misc]
    """Writes outlines side by side as path commands, y down, in shares of the font's size."""

    def __init__(self) -> None:
        super().__init__(None)
        self._units = 1.0
        self.pieces: list[str] = []
        self.points: list[Point] = []
        self.shift = 0.0

    def draw(self, face: _Face, name: str) -> None:
        """Add a glyph right of those before."""
        self.glyphSet, self._units = face.glyphs, face.units
        face.glyphs[name].draw(self)
        self.shift += face.glyphs[name].width / face.units

    def _spell(self, command: str, *points: Point) -> None:
        placed = [(x / self._units + self.shift, -y / self._units) for x, y in points]
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
    """A text's outline about the middle of its own box, as a path whose side 1 is the font's size.  Empty where no font has its signs.

    The font is one of the engine's own, by the kind of the family; signs that it lacks come from the fonts of other scripts.
    """
    pen = _PathPen()
    for face, name in _letters(text, family, is_bold):
        if name:
            pen.draw(face, name)
    return _centred(pen)


def told_letters(text: str, family: str, *, is_bold: bool = False) -> str:
    """What is drawn instead of a text in a font that is not here, for people."""
    lacking = "".join(c for c, (_, name) in zip(text, _letters(text, family, is_bold), strict=False) if not (name or c.isspace()))
    return f"its letters one by one in DejaVu or Noto Sans instead of {family!r}" + (f", without {lacking!r}" if lacking else "")


def _letters(text: str, family: str, is_bold: bool) -> Iterator[tuple[_Face, str]]:
    """(face, name of the glyph) of each character, the name empty where no face has it."""
    own, land = _face(_own_folder() / _file_for(family, is_bold)), land_of(text)
    for character in text[:LONGEST_TEXT]:
        script = script_of(character, land)
        faces = (own, *((_face(_package(script.package) / script.file, script.index),) if script else ()))
        yield next(((face, name) for face in faces if (name := face.characters.get(ord(character), ""))), (own, ""))


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


@lru_cache(maxsize=16)
def _face(file: Path, index: int = -1) -> _Face:
    font = TTFont(file, lazy=True, fontNumber=index)
    return _Face(font.getBestCmap(), font.getGlyphSet(), font["head"].unitsPerEm)


def _own_folder() -> Path:
    """The fonts that come with the engine, which is found but not imported here: it belongs to the workers."""
    return _package("mapnik") / "lib" / "mapnik" / "fonts"


def _package(name: str) -> Path:
    spec = find_spec(name)
    assert spec and spec.origin
    return Path(spec.origin).parent
