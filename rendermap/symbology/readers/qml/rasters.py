"""QGIS raster renderers -> themes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from rendermap.limits import CLASSES
from rendermap.symbology import ramps
from rendermap.symbology.document import to_number
from rendermap.symbology.qgis.properties import to_color
from rendermap.symbology.qgis.ramps import read_ramp
from rendermap.symbology.style import (
    RGB,
    Classified,
    ColorAdjustment,
    Method,
    RasterCategory,
    RasterClass,
    RasterTheme,
    ShadedRelief,
    Stretch,
    StretchKind,
    StretchRecipe,
    UniqueRaster,
)
from rendermap.symbology.symbols import TRANSPARENT, Color, Ramp
from rendermap.symbology.xml_document import XmlNode

_KINDS = {
    "MinMax": StretchKind.MINIMUM_MAXIMUM,
    "CumulativeCut": StretchKind.PERCENT_CLIP,
    "MeanStdDev": StretchKind.STANDARD_DEVIATIONS,
}
_METHODS = {"2": Method.EQUAL_INTERVAL, "3": Method.QUANTILE}
_GRAYS = {"1": "lightness", "2": "luminosity", "3": "average"}
_UNSTRETCHED = ("NoEnhancement", "ClipToMinimumMaximum", "0", "3")
_CLIPPED = ("StretchAndClipToMinimumMaximum", "ClipToMinimumMaximum", "2", "3")


def read_raster(root: XmlNode, node: XmlNode) -> tuple[RasterTheme, Color | None]:
    """(theme, colour of cells without data) of a ``rasterrenderer`` element; what cannot be drawn becomes the nearest.

    Raises StyleInvalid.
    """
    theme = _READERS.get(node.attribute("type"), _read_unknown)(node)
    _warn_transparency(node, theme)
    nodata = to_color(node.attribute("nodataColor"))
    return theme, nodata if nodata and nodata.a else None


def _band(node: XmlNode, key: str = "band") -> int:
    return min(max(int(node.number(key, 1.0)), 1), 10_000)


# --- after the theme ---------------------------------------------------------------------------------------------------


def read_adjustment(pipe: XmlNode) -> ColorAdjustment | None:
    """Changes of brightness, contrast, gamma and colours that follow the renderer in the ``pipe``; None for none."""
    light, hue = pipe.child("brightnesscontrast"), pipe.child("huesaturation")
    found = ColorAdjustment()
    if light is not None:
        found = replace(
            found,
            brightness=min(max(light.number("brightness") / 255, -1.0), 1.0),
            contrast=_squared(light.number("contrast")),
            gamma=min(max(light.number("gamma", 1.0), 0.01), 100.0),
        )
    if hue is not None:
        found = replace(
            found,
            saturation=_squared(hue.number("saturation")),
            gray=_GRAYS.get(hue.attribute("grayscaleMode", "0"), ""),
            is_negative=hue.flag("invertColors"),
            tint=_tint(hue) if hue.flag("colorizeOn") else None,
            tint_strength=min(max(hue.number("colorizeStrength", 100.0) / 100, 0.0), 1.0),
        )
    return None if replace(found, tint_strength=1.0) == ColorAdjustment() else found


def _squared(per_cent: float) -> float:
    """How QGIS takes contrast and saturation, -100 to 100, as a factor."""
    return (min(max(per_cent, -100.0), 100.0) / 100 + 1) ** 2


def _tint(node: XmlNode) -> Color:
    r, g, b = (min(max(round(node.number(f"colorize{channel}", 128.0)), 0), 255) for channel in ("Red", "Green", "Blue"))
    return Color(r, g, b)


def read_resampling(pipe: XmlNode) -> str:
    """How cells become pixels, where the author chose more than the nearest cell."""
    late, early = pipe.child("rasterresampler"), pipe.path("provider", "resampling")
    names = (late.attribute("zoomedInResampler") if late else "", early.attribute("zoomedInResamplingMethod") if early else "")
    chosen = next((name for name in names if name not in ("", "nearestNeighbour")), "")
    if chosen not in ("", "bilinear"):
        pipe.warn(f"{chosen} resampling", "bilinear resampling is used")
    return "bilinear" if chosen else ""


# --- stretches ---------------------------------------------------------------------------------------------------------


def _read_gray(node: XmlNode) -> RasterTheme:
    ramp = ramps.reverse(ramps.GRAYS) if node.attribute("gradient") == "WhiteToBlack" else ramps.GRAYS
    return Stretch(ramp, _recipe(node, node.child("contrastEnhancement")), _band(node, "grayBand"), background=_see_through(node))


def _recipe(node: XmlNode, enhancement: XmlNode | None) -> StretchRecipe:
    """How a band is stretched between the limits written beside it."""
    if enhancement is None:
        return StretchRecipe(StretchKind.NONE)
    texts = {child.name: child.text for child in enhancement.children()}
    algorithm = texts.get("algorithm", "NoEnhancement")
    if algorithm in _CLIPPED:
        enhancement.warn("cells beyond the limits are left out", "they are drawn as the limits are")
    if algorithm in _UNSTRETCHED:
        return StretchRecipe(StretchKind.NONE)
    return _limited(node, to_number(texts.get("minValue", "")), to_number(texts.get("maxValue", "")))


def _limited(node: XmlNode, low: float | None, high: float | None) -> StretchRecipe:
    """Limits that the author chose stay; those made from the template's data are made again from the result."""
    origin = {child.name: child.text for child in (node.child("minMaxOrigin") or node).children() if not len(child.element)}
    kind = _KINDS.get(origin.get("limits", "None"))
    limits = (low, high) if low is not None and high is not None and low < high else None
    if kind is None:
        return StretchRecipe(StretchKind.CUSTOM, limits) if limits else StretchRecipe(StretchKind.MINIMUM_MAXIMUM)
    if origin.get("extent") in ("CurrentCanvas", "UpdatedCanvas"):
        node.warn("limits of the area in view", "those of the dataset are used, so that colours stay the same")
    lower, upper = to_number(origin.get("cumulativeCutLower", "")), to_number(origin.get("cumulativeCutUpper", ""))
    return StretchRecipe(
        kind,
        percents=(_percent(lower, 0.02), _percent(None if upper is None else 1 - upper, 0.02)),
        deviations=to_number(origin.get("stdDevFactor", "")) or 2.0,
        template_limits=limits,
    )


