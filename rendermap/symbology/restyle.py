"""What a request changes of a layer's style, in the words of ArcGIS's ``drawingInfo``.

Whoever asks is a stranger, so nothing is taken from them that would cost more than a picture: no picture files, no values that only a
copy of the dataset could hold, no classes that the data would have to be measured for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from rendermap.errors import InvalidParameter, StyleInvalid
from rendermap.symbology.classify import fit, needs
from rendermap.symbology.document import Node
from rendermap.symbology.expressions.native import is_native
from rendermap.symbology.expressions.tree import Arithmetic, Column, Concat, Literal, Operand, walk
from rendermap.symbology.facts import Facts, VectorFacts
from rendermap.symbology.labels import LabelClass
from rendermap.symbology.readers.drawing_info.labels import read_labels
from rendermap.symbology.readers.drawing_info.rasters import reader_for
from rendermap.symbology.readers.drawing_info.renderers import FEATURE_RENDERERS, read_renderer
from rendermap.symbology.style import Breaks, Categories, Classification, HeatMap, RasterTheme, Single, Style, Theme
from rendermap.symbology.symbols import PLAIN
from rendermap.symbology.template import values_of

_STRANGE = "The renderer or the labels that are asked for cannot be understood."
_UNFIT = "The renderer or the labels that are asked for do not fit the layer."
_PICTURES = "Pictures may not be asked for as symbols."


def tells_values(look: str) -> bool:
    """True where a look asks for more than a fainter layer, or one without labels.  look: as of `restyled`."""
    info = json.loads(look or "{}")
    return bool(info.get("renderer") or (info.get("labelingInfo") and info.get("showLabels", True)))


def says_transparency(look: str) -> bool:
    """True where a look has a transparency of its own.  look: as of `restyled`."""
    return Node(json.loads(look or "{}"), "drawingInfo").has("transparency")


def restyled(style: Style, facts: Facts, look: str) -> Style:
    """The style with what a look says of it; what it does not say stays.

    facts: of the dataset, with those of its fields alone that may be asked for.  look: drawingInfo as JSON.
    Raises InvalidParameter for a look that cannot be understood, does not fit the facts, or would cost too much.
    """
    info = Node(json.loads(look), "drawingInfo")
    if any(key in found for found in _objects(info.value) for key in ("imageData", "url")):
        raise InvalidParameter(_PICTURES)
    try:
        return _restyled(style, facts, info)
    except StyleInvalid as error:
        raise InvalidParameter(_STRANGE, reason=error.reason) from error


def _restyled(style: Style, facts: Facts, info: Node) -> Style:
    renderer, shows_labels = info.child("renderer"), info.flag("showLabels", True)
    if info.has("transparency"):
        style = replace(style, opacity=1 - min(max(info.number("transparency"), 0.0), 100.0) / 100)
    if renderer:
        style = replace(style, theme=_fitted(Style(_theme(renderer)), facts).theme)
    if not shows_labels:
        return replace(style, labels=())
    if info.get("labelingInfo") and isinstance(facts, VectorFacts):
        asked = Style(Single(PLAIN), labels=read_labels(info, facts.geometry.value))
        if not all(map(_is_plain_label, asked.labels)):
            raise InvalidParameter(_STRANGE)
        style = replace(style, labels=_fitted(asked, facts).labels)
    return style


def _theme(renderer: Node) -> Theme:
    reader = reader_for(renderer) or (read_renderer if renderer.type in FEATURE_RENDERERS else None)
    if reader is None:
        raise InvalidParameter(_STRANGE)
    return reader(renderer)


def _fitted(template: Style, facts: Facts) -> Style:
    """Resolved without a look at the data; what would be left out or chosen anew for want of a field is refused instead."""
    if needs(template, facts, Classification.AS_TEMPLATE):
        raise InvalidParameter(_UNFIT)
    fitted = fit(template, facts, {}, Classification.AS_TEMPLATE)
    if fitted.source != template.source or not _is_plain_theme(fitted.theme):
        raise InvalidParameter(_UNFIT)
    return fitted


def _is_plain_theme(theme: Theme) -> bool:
    match theme:
        case Categories(expression=value) | Breaks(expression=value) | HeatMap(weight=value):
            values = [value, *values_of(theme)]
        case Single():
            values = [*values_of(theme)]
        case _:
            return isinstance(theme, RasterTheme)
    return all(value is None or _is_plain(value) for value in values)


def _is_plain_label(label: LabelClass) -> bool:
    is_native_filter = label.filter is None or is_native(label.filter)
    return is_native_filter and _is_plain(label.text) and (label.rotation_by is None or _is_plain(label.rotation_by))


def _is_plain(value: Operand) -> bool:
    return all(isinstance(node, Arithmetic | Column | Concat | Literal) for node in walk(value))


def _objects(root: Any) -> Iterator[Mapping[str, Any]]:
    """All objects of a JSON value."""
    waiting = [root]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            yield value
        waiting += value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
