"""CIM colorizers -> raster themes, and what they change about cells and colours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rendermap.symbology import colors, palettes, ramps
from rendermap.symbology.document import Node, to_number
from rendermap.symbology.esri_relief import relief_of
from rendermap.symbology.readers.lyrx.classes import is_descending
from rendermap.symbology.readers.lyrx.renderers import NULL, read_method
from rendermap.symbology.readers.lyrx.stretches import read_recipe
from rendermap.symbology.readers.style_reader import check_class_count
from rendermap.symbology.stretch_labels import relabel
from rendermap.symbology.stretch_limits import bend
from rendermap.symbology.style import (
    RGB,
    Classified,
    ColorAdjustment,
    Colormap,
    RasterCategory,
    RasterClass,
    RasterTheme,
    ShadedRelief,
    Stretch,
    StretchKind,
    StretchRecipe,
    Style,
    UniqueRaster,
)

_VALUE_FIELDS = ("", "value", "<value>")
_NO_FIELDS = ("", "<none>", "none")
_NEAR = 0.005
_RESAMPLING = {"": "", "NearestNeighbor": "nearest", "BilinearInterpolation": "bilinear", "Majority": "majority", "Average": "bilinear"}
# Between two categories there is no third.
_SINGLE_VALUES = ("CIMRasterUniqueValueColorizer", "CIMRasterColorMapColorizer", "CIMRasterDiscreteColorColorizer")
_NEAREST_RESAMPLING = {"Minimum": "nearest", "Maximum": "nearest"}


def read_colorizer(node: Node) -> Style:
    """How a raster layer looks, without what its layer adds; colorizers that cannot be drawn become the nearest simpler one.

    Raises StyleInvalid when values have wrong types, and when there are more classes than a colour table may have.
    """
    nodata = colors.from_cim(node.child("noDataColor"))
    return Style(
        _READERS.get(node.type, _read_unknown)(node),
        nodata_color=nodata if nodata.a else None,
        adjustment=_adjustment(node),
        resampling=_resampling(node),
    )


def _adjustment(node: Node) -> ColorAdjustment | None:
    """Sliders of -100 to 100: brightness moves the whole range, contrast turns around the middle."""
    brightness, contrast, saturation = (min(max(node.number(key), -100.0), 100.0) / 100 for key in ("brightness", "contrast", "saturation"))
    if not (brightness or contrast or saturation):
        return None
    factor = 1 + contrast if contrast <= 0 else 1 / max(1 - contrast, 1e-3)
    # Brightness is moved before contrast is turned, so its step grows with it.
    return ColorAdjustment(brightness * factor, factor, saturation=1 + saturation)


def _resampling(node: Node) -> str:
    name = node.text("resamplingType")
    used = _RESAMPLING.get(name, _NEAREST_RESAMPLING.get(name, "bilinear"))
    if used == "bilinear" and node.type in _SINGLE_VALUES:
        used = "nearest"
    if _RESAMPLING.get(name) != used:
        node.warn(f"the resampling {name}", f"{used} is used", "resamplingType")
    return used


def _band_number(node: Node, key: str, usual: float = 0.0) -> int:
    """Bands are counted from 0, and unset ones are -1."""
    return max(int(node.number(key, usual)), 0) + 1


# --- stretch -----------------------------------------------------------------------------------------------------------


def _read_stretch(node: Node) -> RasterTheme:
    ramp = node.child("colorRamp")
    background = node.number("backgroundValue") if node.flag("displayBackgroundValue") else None
    color = colors.from_cim(node.child("backgroundColor"))
    recipe = read_recipe(node)
    relief = ShadedRelief(z_factor=node.number("hillshadeZFactor", 1.0) or 1.0) if node.flag("useHillshadeEffect") else None
    return Stretch(
        ramps.from_cim(ramp) if ramp else ramps.GRAYS,
        recipe,
        _band_number(node, "bandIndex"),
        background,
        color if background is not None and color.a else None,
        _stretch_labels(node, recipe),
        node.text("heading"),
        relief,
    )


def _stretch_labels(node: Node, recipe: StretchRecipe) -> tuple[str, ...]:
    """Labels from the highest to the lowest, those of other limits than are drawn with their numbers told anew."""
    classes = sorted(node.children("stretchClasses"), key=lambda c: -c.number("value"))
    labels = tuple(c.text("label") for c in classes)
    limits = recipe.limits or recipe.template_limits
    if limits is not None and len(classes) > 1 and _are_others(classes[-1].number("value"), classes[0].number("value"), *limits):
        labels = relabel(labels, bend(replace(recipe, limits=limits, curve=recipe.curve or recipe.template_curve)))
    return labels if any(labels) else ()


def _are_others(low: float, high: float, drawn_low: float, drawn_high: float) -> bool:
    """False also for shares, which some files write as the values of labels."""
    near = _NEAR * (drawn_high - drawn_low)
    return (low, high) != (0.0, 1.0) and (abs(low - drawn_low) > near or abs(high - drawn_high) > near)


# --- classes -----------------------------------------------------------------------------------------------------------


def _read_classify(node: Node) -> RasterTheme:
    if node.text("normalizationField").lower() not in _NO_FIELDS:
        node.warn("normalisation by a field", "values are classed as they are", "normalizationField")
    classes = [
        RasterClass(b.number("upperBound"), colors.from_cim(b.child("color")), b.text("label")) for b in node.children("classBreaks")
    ]
    if not classes:
        raise node.wrong("classBreaks", "at least one class")
    check_class_count(node, len(classes))
    classes.sort(key=lambda c: c.upper)
    ramp, field = node.child("colorRamp"), node.text("field")
    excluded = _excluded(node)
    return Classified(
        tuple(classes),
        _minimum(node, classes[0].upper),
        read_method(node),
        heading=node.text("heading"),
        ramp=ramps.from_cim(ramp) if ramp else None,
        field="Value" if field.lower() in _VALUE_FIELDS else field,
        excluded=excluded,
        excluded_color=colors.from_cim(node.child("exclusionColor")) if excluded and node.flag("useExclusionColor") else None,
        excluded_label=node.text("exclusionLabel"),
        is_descending=is_descending(node),
    )


def _minimum(node: Node, first: float) -> float | None:
    """The lower limit, where one is written; the lowest double stands for none."""
    written = to_number(node.get("minimumBreak"))
    if written is None or written < -1.7e308 or written > first:
        return None
    return written


def _excluded(node: Node) -> tuple[tuple[float, float], ...]:
    """Single values, and ranges as pairs one after the other."""
    values, edges = node.numbers("exclusionValues"), node.numbers("exclusionRanges")
    if len(edges) % 2:
        node.warn("a range without an end", "it is left out", "exclusionRanges")
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return (*((v, v) for v in values), *((min(pair), max(pair)) for pair in pairs))


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
    check_class_count(node, sum(max(1, len(c.values) + len(c.texts)) for c in classes))
    use_default, ramp = node.flag("useDefaultColor"), node.child("colorRamp")
    return UniqueRaster(
        tuple(c for c in classes if c.values or c.texts),
        colors.from_cim(node.child("defaultColor")) if use_default else None,
        node.text("defaultLabel") if use_default else "",
        field="Value" if by_value else field,
        heading=next((g.text("heading") for g in groups if g.text("heading").lower() not in _VALUE_FIELDS), ""),
        ramp=ramps.from_cim(ramp) if ramp else None,
    )


def _category(node: Node, by_value: bool, heading: str) -> RasterCategory:
    """Values are written as texts, of numbers too.  Null is no cell's value, but may stand in a row of the attribute table."""
    texts = node.texts("values")
    color, label = colors.from_cim(node.child("color")), node.text("label")
    if not by_value:
        return RasterCategory((), color, label, heading, texts)
    numbers = [to_number(text) for text in texts if text != NULL]
    if any(n is None for n in numbers):
        node.warn("values that are no numbers", "the class is drawn without them", "values")
    return RasterCategory(tuple(n for n in numbers if n is not None), color, label, heading)


