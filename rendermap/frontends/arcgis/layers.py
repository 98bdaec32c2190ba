"""``layers``, ``layerDefs`` and ``dynamicLayers`` -> a choice of layers and their filters."""

from __future__ import annotations

import json
import re

from rendermap.errors import InvalidFilter, InvalidLayer, InvalidParameter, NotSupported
from rendermap.frontends.arcgis.clock import at_now
from rendermap.frontends.arcgis.spatial import from_esri_scale
from rendermap.frontends.kvp import parse_json, parse_layer_ids
from rendermap.reply import MapCard
from rendermap.request import ComposedLayer, LayerChoice, LayerMode

Filters = tuple[tuple[int, str], ...]

_MODES = {
    "show": LayerMode.SHOW,
    "hide": LayerMode.HIDE,
    "include": LayerMode.INCLUDE,
    "exclude": LayerMode.EXCLUDE,
}
_BARE_IDS = re.compile(r"""(?P<text>"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?)|(?<=[{,\s])(?P<id>\d{1,6})(?=\s*:)""", re.DOTALL)
"""Keys of digits, or a whole text, in which nothing is a key."""

_LOOKS = ("renderer", "transparency", "showLabels", "labelingInfo")
_MOST_IDS = 10**9
_FARTHEST = 1e15

_SIMPLE_DEFS = re.compile(r"""\s*(\d{1,6})\s*:\s*((?:'[^']*'|"[^"]*"|[^;'"])*)(?:;|$)""")


def parse_layer_choice(text: str | None) -> LayerChoice:
    """``show:0,2``, ``hide:``, ``include:``, ``exclude:`` or a bare list, meant as show.

    No list means the default-visible layers (QGIS's "all"); ``show:-1`` (@arcgis/core's "none") shows nothing.  Raises InvalidLayer.
    """
    mode, colon, listed = (text or "").partition(":")
    if not colon:
        mode, listed = "show", mode
    if mode.strip().lower() not in _MODES:
        raise InvalidLayer("'layers' must begin with show:, hide:, include: or exclude:.")
    if not listed.strip(" ,"):
        return LayerChoice()
    return LayerChoice(_MODES[mode.strip().lower()], parse_layer_ids("layers", listed))


def parse_layer_defs(text: str, card: MapCard) -> Filters:
    """Filters by layer, from ``{"1": "a > 2"}``, ``[{"layerId": 1, "where": "a > 2"}]`` or ``1:a > 2;3:b = 'x'`` (esri-leaflet).

    Ids the map does not have and empty filters are passed over.  Raises InvalidFilter.
    """
    pairs = _defs_of_json(_defs_json(text)) if text.lstrip()[:1] in "{[" else _defs_of_text(text)
    known = {layer.id for layer in card.layers if layer.kind != "group"}
    return tuple(sorted((layer, at_now(where.strip())) for layer, where in pairs.items() if where.strip() and layer in known))


def _defs_json(text: str) -> object:
    """The JSON of layerDefs; ids may stand without quotes.  Raises InvalidFilter."""
    try:
        return parse_json("layerDefs", _BARE_IDS.sub(lambda found: found["text"] or f'"{found["id"]}"', text))
    except InvalidParameter as error:
        raise InvalidFilter(error.sentence) from error


def _defs_of_text(text: str) -> dict[int, str]:
    found, position = {}, 0
    while position < len(text.rstrip()):
        match = _SIMPLE_DEFS.match(text, position)
        if match is None:
            raise InvalidFilter("'layerDefs' must be JSON or id:filter pairs.")
        found[int(match[1])] = match[2]
        position = match.end()
    return found


def _defs_of_json(value: object) -> dict[int, str]:
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        items = [(item.get("layerId"), item.get("where")) for item in value]
    elif isinstance(value, dict):
        items = list(value.items())
    else:
        raise InvalidFilter("'layerDefs' must be JSON or id:filter pairs.")
    return {_layer_id(layer): _where(where) for layer, where in items}


def _where(value: object) -> str:
    if isinstance(value, dict) and (value.keys() & {"where", "definition"}):
        value = next((text for key in ("where", "definition") if (text := value.get(key)) not in (None, "")), None)
    if value is None or isinstance(value, str):
        return value or ""
    raise InvalidFilter("'layerDefs' must hold filters as text.")


def _layer_id(value: object) -> int:
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,6}", str(value)):
        raise InvalidFilter("'layerDefs' must name layers by their ids.")
    return int(str(value))


def parse_dynamic_layers(text: str) -> tuple[ComposedLayer, ...]:
    """The layers of ``dynamicLayers``, top first, as @arcgis/core writes them.

    Raises NotSupported for sources that are no layers of the map, InvalidLayer for what is no such list.
    """
    value = parse_json("dynamicLayers", text)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise InvalidLayer("'dynamicLayers' must be a list of layers.")
    return tuple(map(_dynamic_layer, value))


def _dynamic_layer(item: dict[str, object]) -> ComposedLayer:
    source = item.get("source") or {"type": "mapLayer", "mapLayerId": item.get("id")}
    if not isinstance(source, dict) or str(source.get("type")).lower() != "maplayer":
        raise NotSupported(details=("'dynamicLayers' may only use the layers of this map.",))
    layer = _whole_number(source.get("mapLayerId"))
    id_ = layer if item.get("id") is None else _whole_number(item["id"])
    far, near = (_scale(item.get(key)) for key in ("minScale", "maxScale"))
    return ComposedLayer(id_, layer, at_now(_where(item.get("definitionExpression")).strip()), _look(item.get("drawingInfo")), far, near)


def _whole_number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _MOST_IDS:
        raise InvalidLayer("'dynamicLayers' must name layers by their ids.")
    return value


def _scale(value: object) -> float | None:
    """A scale as Esri counts it; None and 0 for no limit."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _FARTHEST:
        raise InvalidLayer("'dynamicLayers' must have scales that are numbers.")
    return from_esri_scale(value)


def _look(info: object) -> str:
    """What of a drawingInfo says anything."""
    if info is None:
        return ""
    if not isinstance(info, dict):
        raise InvalidLayer("'dynamicLayers' must have drawingInfo that is an object.")
    said = {key: info[key] for key in _LOOKS if info.get(key) is not None}
    return json.dumps(said, sort_keys=True) if said else ""
