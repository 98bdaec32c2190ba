"""Addresses and queries of tiles -> checked values.  x and y are XYZ's own names for col and row; they end here."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rendermap.errors import InvalidFormat, InvalidParameter, LayerNotFound, TileOutside
from rendermap.frontends.kvp import parse_layer_ids
from rendermap.frontends.zooms import TILE_PX
from rendermap.geo.tiling import WEB_MERCATOR_QUAD, TileAddress
from rendermap.imaging.formats import FORMATS, Format
from rendermap.request import LayerChoice, LayerMode
from rendermap.service import OpenMap

_WHOLE = re.compile(r"0|[1-9][0-9]{0,8}")
_FILE = re.compile(r"(?P<row>0|[1-9][0-9]{0,8})(?P<double>@2x)?\.(?P<suffix>[a-z0-9]{1,8})")


@dataclass(frozen=True, slots=True)
class TileFile:
    """One tile as its address names it.  pixel_ratio: 2 for ``@2x``."""

    tile: TileAddress
    pixel_ratio: int
    format: Format

    @property
    def size_px(self) -> int:
        """Device pixels per side."""
        return TILE_PX * self.pixel_ratio


def parse_tile(z: str, x: str, file: str) -> TileFile:
    """``z``, ``x`` and ``y[@2x].suffix``.  Raises TileOutside for what is no tile's address, InvalidFormat for an unknown suffix."""
    named = _FILE.fullmatch(file)
    if not (named and _WHOLE.fullmatch(z) and _WHOLE.fullmatch(x)):
        raise TileOutside
    tile = TileAddress(WEB_MERCATOR_QUAD, int(z), row=int(named["row"]), col=int(x))
    return TileFile(tile, 2 if named["double"] else 1, parse_format(named["suffix"]))


def parse_format(text: str) -> Format:
    """A format by suffix or name: ``png``, ``jpg``, ``jpeg``, ``webp``, ``avif``.  Raises InvalidFormat."""
    found = next((row for row in FORMATS if text in (row.suffix, row.name)), None)
    if found is None:
        raise InvalidFormat(f"The output format is not supported. Supported are {', '.join(sorted({row.suffix for row in FORMATS}))}.")
    return found


def parse_layers(text: str | None) -> LayerChoice:
    """``layers=0,2``: these and no others; without it those that are visible by default.  Raises InvalidLayer."""
    if text is None or not text.strip():
        return LayerChoice()
    return LayerChoice(LayerMode.SHOW, parse_layer_ids("layers", text))


def require_known(choice: LayerChoice, opened: OpenMap) -> None:
    """Raises LayerNotFound when a chosen layer is none of the map's."""
    if choice.ids and not {layer.id for layer in opened.card.layers}.issuperset(choice.ids):
        raise LayerNotFound


def parse_ratio(text: str | None) -> int:
    """``ratio=2`` for tiles at twice the pixels.  Raises InvalidParameter."""
    if text not in (None, "", "1", "2"):
        raise InvalidParameter("ratio must be 1 or 2.")
    return int(text or 1)
