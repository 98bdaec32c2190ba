"""ArcGIS REST ``drawingInfo`` JSON, or a renderer alone: one layer a file."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from rendermap.errors import InvalidFilter, StyleInvalid
from rendermap.symbology import colors, ramps
from rendermap.symbology.document import Node, read_document, to_number
from rendermap.symbology.expressions.sql import parse_filter
from rendermap.symbology.expressions.tree import Column, Expression
from rendermap.symbology.readers.style_reader import NamedStyle, StyleReader, to_scale_denominator
from rendermap.symbology.style import (
    RGB,
    Break,
    Breaks,
    Categories,
    Category,
    Classified,
    Colormap,
    Method,
    RasterCategory,
    RasterClass,
    RasterTheme,
    ShadedRelief,
    Single,
    Stretch,
    StretchKind,
    StretchRecipe,
    Style,
    Theme,
    UniqueRaster,
    Value,
    VectorTheme,
)
from rendermap.symbology.symbolizers.table import from_esri
from rendermap.symbology.symbols import PLAIN, Color, Symbol, turned
from rendermap.symbology.template import map_symbols

_METHODS = {
    "esriClassifyEqualInterval": Method.EQUAL_INTERVAL,
    "esriClassifyQuantile": Method.QUANTILE,
    "esriClassifyNaturalBreaks": Method.NATURAL_BREAKS,
    "esriClassifyGeometricalInterval": Method.GEOMETRIC_INTERVAL,
    "esriClassifyStandardDeviation": Method.STANDARD_DEVIATION,
    "esriClassifyDefinedInterval": Method.DEFINED_INTERVAL,
}
# The REST API numbers and names its stretches.
_STRETCHES: dict[str, StretchKind] = {
    "0": StretchKind.NONE,
    "none": StretchKind.NONE,
    "3": StretchKind.STANDARD_DEVIATIONS,
    "standarddeviation": StretchKind.STANDARD_DEVIATIONS,
    "4": StretchKind.HISTOGRAM_EQUALIZE,
    "histogramequalization": StretchKind.HISTOGRAM_EQUALIZE,
    "5": StretchKind.MINIMUM_MAXIMUM,
    "minmax": StretchKind.MINIMUM_MAXIMUM,
    "6": StretchKind.PERCENT_CLIP,
    "percentclip": StretchKind.PERCENT_CLIP,
}
NULL = "<Null>"


def read(path: Path) -> tuple[NamedStyle, ...]:
    """The one layer of a JSON file; its name is the document's, else the file's.

    Raises StyleInvalid.  Spec: ArcGIS REST API, drawingInfo and renderer objects.
    """
    try:
        return (read_layer(read_document(path), path.stem),)
    except StyleInvalid as error:
        raise StyleInvalid(reason=error.reason if str(path) in (error.reason or "") else f"{path}: {error.reason}") from error


def read_layer(document: Node, name: str = "") -> NamedStyle:
    """A layer description with ``drawingInfo``, a drawingInfo, or a renderer.  Raises StyleInvalid."""
    info = document.child("drawingInfo") or document
    renderer = info.child("renderer") or info
    if not renderer.type:
        raise renderer.wrong("type", "a renderer")
    if info.get("labelingInfo") and info.flag("showLabels", True):
        info.warn("labels", "the layer is drawn without them", "labelingInfo")
    transparency = min(max(info.number("transparency"), 0.0), 100.0)
    name = document.text("name") or name
    style = Style(
        _read_renderer(renderer),
        opacity=1 - transparency / 100,
        min_scale_denominator=to_scale_denominator(document.number("minScale")),
        max_scale_denominator=to_scale_denominator(document.number("maxScale")),
        filter=_filter(document),
        name=name,
        source="layer file",
    )
    return NamedStyle(name, style, tuple(document.notes))


def _filter(document: Node) -> Expression | None:
    text = document.text("definitionExpression").strip()
    try:
        return parse_filter(text) if text else None
    except InvalidFilter as error:
        raise document.wrong("definitionExpression", f"a filter of the SQL subset ({error.reason or error.sentence})") from error


def _read_renderer(node: Node) -> Theme:
    if node.type == "uniqueValue":
        return _read_unique_raster(node) if _is_raster(node, "uniqueValueInfos", "field1") else _turned(_read_unique(node), node)
    if node.type == "classBreaks":
        return _read_classified(node) if _is_raster(node, "classBreakInfos", "field") else _turned(_read_breaks(node), node)
    if node.type in _RASTERS:
        return _RASTERS[node.type](node)
    if node.type == "simple":
        return _turned(Single(from_esri(node.child("symbol")), node.text("label")), node)
    node.warn(f"a renderer of the kind {node.type!r}", "all features have one plain symbol", "type")
    reference = node.child("defaultSymbol") or node.child("backgroundFillSymbol")
    symbol = from_esri(reference) if reference else PLAIN
    return Single(symbol if symbol.layers else PLAIN)


def _is_raster(node: Node, infos: str, field: str) -> bool:
    """Rasters and features share two renderers: a raster's classes are of ``Value`` and have plain fills or bare colours."""
    name = node.text(field).lower()
    if name in ("<value>", "raster.value", "raster.servicepixelvalue") or (not name and node.type == "classBreaks"):
        return True
    return name == "value" and any(not i.has("symbol") for i in node.children(infos))


