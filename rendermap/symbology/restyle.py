"""What a request changes of a layer's style, in the words of ArcGIS's ``drawingInfo``.

Whoever asks is a stranger, so nothing is taken from them that would cost more than a picture: no picture files, no values that only a
copy of the dataset could hold, no classes that the data would have to be measured for.  What cannot be drawn as it is asked for is
refused by its name, for a picture has no place to say what was left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

from rendermap.errors import InvalidParameter, StyleInvalid
from rendermap.symbology.classify import fit, needs
from rendermap.symbology.document import Node, StyleWarning, to_number
from rendermap.symbology.expressions.native import is_native
from rendermap.symbology.expressions.tree import Arithmetic, Column, Concat, Literal, Operand, walk
from rendermap.symbology.facts import Facts, RasterFacts, VectorFacts
from rendermap.symbology.field_names import with_sums
from rendermap.symbology.labels import LabelClass
from rendermap.symbology.readers.drawing_info.labels import read_labels
from rendermap.symbology.readers.drawing_info.rasters import reader_for
from rendermap.symbology.readers.drawing_info.renderers import FEATURE_RENDERERS, read_renderer
from rendermap.symbology.style import (
    Breaks,
    Categories,
    Classification,
    DotDensity,
    Graded,
    HeatMap,
    Proportional,
    RasterTheme,
    Single,
    Style,
    Theme,
)
from rendermap.symbology.symbols import PLAIN, PointLayer, SizeBy, Stroke
from rendermap.symbology.template import reach_pt, symbols_of, values_of

Json = Mapping[str, Any]

_STRANGE = "The renderer or the labels that are asked for cannot be understood."
_UNDRAWN = "The renderer or the labels that are asked for cannot be drawn."
_UNFIT = "The renderer or the labels that are asked for do not fit the layer."
_PICTURES = "Pictures may not be asked for as symbols."
_NO_FIELD = "a field that the layer does not have, or of which values may not be told exactly, or no numbers where they are wanted"
_NO_VALUE = "a value other than fields, constants, their sums, differences, products and quotients, and texts joined of them"
_NO_CONDITION = "where has functions or CASE, which only a layer's filter may have"
_NO_KIND = "for another kind of data"
_UNMEASURED = "classes or limits that are made from the data"
_BLANK = "a CIM symbol none of whose layers is enabled"
_DOTS = "dots, of which there may be any number"

_NEAR = ("maxDensity", "maxPixelIntensity", "minSize", "maxSize", "normalizationTotal", "labelPlacement", "useCodedValues")
_NEAR_LOOKS = ("decoration", "font", "text")
"""Keys, and parts of symbols, that are drawn as near as can be: the manual says how."""

_MOST_STOPS = 64
_FARTHEST, _NEAREST, _WIDEST_PT = 1e15, 1e-9, 50_000.0
"""Numbers, steps between them and sizes, beyond which the engine's expressions come to nothing."""

_NAME_CHARS, _DETAIL_CHARS, _MOST_DETAILS = 40, 200, 3


def tells_values(look: str) -> bool:
    """True where a look asks for more than a fainter layer, or one without labels.  look: as of `restyled`."""
    info = json.loads(look or "{}")
    return bool(info.get("renderer") or (info.get("labelingInfo") and info.get("showLabels", True)))


def says_transparency(look: str) -> bool:
    """True where a look has a transparency of its own.  look: as of `restyled`."""
    return Node(json.loads(look or "{}"), "drawingInfo").has("transparency")


def restyled(style: Style, facts: Facts, look: str, told: Json | None = None) -> Style:
    """The style with what a look says of it; what it does not say stays, and what it says as documents tell it of this very style.

    facts: of the dataset, with those of its fields alone that may be asked for.  look: drawingInfo as JSON.  told: the style as it is told,
    None for one that is not.  Raises InvalidParameter for a look that cannot be understood, does not fit the facts, or would cost too much.
    """
    info = Node(_changes(json.loads(look), told or {}), "drawingInfo")
    if any(key.lower() in ("imagedata", "url", "uri") for found in _objects(info.value) for key in found):
        raise InvalidParameter(_PICTURES)
    if any(map(_is_blank, _objects(info.value))):
        raise _refused(_UNDRAWN, _BLANK)
    try:
        return _restyled(style, facts, info)
    except StyleInvalid as error:
        raise _refused(_STRANGE, error.reason or "", reason=error.reason) from error