def _percent(share: float | None, default: float) -> float:
    return round(min(max((default if share is None else share) * 100, 0.0), 49.9), 6)


def _read_bands(node: XmlNode) -> RasterTheme:
    bands, recipes = [], []
    for color in ("red", "green", "blue"):
        bands.append(max(int(node.number(f"{color}Band", -1.0)), 0))
        recipes.append(_recipe(node, node.child(f"{color}ContrastEnhancement")))
    alpha = max(int(node.number("alphaBand", -1.0)), 0)
    return RGB((bands[0], bands[1], bands[2]), (recipes[0], recipes[1], recipes[2]), alpha)


# --- colours by value --------------------------------------------------------------------------------------------------


def _read_pseudocolor(node: XmlNode) -> RasterTheme:
    shader = node.path("rastershader", "colorrampshader")
    if shader is None:
        node.warn("colours that are not told", "a grey stretch is used")
        return _grey(node)
    items = _items(shader)
    if not items:
        raise shader.wrong("no colours", "at least one item")
    match shader.attribute("colorRampType", "INTERPOLATED"):
        case "DISCRETE":
            return _discrete(node, shader, items)
        case "EXACT":
            return _exact(node, [(value, color, label) for value, color, label in items if math.isfinite(value)])
    return _interpolated(node, shader, [item for item in items if math.isfinite(item[0])] or [(0.0, items[0][1], items[0][2])])


def _items(shader: XmlNode) -> list[tuple[float, Color, str]]:
    """(value, colour, label), ascending; the last value may be infinite."""
    listed = shader.children("item")
    if len(listed) > CLASSES.value:
        raise shader.beyond(CLASSES, len(listed))
    found = []
    for item in listed:
        text = item.attribute("value").strip().lower()
        value = math.inf if text in ("inf", "+inf") else item.number("value")
        found.append((value, _colored(item), item.attribute("label")))
    return sorted(found, key=lambda item: item[0])


def _colored(node: XmlNode) -> Color:
    color = to_color(node.attribute("color")) or TRANSPARENT
    return color._replace(a=min(max(round(node.number("alpha", 255.0)), 0), 255)) if node.attribute("alpha") else color