# --- features ----------------------------------------------------------------------------------------------------------


def _read_unique(node: Node) -> VectorTheme:
    fields = tuple(f for f in (node.text("field1") or node.text("field"), node.text("field2"), node.text("field3")) if f)
    default = node.child("defaultSymbol")
    if not fields:
        node.warn("classes by an expression", "all features have one symbol", "valueExpression")
        first = next(iter(node.children("uniqueValueInfos")), None)
        return Single(from_esri(default or (first.child("symbol") if first else None)))
    classes = _grouped(node, len(fields)) if node.has("uniqueValueGroups") else _listed(node, len(fields))
    return Categories(
        fields,
        tuple(classes),
        from_esri(default) if default else None,
        node.text("defaultLabel") if default else "",
        _heading(node),
    )


def _listed(node: Node, width: int) -> list[Category]:
    delimiter = node.text("fieldDelimiter", ",")
    by_symbol = []
    for info in node.children("uniqueValueInfos"):
        by_symbol.append(
            Category((_values(info, info.text("value"), width, delimiter),), from_esri(info.child("symbol")), info.text("label"))
        )
    return by_symbol


def _values(node: Node, text: str, width: int, delimiter: str) -> tuple[Value, ...]:
    parts = [part.strip() for part in text.split(delimiter.strip() or delimiter)] if width > 1 else [text]
    if len(parts) != width:
        raise node.wrong("value", f"{width} values divided by {delimiter!r}")
    return tuple(None if part == NULL else part for part in parts)


def _grouped(node: Node, width: int) -> list[Category]:
    groups = node.children("uniqueValueGroups")
    found = []
    for group in groups:
        heading = group.text("heading") if len(groups) > 1 else ""
        for item in group.children("classes"):
            combinations = tuple(_combination(item, i, row, width) for i, row in enumerate(item.get("values") or []))
            if combinations:
                found.append(Category(combinations, from_esri(item.child("symbol")), item.text("label"), heading))
    return found


def _combination(node: Node, index: int, row: object, width: int) -> tuple[Value, ...]:
    parts = row if isinstance(row, list) else [row]
    if len(parts) != width or any(isinstance(p, dict | list) for p in parts):
        raise node.wrong(f"values[{index}]", f"{width} values")
    return tuple(None if part in (None, NULL) else part if isinstance(part, bool) else str(part) for part in parts)


def _heading(node: Node) -> str:
    options = node.child("legendOptions")
    return options.text("title") if options else ""


