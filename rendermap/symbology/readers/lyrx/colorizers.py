"""CIM colorizers -> raster themes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rendermap.symbology import colors, ramps
from rendermap.symbology.document import Node, to_number
from rendermap.symbology.readers.lyrx.renderers import NULL, read_method
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

_VALUE_FIELDS = ("", "value", "<value>")
_NO_FIELDS = ("", "<none>", "none")
_DEVIATIONS = 2.0
_STRETCHES = {
    "None": StretchKind.NONE,
    "Custom": StretchKind.MINIMUM_MAXIMUM,
    "MinimumMaximum": StretchKind.MINIMUM_MAXIMUM,
    "PercentMinimumMaximum": StretchKind.PERCENT_CLIP,
    "StandardDeviations": StretchKind.STANDARD_DEVIATIONS,
    "StandardDeviation": StretchKind.STANDARD_DEVIATIONS,
    "HistogramEqualize": StretchKind.HISTOGRAM_EQUALIZE,
}
# Stretches that are not drawn as they are: the nearest kind, the gamma that comes near, and the words for it.
_NEAREST: dict[str, tuple[StretchKind, float, str]] = {
    "DefaultFromSource": (StretchKind.PERCENT_CLIP, 1.0, "the outermost half per cents are clipped"),
    "ESRI": (StretchKind.PERCENT_CLIP, 1.0, "the outermost half per cents are clipped"),
    "HistogramSpecification": (StretchKind.HISTOGRAM_EQUALIZE, 1.0, "the histogram is equalised"),
    "SquareRoot": (StretchKind.MINIMUM_MAXIMUM, 2.0, "minimum and maximum with a gamma of 2 are used"),
    "Logarithm": (StretchKind.MINIMUM_MAXIMUM, 3.0, "minimum and maximum with a gamma of 3 are used"),
    "Count": (StretchKind.MINIMUM_MAXIMUM, 1.0, "minimum and maximum are used"),
}


def read_colorizer(node: Node) -> RasterTheme:
    """The theme of a raster layer; colorizers that cannot be drawn become the nearest simpler one.  Raises StyleInvalid."""
    theme = _READERS.get(node.type, _read_unknown)(node)
    nodata = colors.from_cim(node.child("noDataColor"))
    if nodata.a:
        node.warn("a colour for cells without data", "they are transparent", "noDataColor")
    for key in ("brightness", "contrast", "saturation"):
        if node.number(key):
            node.warn(f"a change of {key}", "colours are drawn without it", key)
    return theme


# --- stretch -----------------------------------------------------------------------------------------------------------


def _read_stretch(node: Node) -> RasterTheme:
    ramp = node.child("colorRamp")
    if node.flag("useHillshadeEffect"):
        node.warn("a hillshade effect", "colours are drawn without it", "useHillshadeEffect")
    background = node.number("backgroundValue") if node.flag("displayBackgroundValue") else None
    return Stretch(
        ramps.from_cim(ramp) if ramp else ramps.GRAYS,
        _recipe(node),
        int(node.number("bandIndex")) + 1,
        background,
        colors.from_cim(node.child("backgroundColor")) if background is not None else None,
        _stretch_labels(node),
        node.text("heading"),
    )


def _recipe(node: Node) -> StretchRecipe:
    kind, gamma = _stretch_kind(node)
    if node.flag("useGammaStretch"):
        gamma *= min(max(node.number("gammaValue", 1.0), 0.01), 100.0)
    recipe = StretchRecipe(
        kind,
        percents=(_percent(node, "minPercent", kind), _percent(node, "maxPercent", kind)),
        deviations=node.number("standardDeviationParam", _DEVIATIONS) or _DEVIATIONS,
        gamma=gamma,
        invert=node.flag("invert"),
    )
    if node.flag("useCustomStretchMinMax"):
        limits = node.number("customStretchMin"), node.number("customStretchMax")
        return replace(recipe, kind=StretchKind.CUSTOM, limits=limits)
    return _with_statistics(recipe, node)


def _stretch_kind(node: Node) -> tuple[StretchKind, float]:
    name = node.text("stretchType", "None")
    if name in _STRETCHES:
        return _STRETCHES[name], 1.0
    kind, gamma, words = _NEAREST.get(name, _NEAREST["Count"])
    node.warn(f"the stretch {name}", words, "stretchType")
    return kind, gamma


def _percent(node: Node, key: str, kind: StretchKind) -> float:
    """Zero is left out, but only where the stretch that uses it was written."""
    given = node.number(key, 0.0 if node.text("stretchType") == "PercentMinimumMaximum" else 0.5)
    return min(max(given, 0.0), 49.9) if kind is StretchKind.PERCENT_CLIP else 0.5


def _with_statistics(recipe: StretchRecipe, node: Node) -> StretchRecipe:
    """The template's own statistics: binding for GlobalStats, else only where nothing is to be taken from the result."""
    stats_type = node.text("statsType", "Dataset")
    if stats_type == "AreaOfView":
        node.warn("statistics of the area in view", "those of the dataset are used, so that colours stay the same", "statsType")
    stats = node.child("stretchStats")
    if stats is None or recipe.kind not in (StretchKind.MINIMUM_MAXIMUM, StretchKind.STANDARD_DEVIATIONS):
        return recipe
    low, high = stats.number("min"), stats.number("max")
    if recipe.kind is StretchKind.STANDARD_DEVIATIONS:
        mean, half = stats.number("mean"), stats.number("stddev") * recipe.deviations
        low, high = max(low, mean - half), min(high, mean + half)
    if not high > low:
        return recipe
    return replace(recipe, template_limits=(low, high), limits=(low, high) if stats_type == "GlobalStats" else None)