def _read_colormap(node: Node) -> RasterTheme:
    values, labels, given = node.numbers("values"), node.texts("labels"), node.children("colors")
    count = len(given)
    check_class_count(node, count)
    numbers = values if len(values) == count else tuple(float(i) for i in range(count))
    texts = labels if len(labels) == count else ("",) * count
    entries = tuple((int(v), colors.from_cim(c), t) for v, c, t in zip(numbers, given, texts, strict=True))
    return Colormap(entries, _band_number(node, "bandID"), node.text("heading"))


def _read_discrete(node: Node) -> RasterTheme:
    node.warn("colours given at random", "each value of the result has a colour of its own")
    ramp = node.child("colorRamp")
    return UniqueRaster((), ramp=ramps.from_cim(ramp) if ramp else None)


# --- several bands -----------------------------------------------------------------------------------------------------


def _read_rgb(node: Node) -> RasterTheme:
    names = ("Red", "Green", "Blue")
    bands = [_band(node, name, i) for i, name in enumerate(names)]
    recipes = [read_recipe(node, name) for name in names]
    alpha = node.number("alphaBandIndex")
    background, color = None, colors.from_cim(node.child("backgroundColor"))
    if node.flag("displayBackgroundValue"):
        values = [node.number(f"backgroundValue{name}", node.number(f"{name.lower()}Background")) for name in names]
        background = (values[0], values[1], values[2])
    if node.has("pansharpeningFilter") and (node.child("pansharpeningFilter") or node).has("panImage"):
        node.warn("sharpening by a panchromatic image", "the bands are drawn as they are", "pansharpeningFilter")
    return RGB(
        (bands[0], bands[1], bands[2]),
        (recipes[0], recipes[1], recipes[2]),
        int(alpha) + 1 if node.flag("useAlphaBand") and alpha >= 0 else 0,
        background,
        color if background is not None and color.a else None,
    )