def _read_breaks(node: Node) -> VectorTheme:
    infos = node.children("classBreakInfos")
    if not infos:
        raise node.wrong("classBreakInfos", "at least one class")
    kind = node.text("normalizationType", "esriNormalizeNone")
    value_of = _unnormalized(node, kind)
    under = node.child("backgroundFillSymbol")
    base = from_esri(under).layers if under else ()
    classes = [
        Break(value_of(_upper(info)), Symbol((*base, *from_esri(info.child("symbol")).layers)), info.text("label")) for info in infos
    ]
    classes.sort(key=lambda c: c.upper)
    lowest = to_number(node.get("minValue"))
    if lowest is None:
        lowest = to_number(infos[0].get("classMinValue"))
    default = node.child("defaultSymbol")
    return Breaks(
        node.text("field"),
        -math.inf if lowest is None or lowest < -1.7e308 or value_of(lowest) > classes[0].upper else value_of(lowest),
        tuple(classes),
        _METHODS.get(node.text("classificationMethod"), Method.MANUAL),
        from_esri(default) if default else None,
        node.text("defaultLabel") if default else "",
        node.text("normalizationField") or None if kind == "esriNormalizeByField" else None,
        _heading(node) or node.text("field"),
    )


def _upper(info: Node) -> float:
    upper = to_number(info.get("classMaxValue"))
    if upper is None:
        raise info.wrong("classMaxValue", "a number")
    return math.inf if upper > 1.7e308 else upper


def _unnormalized(node: Node, kind: str) -> Callable[[float], float]:
    """Limits of normalised classes as numbers of the field itself."""
    if kind == "esriNormalizeByLog":
        return lambda limit: 10.0 ** min(limit, 300.0)
    total = node.number("normalizationTotal")
    if kind == "esriNormalizeByPercentOfTotal" and total > 0:
        node.warn("shares of a total", "the total of the template is used", "normalizationTotal")
        return lambda limit: limit * total / 100
    return float


def _turned(theme: VectorTheme, node: Node) -> VectorTheme:
    """Markers turned by the renderer's rotation field; other visual variables are noted."""
    for variable in node.children("visualVariables"):
        if variable.type != "rotationInfo":
            variable.warn(f"the visual variable {variable.type}", "symbols are drawn without it")
    infos = [v for v in node.children("visualVariables") if v.type == "rotationInfo" and v.text("field")]
    field = infos[0].text("field") if infos else node.text("rotationExpression").strip("[] ")
    if not field:
        return theme
    turner = infos[0] if infos else node
    clockwise = turner.text("rotationType", "geographic") == "geographic"

    return map_symbols(theme, partial(turned, rotation_by=Column(field), clockwise=clockwise))


# --- rasters -----------------------------------------------------------------------------------------------------------


def _color(node: Node | None) -> Color:
    """A class's colour: that of its symbol, or its own."""
    if node is None:
        return Color(0, 0, 0, 0)
    symbol = node.child("symbol")
    return colors.from_esri((symbol or node).get("color")) or Color(0, 0, 0, 0)


def _read_classified(node: Node) -> RasterTheme:
    infos = node.children("classBreakInfos")
    if not infos:
        raise node.wrong("classBreakInfos", "at least one class")
    classes = sorted((RasterClass(_upper(info), _color(info), info.text("label")) for info in infos), key=lambda c: c.upper)
    lowest = to_number(node.get("minValue"))
    if lowest is None or lowest < -1.7e308 or lowest > classes[0].upper:
        lowest = None
    return Classified(tuple(classes), lowest, _METHODS.get(node.text("classificationMethod"), Method.MANUAL), heading=_heading(node))


def _read_unique_raster(node: Node) -> RasterTheme:
    classes = []
    for info in node.children("uniqueValueInfos"):
        value = to_number(info.get("value"))
        if value is None:
            info.warn("a value that is no number", "the class is left out", "value")
            continue
        classes.append(RasterCategory((value,), _color(info), info.text("label")))
    default = node.child("defaultSymbol")
    return UniqueRaster(
        tuple(classes), colors.from_esri(default.get("color")) if default else None, node.text("defaultLabel"), heading=_heading(node)
    )


