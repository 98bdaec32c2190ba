"""Raster renderers of the REST JSON -> raster themes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from rendermap.symbology import colors, palettes, ramps, stretch_limits
from rendermap.symbology.document import Node, to_number
from rendermap.symbology.esri_relief import relief_of
from rendermap.symbology.facts import Measures
from rendermap.symbology.readers.drawing_info.classes import heading_of, is_beyond, lower_of, method_of, upper_of
from rendermap.symbology.readers.style_reader import check_class_count
from rendermap.symbology.style import (
    RGB,
    Classified,
    Colormap,
    Method,
    RasterCategory,
    RasterClass,
    RasterTheme,
    StatisticsSource,
    Stretch,
    StretchKind,
    StretchRecipe,
    UniqueRaster,
)
from rendermap.symbology.symbols import TRANSPARENT, Color

# The REST API numbers and names its stretches.
_STRETCHES: dict[str, StretchKind] = {
    "0": StretchKind.NONE,
    "none": StretchKind.NONE,
    "3": StretchKind.STANDARD_DEVIATIONS,
    "standarddeviation": StretchKind.STANDARD_DEVIATIONS,
    "standarddeviations": StretchKind.STANDARD_DEVIATIONS,
    "4": StretchKind.HISTOGRAM_EQUALIZE,
    "histogramequalization": StretchKind.HISTOGRAM_EQUALIZE,
    "histogramequalize": StretchKind.HISTOGRAM_EQUALIZE,
    "5": StretchKind.MINIMUM_MAXIMUM,
    "minmax": StretchKind.MINIMUM_MAXIMUM,
    "minimummaximum": StretchKind.MINIMUM_MAXIMUM,
    "6": StretchKind.PERCENT_CLIP,
    "percentclip": StretchKind.PERCENT_CLIP,
    "percentminimummaximum": StretchKind.PERCENT_CLIP,
    "7": StretchKind.HISTOGRAM_SPECIFICATION,
    "gaussian": StretchKind.HISTOGRAM_SPECIFICATION,
    "8": StretchKind.HISTOGRAM_SPECIFICATION,
    "histogramspecification": StretchKind.HISTOGRAM_SPECIFICATION,
    "9": StretchKind.SIGMOID,
    "sigmoid": StretchKind.SIGMOID,
}
_GAUSSIAN = ("7", "gaussian")
_BY_STATISTICS = (StretchKind.MINIMUM_MAXIMUM, StretchKind.STANDARD_DEVIATIONS, StretchKind.SIGMOID)


def reader_for(node: Node) -> Callable[[Node], RasterTheme] | None:
    """The reader of a raster renderer, None where the renderer is of features."""
    if node.type == "uniqueValue":
        return _read_unique_raster if _is_raster(node, "uniqueValueInfos", "field1") else None
    if node.type == "classBreaks":
        return _read_classified if _is_raster(node, "classBreakInfos", "field") else None
    return _RASTERS.get(node.type)


def _is_raster(node: Node, infos: str, field: str) -> bool:
    """Rasters and features share two renderers: a raster's classes are of ``Value`` and have plain fills or bare colours."""
    name = node.text(field).lower()
    if node.has("valueExpression"):
        return False
    if name in ("<value>", "raster.value", "raster.servicepixelvalue") or (not name and node.type == "classBreaks"):
        return True
    return name == "value" and any(not i.has("symbol") for i in node.children(infos))


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
    check_class_count(node, len(infos))
    if node.text("normalizationType", "esriNormalizeNone") != "esriNormalizeNone":
        node.warn("normalised classes", "values are classed as they are", "normalizationType")
    classes = _classes(sorted(infos, key=upper_of))
    lowest = to_number(node.get("minValue"))
    if lowest is None or lowest < -1.7e308 or lowest > classes[0].upper:
        lowest = None
    method = method_of(node) if len(classes) == len(infos) else Method.MANUAL
    return Classified(classes, lowest, method, heading=heading_of(node))


def _classes(infos: list[Node]) -> tuple[RasterClass, ...]:
    """A class for each, and one without colour for each gap between two."""
    classes: list[RasterClass] = []
    for info in infos:
        lower = lower_of(info)
        if classes and lower is not None and is_beyond(lower, classes[-1].upper):
            classes.append(RasterClass(math.nextafter(lower, -math.inf), TRANSPARENT, is_gap=True))
        classes.append(RasterClass(upper_of(info), _color(info), info.text("label")))
    return tuple(classes)


def _read_unique_raster(node: Node) -> RasterTheme:
    classes = []
    check_class_count(node, len(node.children("uniqueValueInfos")))
    for info in node.children("uniqueValueInfos"):
        value = to_number(info.get("value"))
        if value is None:
            info.warn("a value that is no number", "the class is left out", "value")
            continue
        classes.append(RasterCategory((value,), _color(info), info.text("label")))
    default = node.child("defaultSymbol")
    return UniqueRaster(
        tuple(classes), colors.from_esri(default.get("color")) if default else None, node.text("defaultLabel"), heading=heading_of(node)
    )


def _read_colormap(node: Node) -> RasterTheme:
    check_class_count(node, len(node.children("colormapInfos")))
    entries = tuple(
        (int(i.number("value")), colors.from_esri(i.get("color")) or Color(0, 0, 0, 0), i.text("label"))
        for i in node.children("colormapInfos")
    )
    return Colormap(entries)