def _changes(look: Json, told: Json) -> dict[str, Any]:
    """What of a look is not as it is told already."""
    same = [key for key in ("renderer", "labelingInfo") if key in look and look[key] == json.loads(json.dumps(told.get(key)))]
    return {key: value for key, value in look.items() if key not in same}


def _restyled(style: Style, facts: Facts, info: Node) -> Style:
    renderer, shows_labels = info.child("renderer"), info.flag("showLabels", True)
    if info.has("transparency"):
        style = replace(style, opacity=1 - min(max(info.number("transparency"), 0.0), 100.0) / 100)
    if renderer:
        style = replace(style, theme=_theme_for(renderer, facts))
    if not shows_labels:
        return replace(style, labels=())
    if info.get("labelingInfo") and isinstance(facts, VectorFacts):
        asked = Style(Single(PLAIN), labels=read_labels(info, facts.geometry.value))
        _demand_drawn(info)
        if not all(label.filter is None or is_native(label.filter) for label in asked.labels):
            raise _refused(_UNDRAWN, f"labelingInfo: {_NO_CONDITION}")
        labels = _fitted(asked, facts, "labelingInfo").labels
        if not all(map(_is_plain_label, labels)):
            raise _refused(_STRANGE, f"labelingInfo: {_NO_VALUE}")
        style = replace(style, labels=labels)
    return style


# --- renderers ---------------------------------------------------------------------------------------------------------


def _theme_for(renderer: Node, facts: Facts) -> Theme:
    variables = tuple(variable for variable in renderer.children("visualVariables") if not _follows_scale(variable))
    asked = _with_variables(renderer, variables)
    for variable in variables:
        _demand_bounded(variable)
    theme = _theme(asked)
    _demand_drawn(asked)
    if reach_pt(Style(theme)) > _WIDEST_PT or not all(map(_is_workable, _sizes_of(theme))):
        raise _refused(_UNDRAWN, f"{', '.join(map(_named, variables)) or 'symbol'}: sizes or numbers too small, too large or too close")
    try:
        return _fitted(Style(theme), facts, f"renderer {_named(renderer)}").theme
    except InvalidParameter as error:
        if variables and _fits_without(renderer, facts):
            said = ", ".join(map(_named, variables))
            raise _refused(_UNFIT, *(f"{said}: {detail.partition(': ')[2]}" for detail in error.details)) from error
        raise


def _demand_bounded(variable: Node) -> None:
    if any(len(listed) > _MOST_STOPS for listed in variable.value.values() if isinstance(listed, list)):
        raise _refused(_UNDRAWN, f"{_named(variable)}: more than {_MOST_STOPS} stops")
    numbers = (to_number(value) for found in _objects(variable.value) for value in found.values())
    if any(abs(number) > _FARTHEST for number in numbers if number is not None):
        raise _refused(_UNDRAWN, f"{_named(variable)}: numbers beyond {_FARTHEST:g}")


def _sizes_of(theme: Theme) -> Iterator[SizeBy]:
    layers = (layer for symbol in symbols_of(theme) for layer in symbol.layers if isinstance(layer, PointLayer | Stroke))
    return (layer.size_by for layer in layers if layer.size_by)


def _is_workable(size_by: SizeBy) -> bool:
    numbers = [max(number, 0.0) ** size_by.exponent if size_by.exponent != 1.0 else number for number, _ in size_by.stops]
    is_far = any(abs(number) > _FARTHEST * 1000 for number in numbers)
    return not is_far and all(high - low >= _NEAREST for low, high in pairwise(numbers))


def _follows_scale(variable: Node) -> bool:
    """Sizes by the scale of the view, which smart mapping adds to outlines and markers: symbols keep those that they have."""
    is_of_feature = variable.has("field") or variable.has("valueExpression")
    return variable.type == "sizeInfo" and variable.has("expression") and not is_of_feature