def _read_colormap(node: Node) -> RasterTheme:
    entries = tuple(
        (int(i.number("value")), colors.from_esri(i.get("color")) or Color(0, 0, 0, 0), i.text("label"))
        for i in node.children("colormapInfos")
    )
    return Colormap(entries)


def _read_stretch(node: Node) -> RasterTheme:
    """One band along a ramp, or three as colours where there are statistics of three and no ramp."""
    ramp = node.child("colorRamp")
    recipes = _recipes(node)
    if ramp is None and len(recipes) == 3:
        return RGB(recipes=(recipes[0], recipes[1], recipes[2]))
    return Stretch(ramps.from_esri(ramp) if ramp else ramps.GRAYS, recipes[0])


def _recipes(node: Node) -> list[StretchRecipe]:
    name = node.text("stretchType", "none").lower().removeprefix("esrirasterstretch_")
    if name not in _STRETCHES:
        node.warn(f"the stretch {name!r}", "minimum and maximum are used", "stretchType")
    gammas = node.numbers("gamma") if node.flag("useGamma") else ()
    recipe = StretchRecipe(
        _STRETCHES.get(name, StretchKind.MINIMUM_MAXIMUM),
        percents=(min(max(node.number("minPercent", 0.25), 0.0), 49.9), min(max(node.number("maxPercent", 0.25), 0.0), 49.9)),
        deviations=node.number("numberOfStandardDeviations", 2.0) or 2.0,
        gamma=gammas[0] if gammas and gammas[0] > 0 else 1.0,
    )
    return [_with_limits(recipe, node, row) for row in _statistics(node)] or [recipe]


def _statistics(node: Node) -> list[tuple[float, float, float, float]]:
    """(minimum, maximum, mean, deviation) per band: the REST API writes them as lists."""
    rows = node.get("statistics")
    found = []
    for row in rows if isinstance(rows, list) else []:
        numbers = [to_number(v) for v in row] if isinstance(row, list) else []
        if len(numbers) != 4 or any(n is None for n in numbers):
            raise node.wrong("statistics", "four numbers for each band")
        low, high, mean, deviation = (n or 0.0 for n in numbers)
        found.append((low, high, mean, deviation))
    return found


def _with_limits(recipe: StretchRecipe, node: Node, row: tuple[float, float, float, float]) -> StretchRecipe:
    """The document's own statistics bind, unless it asks for those of what is drawn."""
    low, high, mean, deviation = row
    if recipe.kind is StretchKind.STANDARD_DEVIATIONS:
        low, high = max(low, mean - recipe.deviations * deviation), min(high, mean + recipe.deviations * deviation)
    if recipe.kind not in (StretchKind.MINIMUM_MAXIMUM, StretchKind.STANDARD_DEVIATIONS) or not high > low:
        return recipe
    if node.flag("dra"):
        return replace(recipe, template_limits=(low, high))
    return replace(recipe, kind=StretchKind.CUSTOM, limits=(low, high), template_limits=(low, high))


def _read_relief(node: Node) -> RasterTheme:
    if node.text("hillshadeType", "traditional") != "traditional":
        node.warn("light from many sides", "light from one side is used", "hillshadeType")
    ramp = node.child("colorRamp")
    return ShadedRelief(
        node.number("azimuth", 315.0) % 360,
        min(max(node.number("altitude", 45.0), 0.0), 90.0),
        node.number("zFactor", 1.0) or 1.0,
        ramps.from_esri(ramp) if ramp else None,
        StretchRecipe(StretchKind.MINIMUM_MAXIMUM) if ramp else None,
    )


_RASTERS: dict[str, Callable[[Node], RasterTheme]] = {
    "rasterStretch": _read_stretch,
    "rasterColormap": _read_colormap,
    "rasterShadedRelief": _read_relief,
}

DRAWING_INFO = StyleReader("drawing_info", (".json",), read)
