"""The themes of rasters -> a FeatureTypeStyle of SLD 1.0.0 with a RasterSymbolizer."""

from __future__ import annotations

import math
from xml.etree.ElementTree import Element, SubElement

from rendermap.symbology import ramps
from rendermap.symbology.style import (
    RGB,
    Classified,
    Colormap,
    ShadedRelief,
    Stretch,
    StretchKind,
    StretchRecipe,
    Style,
    Theme,
    UniqueRaster,
)
from rendermap.symbology.symbolizers.symbolizer import format_number
from rendermap.symbology.symbols import TRANSPARENT, Color

_CHANNELS = ("RedChannel", "GreenChannel", "BlueChannel")
_TOP = 1e300
"""A number above all others, for classes without an upper limit."""


def raster_style(style: Style, notes: list[str]) -> Element:
    """The FeatureTypeStyle.  notes: what the language cannot say is added."""
    element = Element("FeatureTypeStyle")
    rule = SubElement(element, "Rule")
    for name, scale in (("MinScaleDenominator", style.max_scale_denominator), ("MaxScaleDenominator", style.min_scale_denominator)):
        if scale:
            SubElement(rule, name).text = f"{scale:.15g}"
    symbolizer = SubElement(rule, "RasterSymbolizer")
    if style.opacity < 1:
        SubElement(symbolizer, "Opacity").text = format_number(style.opacity)
    _add_theme(symbolizer, style.theme, notes)
    if style.blend != "normal":
        notes.append(f"the blend mode {style.blend} is not said")
    if style.adjustment is not None:
        notes.append("the adjustment of colours is not said")
    return element


def _add_theme(symbolizer: Element, theme: Theme, notes: list[str]) -> None:
    match theme:
        case RGB():
            _add_rgb(symbolizer, theme, notes)
        case Stretch():
            _add_stretch(symbolizer, theme, notes)
        case Classified():
            _add_band(symbolizer, theme.band)
            _add_classes(symbolizer, theme)
        case UniqueRaster():
            _add_band(symbolizer, theme.band)
            _add_entries(symbolizer, "values", [(v, c.color, c.label) for c in theme.classes for v in c.values])
            if theme.default is not None and theme.default.a:
                notes.append("the colour of all other values is not said")
        case Colormap():
            _add_band(symbolizer, theme.band)
            if theme.entries:
                _add_entries(symbolizer, "values", [(float(v), color, label) for v, color, label in theme.entries])
            else:
                notes.append("the dataset's own colours are used")
        case ShadedRelief():
            _add_relief_theme(symbolizer, theme, notes)


def _add_band(symbolizer: Element, band: int) -> None:
    if band != 1:
        _add_channel(SubElement(symbolizer, "ChannelSelection"), "GrayChannel", band, None)


def _add_channel(selection: Element, name: str, band: int, recipe: StretchRecipe | None) -> None:
    channel = SubElement(selection, name)
    SubElement(channel, "SourceChannelName").text = str(band)
    if recipe is not None:
        _add_contrast(channel, recipe)


def _add_contrast(parent: Element, recipe: StretchRecipe) -> None:
    """Nothing for values as they are."""
    if recipe.kind is StretchKind.NONE and recipe.gamma == 1.0:
        return
    contrast = SubElement(parent, "ContrastEnhancement")
    if recipe.kind is StretchKind.HISTOGRAM_EQUALIZE:
        SubElement(contrast, "Histogram")
    elif recipe.kind is StretchKind.LOGARITHM:
        SubElement(contrast, "Logarithmic")
    elif recipe.kind is not StretchKind.NONE:
        _add_limits(SubElement(contrast, "Normalize"), recipe)
    if recipe.gamma != 1.0:
        SubElement(contrast, "GammaValue").text = format_number(recipe.gamma)


def _add_limits(normalize: Element, recipe: StretchRecipe) -> None:
    if recipe.limits is None:
        return
    for name, text in (
        ("algorithm", "StretchToMinimumMaximum"),
        ("minValue", repr(recipe.limits[0])),
        ("maxValue", repr(recipe.limits[1])),
    ):
        SubElement(normalize, "VendorOption", name=name).text = text