def _with_variables(renderer: Node, variables: tuple[Node, ...]) -> Node:
    others = {key: value for key, value in renderer.value.items() if key.lower() != "visualvariables"}
    return Node(others | {"visualVariables": [variable.value for variable in variables]}, renderer.path, renderer.notes)


def _fits_without(renderer: Node, facts: Facts) -> bool:
    try:
        _fitted(Style(_theme(_with_variables(renderer, ()))), facts, "")
    except InvalidParameter:
        return False
    return True


def _theme(renderer: Node) -> Theme:
    reader = reader_for(renderer) or (read_renderer if renderer.type in FEATURE_RENDERERS else None)
    if reader is None:
        raise _refused(_STRANGE, f"renderer {_named(renderer)}")
    return reader(renderer)


def _named(node: Node) -> str:
    return node.type[:_NAME_CHARS]


# --- what is drawn, and what is not ------------------------------------------------------------------------------------


def _demand_drawn(node: Node) -> None:
    """Raises InvalidParameter with whatever would not be drawn as it is written."""
    lost = [note for note in node.notes if not _is_near(note)]
    if lost:
        raise _refused(_UNDRAWN, *(f"{note.where.removeprefix('drawingInfo.')}: {note.found}" for note in lost))


def _is_near(note: StyleWarning) -> bool:
    key = note.where.rpartition(".")[2]
    return key in _NEAR or (key in _NEAR_LOOKS and note.used != "nothing is drawn")


def _refused(sentence: str, *details: str, reason: str | None = None) -> InvalidParameter:
    return InvalidParameter(sentence, details=tuple(detail[:_DETAIL_CHARS] for detail in details[:_MOST_DETAILS] if detail), reason=reason)


def _fitted(template: Style, facts: Facts, part: str) -> Style:
    """Resolved without a look at the data; what would be left out or chosen anew for want of a field is refused instead.

    part: what is asked for, for people.
    """
    if isinstance(template.theme, DotDensity):
        raise _refused(_UNFIT, f"{part}: {_DOTS}")
    template = with_sums(template, facts) if isinstance(facts, VectorFacts) else template
    fitted = None if _is_to_measure(template, facts) else fit(template, facts, {}, Classification.AS_TEMPLATE)
    if fitted is None or fitted.source != template.source:
        # a theme that does not fit gives way to one that is chosen from the data
        is_of_kind = isinstance(template.theme, RasterTheme) is isinstance(facts, RasterFacts)
        raise _refused(_UNFIT, f"{part}: {_NO_KIND if not is_of_kind else _UNMEASURED if isinstance(facts, RasterFacts) else _NO_FIELD}")
    if not _is_plain_theme(fitted.theme):
        raise _refused(_UNFIT, f"{part}: {_NO_VALUE}")
    return fitted


def _is_to_measure(template: Style, facts: Facts) -> bool:
    """Of sizes whose stops are told nothing but the legend would be made from the data."""
    wanted = needs(template, facts, Classification.AS_TEMPLATE)
    theme = template.theme
    has_sizes = isinstance(theme, Proportional) and bool(theme.size.stops)
    return bool(wanted) and not (has_sizes and len(wanted) == 1)


def _is_plain_theme(theme: Theme) -> bool:
    match theme:
        case Categories(expression=value) | Breaks(expression=value) | HeatMap(weight=value) | Graded(value=value):
            values = [value, *values_of(theme)]
        case Single() | Proportional():
            values = [*values_of(theme)]
        case _:
            return isinstance(theme, RasterTheme)
    return all(value is None or _is_plain(value) for value in values)


def _is_plain_label(label: LabelClass) -> bool:
    return _is_plain(label.text) and (label.rotation_by is None or _is_plain(label.rotation_by))


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


def _is_blank(found: Mapping[str, Any]) -> bool:
    layers = found.get("symbolLayers")
    is_symbol = str(found.get("type")).startswith("CIM") and isinstance(layers, list)
    return is_symbol and not any(isinstance(layer, dict) and layer.get("enable") for layer in layers or ())
