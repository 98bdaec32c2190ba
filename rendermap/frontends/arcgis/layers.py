"""``layers``, ``layerDefs`` and ``dynamicLayers`` -> a choice of layers and their filters."""

from __future__ import annotations

import re

from rendermap.errors import InvalidFilter, InvalidLayer, InvalidParameter, NotSupported
from rendermap.frontends.kvp import parse_json, parse_layer_ids
from rendermap.reply import MapCard
from rendermap.request import LayerChoice, LayerMode

Filters = tuple[tuple[int, str], ...]

_MODES = {
    "show": LayerMode.SHOW,
    "hide": LayerMode.HIDE,
    "include": LayerMode.INCLUDE,
    "exclude": LayerMode.EXCLUDE,
}
_BARE_IDS = re.compile(r"""(?P<text>"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?)|(?<=[{,\s])(?P<id>\d{1,6})(?=\s*:)""", re.DOTALL)
"""Keys of digits, or a whole text, in which nothing is a key."""

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
    return tuple(sorted((layer, where.strip()) for layer, where in pairs.items() if where.strip() and layer in known))


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


def parse_dynamic_layers(text: str, card: MapCard) -> tuple[LayerChoice, Filters]:
    """The layers and filters of ``dynamicLayers`` where it only picks layers of this map, in the map's own order.

    Raises NotSupported for other sources, renderers or another order, InvalidLayer for what is no such list.
    """
    value = parse_json("dynamicLayers", text)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise InvalidLayer("'dynamicLayers' must be a list of layers.")
    pairs = [(_dynamic_id(item), _where(item.get("definitionExpression"))) for item in value]
    ids = [layer for layer, _ in pairs]
    if ids != sorted(set(ids)):
        raise NotSupported(details=("'dynamicLayers' cannot change the drawing order.",))
    known = {layer.id for layer in card.layers if layer.kind != "group"}
    filters = tuple((layer, where) for layer, where in pairs if where.strip() and layer in known)
    return LayerChoice(LayerMode.SHOW, tuple(ids)), filters


def _dynamic_id(item: dict[str, object]) -> int:
    source = item.get("source") or {"type": "mapLayer", "mapLayerId": item.get("id")}
    if not isinstance(source, dict) or source.get("type") != "mapLayer":
        raise NotSupported(details=("'dynamicLayers' may only use the layers of this map.",))
    if item.get("drawingInfo") or item.get("minScale") or item.get("maxScale"):
        raise NotSupported(details=("'dynamicLayers' cannot change how a layer is drawn.",))
    layer = source.get("mapLayerId")
    if isinstance(layer, bool) or not isinstance(layer, int) or layer < 0:
        raise InvalidLayer("'dynamicLayers' must name layers by their ids.")
    return layer