def _add_rgb(symbolizer: Element, theme: RGB, notes: list[str]) -> None:
    selection = SubElement(symbolizer, "ChannelSelection")
    for name, band, recipe in zip(_CHANNELS, theme.bands, theme.recipes, strict=True):
        if band:
            _add_channel(selection, name, band, recipe)
    if theme.alpha_band:
        notes.append("the band of transparency is not said")
    if any(recipe.invert for recipe in theme.recipes):
        notes.append("inverted colours are not said")


def _add_stretch(symbolizer: Element, theme: Stretch, notes: list[str]) -> None:
    """A colour map between the limits; greys keep their enhancement where the limits are left to the reader."""
    recipe = theme.recipe
    limits = recipe.limits or recipe.template_limits
    if limits is None or not limits[0] < limits[1]:
        selection = SubElement(symbolizer, "ChannelSelection")
        _add_channel(selection, "GrayChannel", theme.band, recipe)
        if theme.ramp != ramps.GRAYS:
            notes.append("a ramp without limits is written as greys")
    else:
        _add_band(symbolizer, theme.band)
        _add_ramp(symbolizer, theme, limits)
    if theme.relief is not None:
        _add_relief(symbolizer, theme.relief)


def _add_ramp(symbolizer: Element, theme: Stretch, limits: tuple[float, float]) -> None:
    low, high = limits
    recipe = theme.recipe
    ramp = ramps.reverse(theme.ramp) if recipe.invert else theme.ramp
    is_plain = not recipe.curve and recipe.gamma == 1.0
    stops = [(_value_at(recipe, position, low, high), color) for position, color in (ramp.stops if is_plain else _even(theme))]
    labels = {0: theme.labels[-1], len(stops) - 1: theme.labels[0]} if theme.labels else {}
    _add_entries(symbolizer, "ramp", [(value, color, labels.get(i, "")) for i, (value, color) in enumerate(stops)])


def _even(theme: Stretch) -> list[tuple[float, Color]]:
    """Colours at even steps, for a curve between the limits is told by points on it."""
    ramp = ramps.reverse(theme.ramp) if theme.recipe.invert else theme.ramp
    return [(i / 32, ramps.color_at(ramp, i / 32)) for i in range(33)]


def _value_at(recipe: StretchRecipe, position: float, low: float, high: float) -> float:
    for (v1, p1), (v2, p2) in zip(recipe.curve, recipe.curve[1:], strict=False):
        if p1 <= position <= p2 and p2 > p1:
            return v1 + (v2 - v1) * (position - p1) / (p2 - p1)
    return low + (high - low) * float(position**recipe.gamma)


def _add_classes(symbolizer: Element, theme: Classified) -> None:
    """Up to the minimum nothing, then each class up to its upper limit."""
    below = [(theme.minimum, TRANSPARENT, "")] if theme.minimum is not None else []
    _add_entries(symbolizer, "intervals", [*below, *((c.upper, c.color, c.label) for c in theme.classes)])


def _add_entries(symbolizer: Element, kind: str, entries: list[tuple[float, Color, str]]) -> None:
    colormap = SubElement(symbolizer, "ColorMap", type=kind)
    for quantity, color, label in entries:
        spelled = repr(quantity if math.isfinite(quantity) else math.copysign(_TOP, quantity))
        entry = SubElement(colormap, "ColorMapEntry", color=f"#{color.r:02x}{color.g:02x}{color.b:02x}", quantity=spelled)
        if color.a < 255:
            entry.set("opacity", format_number(color.a / 255))
        if label:
            entry.set("label", label)


def _add_relief(symbolizer: Element, relief: ShadedRelief) -> None:
    shaded = SubElement(symbolizer, "ShadedRelief")
    SubElement(shaded, "ReliefFactor").text = format_number(relief.z_factor)


def _add_relief_theme(symbolizer: Element, theme: ShadedRelief, notes: list[str]) -> None:
    """Heights in colours below the shade, where there are any."""
    if theme.ramp is not None and theme.recipe is not None:
        _add_stretch(symbolizer, Stretch(theme.ramp, theme.recipe, theme.band), notes)
    else:
        _add_band(symbolizer, theme.band)
    _add_relief(symbolizer, theme)
    if (theme.azimuth_deg, theme.altitude_deg) != (315.0, 45.0) or theme.is_multidirectional:
        notes.append("the direction of the light is not said")
