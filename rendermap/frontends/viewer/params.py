"""The viewer's queries -> checked values."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from rendermap.errors import InvalidBbox, InvalidLayer, InvalidParameter, InvalidSize, TileOutside
from rendermap.geo.bbox import BBox, from_corners
from rendermap.geo.crs import WEB_MERCATOR
from rendermap.geo.view import MapView
from rendermap.request import RGB, LayerChoice, LayerMode

WORLD_M = 2 * math.pi * 6378137.0
TILE_PX = 256
FINEST_LEVEL = 46
WHITE: RGB = (255, 255, 255)
_LARGEST_RATIO = 4.0
_SIZE = re.compile(r"([0-9]{1,5}),([0-9]{1,5})")
_TILE = re.compile(r"([0-9]{1,9})(@2x)?\.png")
_WHOLE = re.compile(r"[0-9]{1,9}")
_IDS = re.compile(r"[0-9]{1,9}(,[0-9]{1,9}){0,999}")


@dataclass(frozen=True, slots=True)
class Download:
    """What a visitor wants to take home: the view on the screen."""

    view: MapView
    layers: LayerChoice
    background: RGB | None


def parse_download(bbox: str, size: str, ratio: str, layers: str, background: str) -> Download:
    """The query of ``download.png``: bbox in Web Mercator, easting first; size in CSS pixels; ratio of device pixels to those.

    Raises InvalidBbox, InvalidSize, InvalidLayer, InvalidParameter.
    """
    width, height = parse_size(size)
    scale = _parse_ratio(ratio)
    view = MapView(parse_bbox(bbox), WEB_MERCATOR, round(width * scale), round(height * scale), scale)
    return Download(view, parse_layers(layers), parse_background(background))


def parse_tile(level: str, col: str, file: str) -> MapView:
    """The view of ``{row}.png`` or ``{row}@2x.png`` on the page's own grid, whose levels are half zooms of XYZ.

    An even level is the XYZ tile of zoom level / 2; an odd one lies between two zooms, so that a result fills a screen better and its
    lines stay crisp.  Raises TileOutside.
    """
    named = _TILE.fullmatch(file)
    if not (named and _WHOLE.fullmatch(level) and _WHOLE.fullmatch(col)) or int(level) > FINEST_LEVEL:
        raise TileOutside
    side = WORLD_M / 2.0 ** (int(level) / 2)
    west, north = int(col) * side - WORLD_M / 2, WORLD_M / 2 - int(named[1]) * side
    if west >= WORLD_M / 2 or north <= -WORLD_M / 2:
        raise TileOutside
    ratio = 2 if named[2] else 1
    return MapView(BBox(west, north - side, west + side, north), WEB_MERCATOR, TILE_PX * ratio, TILE_PX * ratio, float(ratio))


def parse_bbox(text: str) -> BBox:
    """``xmin,ymin,xmax,ymax``.  Raises InvalidBbox."""
    try:
        x1, y1, x2, y2 = (float(part) for part in text.split(","))
    except ValueError:
        raise InvalidBbox from None
    return from_corners(x1, y1, x2, y2)


def parse_size(text: str) -> tuple[int, int]:
    """``width,height``.  Raises InvalidSize."""
    match = _SIZE.fullmatch(text)
    if not match or 0 in (int(match[1]), int(match[2])):
        raise InvalidSize
    return int(match[1]), int(match[2])


def parse_layers(text: str) -> LayerChoice:
    """``0,2``: these; ``default``: those visible by default; nothing: none.  Raises InvalidLayer."""
    if text == "default":
        return LayerChoice()
    if text and not _IDS.fullmatch(text):
        raise InvalidLayer
    return LayerChoice(LayerMode.SHOW, tuple(sorted({int(part) for part in text.split(",") if part})))


def parse_background(text: str) -> RGB | None:
    """``white`` or ``transparent``.  Raises InvalidParameter."""
    if text not in ("white", "transparent"):
        raise InvalidParameter("background must be white or transparent.")
    return WHITE if text == "white" else None


def _parse_ratio(text: str) -> float:
    try:
        ratio = float(text)
    except ValueError:
        ratio = math.nan
    if not 0.5 <= ratio <= _LARGEST_RATIO:
        raise InvalidParameter(f"ratio must be a number from 0.5 to {_LARGEST_RATIO:g}.")
    return ratio