def _band(node: Node, name: str, usual: int) -> int:
    """Absent indexes are band 0, as zero is left out; a colour that is switched off has no band."""
    told = any(node.has(f"use{n}Band") for n in ("Red", "Green", "Blue"))
    if not node.flag(f"use{name}Band", not told):
        return 0
    written = any(node.has(f"{n}BandIndex") for n in ("red", "green", "blue"))
    return _band_number(node, f"{name.lower()}BandIndex", 0.0 if written else float(usual))


def _read_cmyk(node: Node) -> RasterTheme:
    """Inks take colour away: each channel is what its ink and black leave of white."""
    names = ("Cyan", "Magenta", "Yellow", "Black")
    written = any(node.has(f"{name.lower()}BandIndex") for name in names)
    bands = [_band_number(node, f"{name.lower()}BandIndex", 0.0 if written else float(i)) for i, name in enumerate(names)]
    recipes = [read_recipe(node, name) for name in names]
    left = [replace(recipe, invert=not recipe.invert) for recipe in recipes]
    if node.flag("displayBackgroundValue") and any(node.has(f"backgroundValue{name}") for name in names):
        node.warn("a background value of inks", "it is drawn like all others", "displayBackgroundValue")
    return RGB((bands[0], bands[1], bands[2]), (left[0], left[1], left[2]), black_band=bands[3], black_recipe=left[3])


# --- surfaces ----------------------------------------------------------------------------------------------------------


def _read_relief(node: Node) -> RasterTheme:
    if node.flag("useMapIlluminationProperties"):
        node.warn("the light of the map", "the layer's own is used", "useMapIlluminationProperties")
    is_adjusted = node.text("scalingType", "None") == "Adjusted"
    ramp = node.child("colorRamp")
    is_multidirectional = node.text("hillShadeType") == "Multidirectional"
    found = ramps.from_cim(ramp) if ramp else None
    return relief_of(node, found, is_adjusted=is_adjusted, is_multidirectional=is_multidirectional)


def _read_vector_field(node: Node) -> RasterTheme:
    """The band of magnitudes; of two components the first, whose numbers the limits of the magnitude do not fit."""
    is_in_components = node.flag("isUVComponents")
    if is_in_components:
        node.warn("arrows of two components", "the first component, not the magnitude, is drawn along a ramp", "isUVComponents")
    else:
        node.warn("arrows", "their magnitude is drawn along a ramp")
    low, high = (to_number(node.get(key)) for key in ("minimumMagnitude", "maximumMagnitude"))
    ramp, band = palettes.named_ramp(palettes.SEQUENTIAL), _band_number(node, "magnitudeBandIndex")
    if is_in_components or low is None or high is None or not low < high or max(abs(low), abs(high)) > 1.7e308:
        return Stretch(ramp, StretchRecipe(StretchKind.PERCENT_CLIP), 1 if is_in_components else band)
    return Stretch(ramp, StretchRecipe(StretchKind.CUSTOM, limits=(low, high)), band)


def _read_unknown(node: Node) -> RasterTheme:
    node.warn(f"a colorizer of the kind {node.type!r}", "a grey stretch is used")
    return Stretch(ramps.GRAYS, StretchRecipe(StretchKind.PERCENT_CLIP))


_READERS: dict[str, Callable[[Node], RasterTheme]] = {
    "CIMRasterStretchColorizer": _read_stretch,
    "CIMRasterClassifyColorizer": _read_classify,
    "CIMRasterUniqueValueColorizer": _read_unique,
    "CIMRasterColorMapColorizer": _read_colormap,
    "CIMRasterRGBColorizer": _read_rgb,
    "CIMRasterCMYKColorizer": _read_cmyk,
    "CIMRasterDiscreteColorColorizer": _read_discrete,
    "CIMRasterShadedReliefColorizer": _read_relief,
    "CIMRasterVectorFieldColorizer": _read_vector_field,
}
