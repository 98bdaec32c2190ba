"""Raster renderers of the REST JSON -> raster themes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rendermap.symbology import colors, ramps
from rendermap.symbology.document import Node, to_number
from rendermap.symbology.readers.drawing_info.classes import heading_of, method_of, upper_of
from rendermap.symbology.style import (
    RGB,
    Classified,
    Colormap,
    RasterCategory,
    RasterClass,
    RasterTheme,
    ShadedRelief,
    Stretch,
    StretchKind,
    StretchRecipe,
    UniqueRaster,
)
from rendermap.symbology.symbols import Color

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
    classes = sorted((RasterClass(upper_of(info), _color(info), info.text("label")) for info in infos), key=lambda c: c.upper)
    lowest = to_number(node.get("minValue"))
    if lowest is None or lowest < -1.7e308 or lowest > classes[0].upper:
        lowest = None
    return Classified(tuple(classes), lowest, method_of(node), heading=heading_of(node))


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
        tuple(classes), colors.from_esri(default.get("color")) if default else None, node.text("defaultLabel"), heading=heading_of(node)
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
