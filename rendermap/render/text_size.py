"""How wide a text is, near enough to know where it fits: the engine itself sets it and has the last word."""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby
from pathlib import Path

from PIL import ImageFont

from rendermap.render.fonts import face_file, font_file
from rendermap.symbology.fonts import family_of, script_of
from rendermap.symbology.labels import TextSymbol

_SIZE = 64
_SIMPLE_UP_TO = 0x0590
"""Letters before this one stand side by side, each as wide as it is alone."""

LINE_SPACE = 1.2
"""Distance of lines as a share of the letters' size."""


def text_size(text: str, symbol: TextSymbol) -> tuple[float, float]:
    """(width, height) in points, of all lines, without halo."""
    face = family_of(symbol.family).face(is_bold=symbol.is_bold, is_italic=symbol.is_italic)
    lines = text.split("\n")
    width = max(_width(line, face) * symbol.size_pt + len(line) * symbol.letter_spacing_pt for line in lines)
    return width, symbol.size_pt * LINE_SPACE * (1 + (len(lines) - 1) * symbol.line_height)


@lru_cache(maxsize=8192)
def _width(line: str, face: str) -> float:
    """In sizes of the letters."""
    total = 0.0
    for is_simple, run in groupby(line, key=lambda character: ord(character) < _SIMPLE_UP_TO):
        text = "".join(run)
        total += sum(_advance(character, face) for character in text) if is_simple else _shaped(text, face)
    return total


@lru_cache(maxsize=4096)
def _advance(character: str, face: str) -> float:
    return float(_font(face_file(face), 0).getlength(character)) / _SIZE


def _shaped(text: str, face: str) -> float:
    total = 0.0
    for script, run in groupby(text, key=script_of):
        font = _font(font_file(script.package, script.file), script.index) if script else _font(face_file(face), 0)
        total += float(font.getlength("".join(run))) / _SIZE
    return total


@lru_cache(maxsize=64)
def _font(path: Path, number: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), _SIZE, index=number)