def _interpolated(node: XmlNode, shader: XmlNode, items: list[tuple[float, Color, str]]) -> RasterTheme:
    """The colours at their values, however uneven."""
    low, high = items[0][0], items[-1][0]
    if shader.flag("clip"):
        shader.warn("cells beyond the limits are left out", "they are drawn as the limits are")
    if not high > low:
        low, high = low - 0.5, low + 0.5
    ramp = Ramp(tuple(((value - low) / (high - low), color) for value, color, _ in items))
    if len(items) == 1:
        ramp = Ramp(((0.0, items[0][1]), (1.0, items[0][1])))
    recipe = _limited(node, low, high)
    ends = items[-1], items[0]
    labels = tuple(label for _, _, label in ends) if recipe.limits and any(_says_more(value, label) for value, _, label in ends) else ()
    return Stretch(ramp, recipe, _band(node), background=_see_through(node), labels=labels)


def _says_more(value: float, label: str) -> bool:
    """True for a label that is not just the value."""
    return bool(label) and to_number(label.replace(",", "")) is None


def _discrete(node: XmlNode, shader: XmlNode, items: list[tuple[float, Color, str]]) -> RasterTheme:
    # Classes between limits that the author chose stay; others are made again from the result.
    method = _METHODS.get(shader.attribute("classificationMode"), Method.MANUAL) if _origin(node) in _KINDS else Method.MANUAL
    classes = tuple(RasterClass(value, color, label) for value, color, label in items)
    return Classified(classes, None, method, _band(node), ramp=read_ramp(shader.child("colorramp")))


def _origin(node: XmlNode) -> str:
    found = node.path("minMaxOrigin", "limits")
    return found.text if found is not None else "None"


def _exact(node: XmlNode, items: list[tuple[float, Color, str]]) -> RasterTheme:
    """Cells of other values are not drawn."""
    classes = tuple(RasterCategory((value,), color, label) for value, color, label in items)
    return UniqueRaster(classes, TRANSPARENT if classes else None, band=_band(node))


def _read_palette(node: XmlNode) -> RasterTheme:
    palette = node.child("colorPalette")
    entries = palette.children("paletteEntry") if palette else ()
    if len(entries) > CLASSES.value:
        raise node.beyond(CLASSES, len(entries))
    return _exact(node, [(entry.number("value"), _colored(entry), entry.attribute("label")) for entry in entries])


# --- others ------------------------------------------------------------------------------------------------------------


def _read_hillshade(node: XmlNode) -> RasterTheme:
    return ShadedRelief(
        node.number("azimuth", 315.0) % 360.0,
        min(max(node.number("angle", 45.0), 0.0), 90.0),
        node.number("zfactor", 1.0),
        band=_band(node),
        is_multidirectional=node.flag("multidirection"),
    )


def _grey(node: XmlNode) -> RasterTheme:
    return Stretch(ramps.GRAYS, StretchRecipe(StretchKind.PERCENT_CLIP, percents=(2.0, 2.0)), _band(node))


def _read_unknown(node: XmlNode) -> RasterTheme:
    node.warn(f"a renderer of the kind {node.attribute('type')!r}", "a grey stretch is used")
    return _grey(node)


def _see_through(node: XmlNode) -> float | None:
    """The one value that is wholly transparent, where that is all the list of values says."""
    entries = [e for e in _transparent(node) if e.number("percentTransparent") > 0]
    if len(entries) != 1 or entries[0].number("percentTransparent") < 100 or entries[0].number("min") != entries[0].number("max"):
        return None
    return entries[0].number("min") if entries[0].attribute("min") else None


def _transparent(node: XmlNode) -> tuple[XmlNode, ...]:
    values = node.path("rasterTransparency", "singleValuePixelList")
    colors = node.path("rasterTransparency", "threeValuePixelList")
    return tuple(entry for listed in (values, colors) if listed for entry in listed.children("pixelListEntry"))


def _warn_transparency(node: XmlNode, theme: RasterTheme) -> None:
    drawn = isinstance(theme, Stretch) and theme.background is not None
    for entry in _transparent(node):
        if not drawn and entry.number("percentTransparent") > 0:
            entry.warn("transparent values", "they are drawn like all others")
    if not isinstance(theme, RGB) and node.number("alphaBand", -1.0) > 0:
        node.warn("transparency by a band", "cells are drawn opaque")


_READERS: dict[str, Callable[[XmlNode], RasterTheme]] = {
    "singlebandgray": _read_gray,
    "singlebandpseudocolor": _read_pseudocolor,
    "paletted": _read_palette,
    "multibandcolor": _read_bands,
    "hillshade": _read_hillshade,
}
