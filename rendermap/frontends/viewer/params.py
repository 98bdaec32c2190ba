"""The viewer's queries -> checked values."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rendermap.errors import InvalidParameter, TileOutside
from rendermap.frontends.kvp import parse_bbox, parse_float, parse_floats, parse_layer_ids, parse_size
from rendermap.frontends.zooms import TILE_PX, WORLD_M
from rendermap.geo.bbox import BBox
from rendermap.geo.crs import WEB_MERCATOR
from rendermap.geo.shape import Shape
from rendermap.geo.view import MapView
from rendermap.geo.worlds import about
from rendermap.limits import PIXEL_RATIO, ZOOM
from rendermap.request import RGB, LayerChoice, LayerMode

FINEST_LEVEL = 2 * ZOOM.value
LEAST_RATIO = 0.5
FARTHEST_REACH_PX = 30
WHITE: RGB = (255, 255, 255)
_TILE = re.compile(r"(0|[1-9][0-9]{0,8})(@2x)?\.png")
_WHOLE = re.compile(r"0|[1-9][0-9]{0,8}")


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
    width, height = parse_size("size", size)
    scale = _parse_ratio(ratio)
    view = MapView(parse_bbox("bbox", bbox), WEB_MERCATOR, round(width * scale), round(height * scale), scale)
    return Download(view, parse_layers(layers), parse_background(background))


@dataclass(frozen=True, slots=True)
class Pointing:
    """Where a visitor points on the view on the screen.  reach_px: how far beside it a thing may lie."""

    shape: Shape
    view: MapView
    ids: tuple[int, ...] | None
    reach_px: float


def parse_pointing(at: str, bbox: str, size: str, layers: str, reach: str) -> Pointing:
    """The query of ``identify``: at, and the view as of ``download.png``, in Web Mercator, easting first; size and reach in CSS pixels.

    Raises InvalidBbox, InvalidSize, InvalidLayer, InvalidParameter.
    """
    x, y = parse_floats("at", at, 2)
    width, height = parse_size("size", size)
    reach_px = parse_float("reach", reach)
    if not 0 <= reach_px <= FARTHEST_REACH_PX:
        raise InvalidParameter(f"'reach' must be from 0 to {FARTHEST_REACH_PX}.")
    view = MapView(parse_bbox("bbox", bbox), WEB_MERCATOR, round(width), round(height))
    choice = parse_layers(layers)
    return Pointing(Shape("point", ((((x, y),),),)), view, choice.ids if choice.mode is LayerMode.SHOW else None, reach_px)


def parse_tile(level: str, col: str, file: str, meridian: str) -> MapView:
    """The view of ``{row}.png`` or ``{row}@2x.png`` on the page's own grid, whose levels are half zooms of XYZ.

    An even level is the XYZ tile of zoom level / 2; an odd one lies between two zooms, so that a result fills a screen better and its
    lines stay crisp.  meridian: in the middle of the grid, 0 or 180 degrees.  Raises TileOutside.
    """
    named = _TILE.fullmatch(file)
    if not (named and _WHOLE.fullmatch(level) and _WHOLE.fullmatch(col)):
        raise TileOutside
    if int(level) > FINEST_LEVEL:
        raise TileOutside(f"There is no such tile. {ZOOM.sentence}")
    side = WORLD_M / 2.0 ** (int(level) / 2)
    west, north = int(col) * side - WORLD_M / 2, WORLD_M / 2 - int(named[1]) * side
    if west >= WORLD_M / 2 or north <= -WORLD_M / 2:
        raise TileOutside
    if meridian not in ("0", "180"):
        raise TileOutside
    crs, ratio = about(WEB_MERCATOR, 180) if meridian == "180" else WEB_MERCATOR, 2 if named[2] else 1
    return MapView(BBox(west, north - side, west + side, north), crs, TILE_PX * ratio, TILE_PX * ratio, float(ratio))


def parse_layers(text: str) -> LayerChoice:
    """``0,2``: these; ``default``: those visible by default; nothing: none.  Raises InvalidLayer."""
    if text == "default":
        return LayerChoice()
    return LayerChoice(LayerMode.SHOW, parse_layer_ids("layers", text))


def parse_legend_layers(text: str | None) -> LayerChoice:
    """As `parse_layers`; without it all layers, the hidden ones too.  Raises InvalidLayer."""
    return LayerChoice(LayerMode.HIDE) if text is None else parse_layers(text)


def parse_background(text: str) -> RGB | None:
    """``white`` or ``transparent``.  Raises InvalidParameter."""
    if text not in ("white", "transparent"):
        raise InvalidParameter("background must be white or transparent.")
    return WHITE if text == "white" else None


def _parse_ratio(text: str) -> float:
    ratio = parse_float("ratio", text)
    if ratio > PIXEL_RATIO.value:
        raise InvalidParameter(f"'ratio' is too large. {PIXEL_RATIO.sentence}")
    if ratio < LEAST_RATIO:
        raise InvalidParameter(f"'ratio' must be at least {LEAST_RATIO:g}.")
    return ratio