def _read_stretch(node: Node) -> RasterTheme:
    """One band along a ramp, or three as colours where there are numbers of three and no ramp."""
    ramp = node.child("colorRamp")
    recipes = _recipes(node)
    if ramp is None and len(recipes) == 3:
        return RGB(recipes=(recipes[0], recipes[1], recipes[2]))
    return Stretch(ramps.from_esri(ramp) if ramp else ramps.GRAYS, recipes[0])


def _read_composite(node: Node) -> RasterTheme:
    """Three bands, counted from 0, as colours."""
    indexes = [int(v) + 1 for v in node.numbers("bandIds") or node.numbers("bandIndex") or (0, 1, 2)]
    bands = [max(indexes[i], 1) if i < len(indexes) else i + 1 for i in range(3)]
    recipes = (_recipes(node) * 3)[:3]
    return RGB((bands[0], bands[1], bands[2]), (recipes[0], recipes[1], recipes[2]))


def _recipes(node: Node) -> list[StretchRecipe]:
    """A recipe for each band that statistics or gammas are written for, at least one."""
    name = node.text("stretchType", "none").lower().removeprefix("esrirasterstretch_")
    if name not in _STRETCHES:
        node.warn(f"the stretch {name!r}", "minimum and maximum are used", "stretchType")
    recipe = StretchRecipe(
        _STRETCHES.get(name, StretchKind.MINIMUM_MAXIMUM),
        percents=(min(max(node.number("minPercent", 0.25), 0.0), 49.9), min(max(node.number("maxPercent", 0.25), 0.0), 49.9)),
        deviations=node.number("numberOfStandardDeviations", 2.0) or 2.0,
        strength=min(max(node.number("sigmoidStrengthLevel", 2.0), 1.0), 6.0),
        target=stretch_limits.bell() if name in _GAUSSIAN else (),
    )
    if recipe.kind is StretchKind.HISTOGRAM_SPECIFICATION and not recipe.target:
        node.warn("a histogram to be matched that is not written", "all shares are made equal", "stretchType")
    rows, gammas = _statistics(node), _gammas(node)
    count = max(len(rows), len(gammas), 1)
    listed = [_with_limits(recipe, node, rows[min(i, len(rows) - 1)]) if rows else recipe for i in range(count)]
    listed = [replace(r, gamma=gammas[min(i, len(gammas) - 1)]) if gammas else r for i, r in enumerate(listed)]
    if not node.flag("dra") or recipe.kind is StretchKind.NONE:
        return listed
    used = 'those of the dataset are used, so that colours stay the same, unless the tool layer has statistics = "view"'
    node.warn("statistics of what is in view", used, "dra")
    return [replace(r, source=StatisticsSource.VIEW) for r in listed]


def _gammas(node: Node) -> tuple[float, ...]:
    if not node.flag("useGamma"):
        return ()
    if node.flag("computeGamma"):
        node.warn("gammas to be found by the server", "no gamma is used", "computeGamma")
        return ()
    return tuple(min(max(gamma, 0.01), 100.0) for gamma in node.numbers("gamma"))


def _statistics(node: Node) -> list[tuple[float, float, float, float]]:
    """(minimum, maximum, mean, deviation) per band: lists of four, or objects in newer documents."""
    rows = node.get("statistics")
    found = []
    for row in rows if isinstance(rows, list) else []:
        given = [row.get(key) for key in ("min", "max", "avg", "stddev")] if isinstance(row, dict) else row
        numbers = [to_number(v) for v in given] if isinstance(given, list) else []
        if len(numbers) != 4 or any(n is None for n in numbers):
            raise node.wrong("statistics", "four numbers for each band")
        low, high, mean, deviation = (n or 0.0 for n in numbers)
        found.append((low, high, mean, deviation))
    return found


def _with_limits(recipe: StretchRecipe, node: Node, row: tuple[float, float, float, float]) -> StretchRecipe:
    """The document's own statistics bind, unless it asks for those of what is drawn."""
    low, high, mean, deviation = row
    if recipe.kind not in _BY_STATISTICS or not high > low:
        return recipe
    made = stretch_limits.made_from(recipe, Measures(1, low, high, mean, deviation))
    if node.flag("dra"):
        return replace(recipe, template_limits=made.limits, template_curve=made.curve)
    kind = recipe.kind if made.curve else StretchKind.CUSTOM
    return replace(made, kind=kind, template_limits=made.limits, template_curve=made.curve)


def _read_relief(node: Node) -> RasterTheme:
    is_adjusted = node.text("scalingType", "none").lower() == "adjusted"
    ramp = node.child("colorRamp")
    is_multidirectional = node.text("hillshadeType", "traditional").lower().replace("-", "") == "multidirectional"
    found = ramps.from_esri(ramp) if ramp else None
    return relief_of(node, found, is_adjusted=is_adjusted, is_multidirectional=is_multidirectional)


def _read_flow(node: Node) -> RasterTheme:
    node.warn("arrows or moving lines", "the first band is drawn along a ramp: the magnitude, or the first of two components", "type")
    return Stretch(palettes.named_ramp(palettes.SEQUENTIAL), StretchRecipe(StretchKind.PERCENT_CLIP))


_RASTERS: dict[str, Callable[[Node], RasterTheme]] = {
    "rasterStretch": _read_stretch,
    "rgb": _read_composite,
    "rasterColormap": _read_colormap,
    "rasterShadedRelief": _read_relief,
    "vectorField": _read_flow,
    "flowRenderer": _read_flow,
    "flow": _read_flow,
}