def _stretch_labels(node: Node) -> tuple[str, ...]:
    """Labels from the highest to the lowest.  Only their order is read from the values, which are shares in some files."""
    classes = sorted(node.children("stretchClasses"), key=lambda c: -c.number("value"))
    labels = tuple(c.text("label") for c in classes)
    return labels if any(labels) else ()


# --- classes -----------------------------------------------------------------------------------------------------------


def _read_classify(node: Node) -> RasterTheme:
    if node.text("normalizationField").lower() not in _NO_FIELDS:
        node.warn("normalisation by a field", "values are classed as they are", "normalizationField")
    if node.text("field").lower() not in _VALUE_FIELDS:
        node.warn("classes of an attribute", "cell values are classed", "field")
    if node.numbers("exclusionValues") or node.numbers("exclusionRanges"):
        node.warn("excluded values", "they are classed like all others", "exclusionValues")
    classes = [
        RasterClass(b.number("upperBound"), colors.from_cim(b.child("color")), b.text("label")) for b in node.children("classBreaks")
    ]
    if not classes:
        raise node.wrong("classBreaks", "at least one class")
    classes.sort(key=lambda c: c.upper)
    ramp = node.child("colorRamp")
    return Classified(
        tuple(classes),
        _minimum(node, classes[0].upper),
        read_method(node),
        heading=node.text("heading"),
        ramp=ramps.from_cim(ramp) if ramp else None,
    )


def _minimum(node: Node, first: float) -> float | None:
    """The lower limit, where one is written; the lowest double stands for none."""
    written = to_number(node.get("minimumBreak"))
    if written is None or written < -1.7e308 or written > first:
        return None
    return written


def _read_unique(node: Node) -> RasterTheme:
    field = node.text("fieldName") or node.text("field")
    by_value = field.lower() in _VALUE_FIELDS
    groups = node.children("groups")
    classes = [
        _category(c, by_value, group.text("heading") if len(groups) > 1 else "")
        for group in groups
        for c in group.children("classes")
        if c.flag("visible", True)
    ]
    use_default = node.flag("useDefaultColor")
    return UniqueRaster(
        tuple(c for c in classes if c.values or c.texts),
        colors.from_cim(node.child("defaultColor")) if use_default else None,
        node.text("defaultLabel") if use_default else "",
        field="Value" if by_value else field,
        heading=next((g.text("heading") for g in groups if g.text("heading").lower() not in _VALUE_FIELDS), ""),
    )


def _category(node: Node, by_value: bool, heading: str) -> RasterCategory:
    """Values are written as texts, of numbers too.  The category of null has no cells: they are transparent."""
    texts = tuple(text for text in node.texts("values") if text != NULL)
    color, label = colors.from_cim(node.child("color")), node.text("label")
    if not by_value:
        return RasterCategory((), color, label, heading, texts)
    numbers = [to_number(text) for text in texts]
    if any(n is None for n in numbers):
        node.warn("values that are no numbers", "the class is drawn without them", "values")
    return RasterCategory(tuple(n for n in numbers if n is not None), color, label, heading)


