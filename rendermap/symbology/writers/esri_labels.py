"""LabelClass -> ``labelingInfo`` of the REST JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rendermap.symbology import colors
from rendermap.symbology.expressions.tree import Column
from rendermap.symbology.labels import LabelClass, Placement, TextSymbol
from rendermap.symbology.readers.drawing_info.labels import POINT_ANCHORS, SIDES
from rendermap.symbology.readers.style_reader import to_esri_scale
from rendermap.symbology.symbols import Color
from rendermap.symbology.writers.arcade import to_arcade
from rendermap.symbology.writers.sql import Unsayable, to_sql

Json = dict[str, Any]

_ANCHORS = {anchor: words for words, anchor in POINT_ANCHORS.items()}
_SIDES = {side: word for word, side in SIDES.items()}


def labeling_info(labels: tuple[LabelClass, ...], geometry: str) -> list[Json] | None:
    """The label classes that can be said; None for none.  A class whose condition cannot be said would label too much: it is left out."""
    return list(_classes(labels, geometry)) or None


def _classes(labels: tuple[LabelClass, ...], geometry: str) -> Iterator[Json]:
    for label in labels:
        try:
            yield _label_class(label, geometry)
        except Unsayable:
            continue


def _label_class(label: LabelClass, geometry: str) -> Json:
    written: Json = {
        "labelPlacement": _placement(label.placement, geometry),
        "labelExpression": None,
        "labelExpressionInfo": {"expression": to_arcade(label.text)},
        "useCodedValues": False,
        "symbol": text_symbol(label.symbol, label.placement),
        "minScale": to_esri_scale(label.min_scale_denominator),
        "maxScale": to_esri_scale(label.max_scale_denominator),
        "where": to_sql(label.filter) if label.filter is not None else "",
    }
    if isinstance(label.text, Column):
        # Clients without Arcade read the older spelling.
        written["labelExpression"] = f"[{label.text.name}]"
    return written | _more(label, geometry)


def _more(label: LabelClass, geometry: str) -> Json:
    """What older servers do not write, where it is not the usual."""
    more: Json = {"name": label.name} if label.name else {}
    if label.priority:
        more["priority"] = -label.priority
    if label.placement.may_overlap:
        more["deconflictionStrategy"] = "none"
    if label.placement.each_part:
        more["multiPart"] = "labelPerPart"
    if label.placement.repeat_pt:
        more |= {"repeatLabel": True, "repeatLabelDistance": label.placement.repeat_pt}
    if label.placement.distance_pt:
        more["offsetDistance"] = label.placement.distance_pt
    if geometry == "line" and label.placement.along == "horizontal":
        more["lineOrientation"] = "horizontal"
    if isinstance(label.rotation_by, Column):
        kind = "geographic" if label.rotation_clockwise else "arithmetic"
        more["labelAngleInfo"] = {"angleExpression": f"[{label.rotation_by.name}]", "rotationType": kind}
    return more


def _placement(placement: Placement, geometry: str) -> str:
    if geometry == "line":
        return f"esriServerLinePlacement{_SIDES.get(placement.side, 'Above')}Along"
    if geometry == "polygon":
        return "esriServerPolygonPlacementAlwaysHorizontal"
    return f"esriServerPointLabelPlacement{_ANCHORS.get(placement.anchors[0] if placement.anchors else 'NE', 'AboveRight')}"


def text_symbol(symbol: TextSymbol, placement: Placement) -> Json:
    """esriTS."""
    return {
        "type": "esriTS",
        "color": colors.to_esri(symbol.color),
        "backgroundColor": _maybe(symbol.box_color),
        "borderLineColor": _maybe(symbol.box_outline),
        "verticalAlignment": "bottom",
        "horizontalAlignment": "left",
        "rightToLeft": False,
        "angle": symbol.rotation_deg,
        "xoffset": placement.dx_pt,
        "yoffset": placement.dy_pt,
        "kerning": True,
        "haloColor": _maybe(symbol.halo_color),
        "haloSize": symbol.halo_pt,
        "font": {
            "family": symbol.family,
            "size": symbol.size_pt,
            "style": "italic" if symbol.is_italic else "normal",
            "weight": "bold" if symbol.is_bold else "normal",
            "decoration": "none",
        },
    } | ({"lineHeight": symbol.line_height} if symbol.line_height != 1.0 else {})


def _maybe(color: Color | None) -> list[int] | None:
    return colors.to_esri(color) if color else None
