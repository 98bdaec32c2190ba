"""RasterSymbolizer -> the themes that colour cells.

Spec: OGC 02-070, clause 11.5, and OGC 05-077r4, clause 11.5.
GeoServer's kinds of colour map count (``ramp``, ``intervals``, ``values``).  A class goes up to and including its upper limit, as in QGIS.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import NamedTuple

from rendermap.errors import InvalidExpression, InvalidFilter
from rendermap.limits import CLASSES
from rendermap.symbology import ramps
from rendermap.symbology.expressions.filter_encoding import read_classifier
from rendermap.symbology.expressions.se_functions import CLASSIFIERS, Categorize, Interpolate, Recode, number_in
from rendermap.symbology.expressions.tree import Literal, Operand
from rendermap.symbology.stretch_labels import labels_along
from rendermap.symbology.style import (
    RGB,
    Classified,
    RasterCategory,
    RasterClass,
    RasterTheme,
    ShadedRelief,
    Stretch,
    StretchKind,
    StretchRecipe,
    UniqueRaster,
)
from rendermap.symbology.symbolizers import sld_parameters as parameters
from rendermap.symbology.symbols import TRANSPARENT, Color, Ramp
from rendermap.symbology.xml_document import XmlNode

_CHANNELS = ("RedChannel", "GreenChannel", "BlueChannel")
_DIGITS = re.compile(r"\D*(\d+)")
_BELOW = 2e-7
"""The share of a limit by which single precision tells a number from the next."""


class _Entry(NamedTuple):
    """A line of a colour map."""

    quantity: float
    color: Color
    label: str


def read_raster(node: XmlNode) -> tuple[RasterTheme, float]:
    """(theme, opacity) of a RasterSymbolizer.  Raises StyleInvalid."""
    _warn_unused(node)
    opacity = parameters.share(node.child("Opacity"))
    theme = _theme(node)
    relief = node.child("ShadedRelief")
    if relief is not None:
        theme = _with_relief(theme, relief)
    return theme, opacity


def _warn_unused(node: XmlNode) -> None:
    overlap, outline = node.child("OverlapBehavior"), node.child("ImageOutline")
    if overlap is not None:
        overlap.warn("how overlapping rasters meet", "a layer is one raster")
    if outline is not None:
        outline.warn("an outline of the raster", "there is none")
    for option in node.children("VendorOption"):
        option.warn(f"the vendor option {option.attribute('name')!r}", "it is not used")


def _theme(node: XmlNode) -> RasterTheme:
    selection = node.child("ChannelSelection")
    enhancement = node.child("ContrastEnhancement")
    if selection is not None and any(selection.child(name) for name in _CHANNELS):
        return _rgb(selection, enhancement)
    gray = selection.child("GrayChannel") if selection else None
    band = _band(gray) if gray else 1
    colormap = node.child("ColorMap")
    if colormap is not None and colormap.children():
        if enhancement is not None and enhancement.children():
            enhancement.warn("a contrast enhancement beside a colour map", "the colours stand at their own values")
        return _colored(colormap, band)
    inner = gray.child("ContrastEnhancement") if gray else None
    return Stretch(ramps.GRAYS, _recipe(inner, _recipe(enhancement, StretchRecipe(StretchKind.NONE))), band)


def _rgb(selection: XmlNode, enhancement: XmlNode | None) -> RGB:
    overall = _recipe(enhancement, StretchRecipe(StretchKind.NONE))
    channels = [selection.child(name) for name in _CHANNELS]
    red, green, blue = (_band(channel) if channel else 0 for channel in channels)
    one, two, three = (_recipe(channel.child("ContrastEnhancement") if channel else None, overall) for channel in channels)
    return RGB((red, green, blue), (one, two, three))


def _band(channel: XmlNode) -> int:
    """A band by its number; of a name, the digits at its end."""
    name = channel.child("SourceChannelName")
    text = (parameters.constant(name) or "") if name else ""
    # Read from its end: a search from the front begins anew at every digit of a long name.
    found = _DIGITS.match(text[::-1])
    digits = found[1][::-1] if found else ""
    if not digits or len(digits) > 4 or int(digits) < 1:
        channel.warn(f"the band {text[:40]!r}", "the first band is used")
        return 1
    if digits != text:
        channel.warn(f"the band {text[:40]!r}", f"band {int(digits)} is used")
    return int(digits)


# --- contrast ---------------------------------------------------------------------------------------------------------


def _recipe(node: XmlNode | None, otherwise: StretchRecipe) -> StretchRecipe:
    if node is None or not node.children():
        return otherwise
    gamma = parameters.number(node.child("GammaValue"), 1.0)
    if not 0.01 <= gamma <= 100:
        node.warn(f"the gamma {gamma:g}", "none is used")
        gamma = 1.0
    kind, limits = StretchKind.NONE, None
    for inner in node.children():
        if inner.name == "Normalize":
            kind, limits = _normalized(inner)
        elif inner.name == "Histogram":
            kind = StretchKind.HISTOGRAM_EQUALIZE
        elif inner.name == "Logarithmic":
            kind = StretchKind.LOGARITHM
        elif inner.name != "GammaValue":
            inner.warn(f"the enhancement {inner.name!r}", "none is used")
    return StretchRecipe(kind, limits, gamma=gamma, template_limits=limits)


def _normalized(node: XmlNode) -> tuple[StretchKind, tuple[float, float] | None]:
    """From the smallest to the largest value; GeoServer may tell which these are."""
    options = {option.attribute("name"): option for option in node.children("VendorOption")}
    low, high = options.get("minValue"), options.get("maxValue")
    if low is None or high is None:
        return StretchKind.MINIMUM_MAXIMUM, None
    limits = parameters.number(low, 0.0), parameters.number(high, 0.0)
    if not limits[0] < limits[1]:
        node.warn(f"the limits {limits[0]:g} and {limits[1]:g}", "those of the data are used")
        return StretchKind.MINIMUM_MAXIMUM, None
    algorithm = options.get("algorithm")
    if algorithm is not None and algorithm.text not in ("StretchToMinimumMaximum", "ClipToMinimumMaximum"):
        algorithm.warn(f"the algorithm {algorithm.text[:40]!r}", "values are stretched between the limits")
    return StretchKind.CUSTOM, limits


# --- colour maps ------------------------------------------------------------------------------------------------------


def _colored(colormap: XmlNode, band: int) -> RasterTheme:
    for inner in colormap.children():
        name = inner.attribute("name") if inner.name == "Function" else inner.name
        if name.lower() in {c.lower() for c in CLASSIFIERS}:
            return _classifier(inner, band)
    entries = _entries(colormap)
    match colormap.attribute("type", "ramp").lower():
        case "intervals":
            return _intervals(entries, band)
        case "values":
            return UniqueRaster(tuple(RasterCategory((e.quantity,), e.color, e.label) for e in entries), TRANSPARENT, band=band)
        case "ramp":
            return _ramp(entries, band)
        case kind:
            colormap.warn(f"a colour map of the type {kind[:40]!r}", "a ramp is used")
            return _ramp(entries, band)


def _entries(colormap: XmlNode) -> list[_Entry]:
    nodes = colormap.children("ColorMapEntry")
    if not nodes:
        raise colormap.wrong("no entries", "ColorMapEntry elements")
    if len(nodes) > CLASSES.value:
        raise colormap.beyond(CLASSES, len(nodes))
    entries = [_entry(node) for node in nodes]
    return sorted(entries, key=lambda entry: entry.quantity)


def _entry(node: XmlNode) -> _Entry:
    text = node.attribute("quantity").strip()
    quantity = math.inf if text.lower() in ("inf", "infinity", "+inf") else number_in(text)
    if quantity is None:
        raise node.wrong(f"quantity={text[:40]!r}", "a number")
    opacity = min(max(node.number("opacity", 1.0), 0.0), 1.0)
    color = parameters.parse_color(node, node.attribute("color", "#808080"))
    return _Entry(float(quantity), color._replace(a=round(color.a * opacity)), node.attribute("label").strip())


def _ramp(entries: list[_Entry], band: int) -> RasterTheme:
    """Colours between the entries, and those of the ends beyond them."""
    finite = [entry for entry in entries if math.isfinite(entry.quantity)]
    low, high = (finite[0].quantity, finite[-1].quantity) if finite else (0.0, 0.0)
    if not low < high:
        return UniqueRaster((), entries[-1].color, entries[-1].label, band=band)
    stops = tuple(((entry.quantity - low) / (high - low), entry.color) for entry in finite)
    recipe = StretchRecipe(StretchKind.CUSTOM, (low, high), template_limits=(low, high))
    places = [((entry.quantity - low) / (high - low), entry.label) for entry in finite]
    return Stretch(Ramp(stops), recipe, band, labels=labels_along(places, recipe))


def _intervals(entries: list[_Entry], band: int) -> Classified:
    return Classified(tuple(RasterClass(e.quantity, e.color, e.label) for e in _without_repeats(entries)), band=band)


def _without_repeats(entries: list[_Entry]) -> list[_Entry]:
    kept: list[_Entry] = []
    for entry in entries:
        if not kept or entry.quantity > kept[-1].quantity:
            kept.append(entry)
    return kept


def _classifier(node: XmlNode, band: int) -> RasterTheme:
    """SE's own colour maps."""
    try:
        found = read_classifier(node)
    except (InvalidFilter, InvalidExpression) as error:
        raise node.wrong(error.reason or error.sentence, "a classification of constant colours") from error
    match found:
        case Categorize():
            uppers = [*(t if found.is_upper_inclusive else _just_below(t) for t in found.thresholds), math.inf]
            colors = [_color(node, value) for value in found.values]
            return Classified(tuple(RasterClass(u, c) for u, c in zip(uppers, colors, strict=True)), band=band)
        case Interpolate():
            return _ramp([_Entry(data, _color(node, value), "") for data, value in found.points], band)
        case Recode():
            items = ((_constant(node, data), _color(node, value)) for data, value in found.items)
            return UniqueRaster(tuple(RasterCategory((data,), color) for data, color in items), _fallback(node), band=band)
    raise node.wrong("a colour map", "entries, or one of SE's classifying functions")