def _read_colormap(node: Node) -> RasterTheme:
    values, labels, given = node.numbers("values"), node.texts("labels"), node.children("colors")
    count = len(given)
    numbers = values if len(values) == count else tuple(float(i) for i in range(count))
    texts = labels if len(labels) == count else ("",) * count
    entries = tuple((int(v), colors.from_cim(c), t) for v, c, t in zip(numbers, given, texts, strict=True))
    return Colormap(entries, int(node.number("bandID")) + 1, node.text("heading"))


def _read_discrete(node: Node) -> RasterTheme:
    node.warn("colours given at random", "each value of the result has a colour of its own")
    return UniqueRaster(())


# --- several bands, relief ---------------------------------------------------------------------------------------------


def _read_rgb(node: Node) -> RasterTheme:
    names = ("Red", "Green", "Blue")
    bands = [_band(node, name, i) for i, name in enumerate(names)]
    recipes = [_band_recipe(node, name) for name in names]
    alpha = int(node.number("alphaBandIndex")) + 1 if node.flag("useAlphaBand") else 0
    background = None
    if node.flag("displayBackgroundValue"):
        values = [node.number(f"backgroundValue{name}", node.number(f"{name.lower()}Background")) for name in names]
        background = (values[0], values[1], values[2])
        if colors.from_cim(node.child("backgroundColor")).a:
            node.warn("a colour for the background", "it is transparent", "backgroundColor")
    return RGB((bands[0], bands[1], bands[2]), (recipes[0], recipes[1], recipes[2]), alpha, background)


def _band(node: Node, name: str, usual: int) -> int:
    """Absent indexes are band 0, as zero is left out; a colour that is switched off has no band."""
    told = any(node.has(f"use{n}Band") for n in ("Red", "Green", "Blue"))
    if not node.flag(f"use{name}Band", not told):
        return 0
    written = any(node.has(f"{n}BandIndex") for n in ("red", "green", "blue"))
    return int(node.number(f"{name.lower()}BandIndex", 0.0 if written else float(usual))) + 1


def _band_recipe(node: Node, name: str) -> StretchRecipe:
    kind, gamma = _stretch_kind(node)
    if node.flag("useGammaStretch"):
        gamma *= min(max(node.number(f"gammaValue{name}", node.number(f"{name.lower()}Gamma", 1.0)), 0.01), 100.0)
    recipe = StretchRecipe(
        kind,
        percents=(_percent(node, "minPercent", kind), _percent(node, "maxPercent", kind)),
        deviations=node.number("standardDeviationsParam", node.number("standardDeviationParam", _DEVIATIONS)) or _DEVIATIONS,
        gamma=gamma,
        invert=node.flag("invert"),
    )
    if node.flag("useCustomStretchMinMax"):
        limits = node.number(f"customStretchMin{name}"), node.number(f"customStretchMax{name}")
        return replace(recipe, kind=StretchKind.CUSTOM, limits=limits)
    return recipe


def _read_relief(node: Node) -> RasterTheme:
    if node.text("hillShadeType", "Traditional") != "Traditional":
        node.warn("light from many sides", "light from one side is used", "hillShadeType")
    if node.text("scalingType", "None") not in ("None", "eNone"):
        node.warn("heights adjusted to the scale", "true heights are used", "scalingType")
    ramp = node.child("colorRamp")
    return ShadedRelief(
        node.number("azimuth", 315.0) % 360,
        min(max(node.number("altitude", 45.0), 0.0), 90.0),
        node.number("zFactor", 1.0) or 1.0,
        ramps.from_cim(ramp) if ramp else None,
        StretchRecipe(StretchKind.MINIMUM_MAXIMUM) if ramp else None,
    )


def _read_unknown(node: Node) -> RasterTheme:
    node.warn(f"a colorizer of the kind {node.type!r}", "a grey stretch is used")
    return Stretch(ramps.GRAYS, StretchRecipe(StretchKind.PERCENT_CLIP))


_READERS: dict[str, Callable[[Node], RasterTheme]] = {
    "CIMRasterStretchColorizer": _read_stretch,
    "CIMRasterClassifyColorizer": _read_classify,
    "CIMRasterUniqueValueColorizer": _read_unique,
    "CIMRasterColorMapColorizer": _read_colormap,
    "CIMRasterRGBColorizer": _read_rgb,
    "CIMRasterDiscreteColorColorizer": _read_discrete,
    "CIMRasterShadedReliefColorizer": _read_relief,
}
