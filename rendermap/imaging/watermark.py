"""A text laid over pictures, again and again, at places that all tiles of a map agree on.

Dark letters in a light rim, so that they can be read on any ground; faint and slanted, so that the map below can be read as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from rendermap.imaging.blend import over
from rendermap.imaging.legend_sheet import FontFile, SheetFonts

Pixels = NDArray[np.uint8]

# Lengths in px at ratio 1.
LETTERS, RIM, LINE, GAP_X, GAP_Y = 14, 1.4, 1.35, 100, 60
SLANT_DEG = 30
INK, LIGHT = (20, 24, 30, 92), (255, 255, 255, 92)
_KEPT = 16


def watermarked(pixels: Pixels, text: str, corner_px: tuple[int, int], fonts: SheetFonts, pixel_ratio: float = 1.0) -> Pixels:
    """The picture (height, width, 4), straight alpha, with the text over it, where nothing is drawn too.

    corner_px: (left, top) of the picture on the plane of device pixels, y down, that all pictures of the map share.
    """
    pattern = _pattern(text, fonts, pixel_ratio)
    rows = (np.arange(pixels.shape[0]) + corner_px[1]) % pattern.shape[0]
    cols = (np.arange(pixels.shape[1]) + corner_px[0]) % pattern.shape[1]
    return over(pixels, pattern[rows[:, np.newaxis], cols])


@lru_cache(maxsize=_KEPT)
def _pattern(text: str, fonts: SheetFonts, ratio: float) -> Pixels:
    """The piece that is repeated: the text twice, as bricks lie; what reaches over an edge comes in at the other."""
    stamp = _slanted(text, fonts, ratio)
    width, height = stamp.width + round(GAP_X * ratio), 2 * (stamp.height // 2 + round(GAP_Y * ratio))
    wide = np.zeros((2 * height, 2 * width, 4), np.uint8)
    brick = np.asarray(stamp)
    pattern = np.zeros((height, width, 4), np.uint8)
    for left, top in ((0, 0), (width // 2, height // 2)):
        wide[:] = 0
        wide[top : top + brick.shape[0], left : left + brick.shape[1]] = brick
        for rows in (wide[:height], wide[height:]):
            for part in (rows[:, :width], rows[:, width:]):
                pattern = over(pattern, part)
    return pattern


def _slanted(text: str, fonts: SheetFonts, ratio: float) -> Image.Image:
    lines = [list(_runs(line, fonts, max(6, round(LETTERS * ratio)))) for line in text.split("\n")]
    rim = max(1, round(RIM * ratio))
    high = round(LETTERS * LINE * ratio)
    width = round(max(sum(font.getlength(run) for font, run in line) for line in lines)) + 4 * rim
    flat = Image.new("RGBA", (width, high * len(lines) + 4 * rim))
    rims, letters = Image.new("L", flat.size), Image.new("L", flat.size)
    for number, line in enumerate(lines):
        _write(rims, line, number * high + 2 * rim, rim)
        _write(letters, line, number * high + 2 * rim, 0)
    flat.paste(Image.new("RGBA", flat.size, LIGHT), mask=rims)
    flat.paste(Image.new("RGBA", flat.size, INK), mask=letters)
    return flat.rotate(SLANT_DEG, Image.Resampling.BICUBIC, expand=True)


def _write(on: Image.Image, line: list[tuple[ImageFont.FreeTypeFont, str]], top: int, rim: int) -> None:
    """Text in the middle of a mask."""
    pen, x = ImageDraw.Draw(on), (on.width - sum(font.getlength(run) for font, run in line)) / 2
    for font, run in line:
        pen.text((x, top), run, fill=255, font=font, stroke_width=rim, anchor="la")
        x += font.getlength(run)


def _runs(line: str, fonts: SheetFonts, size: int) -> Iterator[tuple[ImageFont.FreeTypeFont, str]]:
    """The line, cut where the font changes."""
    own = FontFile(fonts.bold)
    for file, run in groupby(line, key=lambda character: fonts.foreign(character) or own):
        yield ImageFont.truetype(file.path, size, file.number), "".join(run)