def _just_below(limit: float) -> float:
    """A class that is without its upper limit goes up to the next smaller number."""
    return limit - max(abs(limit), 1e-6) * _BELOW


def _color(node: XmlNode, value: Operand) -> Color:
    return parameters.parse_color(node, str(value.value) if isinstance(value, Literal) else "")


def _constant(node: XmlNode, value: Operand) -> float:
    number = number_in(str(value.value)) if isinstance(value, Literal) else None
    if number is None:
        raise node.wrong("a value that is no number", "a number")
    return float(number)


def _fallback(node: XmlNode) -> Color:
    text = node.attribute("fallbackValue")
    return parameters.parse_color(node, text) if text else TRANSPARENT


# --- relief -----------------------------------------------------------------------------------------------------------


def _with_relief(theme: RasterTheme, node: XmlNode) -> RasterTheme:
    """Light from the north-west, as SE leaves it; its factor exaggerates heights."""
    factor = parameters.number(node.child("ReliefFactor"), 1.0)
    brightness = node.child("BrightnessOnly")
    if brightness is not None and brightness.text.lower() in ("true", "1"):
        brightness.warn("a relief that changes only the brightness", "it is laid over the colours")
    relief = ShadedRelief(z_factor=factor if 0 < factor <= 1000 else 1.0)
    if isinstance(theme, Stretch):
        is_plain = theme.ramp == ramps.GRAYS and theme.recipe.kind is StretchKind.NONE
        return replace(relief, band=theme.band) if is_plain else replace(theme, relief=relief)
    node.warn("a relief over classes", "the classes are drawn without it")
    return theme
