"""Mapnik's RasterColorizer -> raster themes."""

from __future__ import annotations

import numpy as np
from PIL import ImageColor

from rendermap.symbology.document import to_number
from rendermap.symbology.style import (
    Classified,
    RasterCategory,
    RasterClass,
    RasterTheme,
    Stretch,
    StretchKind,
    StretchRecipe,
    UniqueRaster,
)
from rendermap.symbology.symbols import TRANSPARENT, Color, Ramp, faded
from rendermap.symbology.xml_document import XmlNode

Stop = tuple[float, Color, str]


def read_colorizer(styles: tuple[XmlNode, ...]) -> RasterTheme | None:
    """The theme of the first raster symbolizer, None where there is none.  Raises StyleInvalid."""
    found = [symbolizer for style in styles for rule in style.children("Rule") for symbolizer in rule.children("RasterSymbolizer")]
    if not found:
        return None
    for other in found[1:]:
        other.warn("a further raster symbolizer", "the first one is drawn")
    colorizer = found[0].child("RasterColorizer")
    if colorizer is None:
        raise found[0].wrong("no colorizer", "a RasterColorizer: the data of a job has no colours of its own")
    return _theme(colorizer, found[0].number("opacity", 1.0))


def _theme(colorizer: XmlNode, opacity: float) -> RasterTheme:
    mode = colorizer.attribute("default-mode", "linear")
    stops = sorted((_stop(node, colorizer, opacity) for node in colorizer.children("stop")), key=lambda stop: stop[0])
    if not stops:
        raise colorizer.wrong("no stops", "at least one")
    if any(node.attribute("mode", mode) != mode for node in colorizer.children("stop")):
        colorizer.warn("stops of several modes", f"all are taken as {mode}")
    default = faded(_color(colorizer, colorizer.attribute("default-color", "transparent")), opacity)
    match mode:
        case "exact":
            return UniqueRaster(tuple(RasterCategory((value,), color, label) for value, color, label in stops), default)
        case "discrete":
            return _discrete(stops, default)
    return _linear(stops)


def _stop(node: XmlNode, colorizer: XmlNode, opacity: float) -> Stop:
    value = to_number(node.attribute("value"))
    if value is None:
        raise node.wrong("a stop", "a value")
    color = _color(node, node.attribute("color") or colorizer.attribute("default-color", "transparent"))
    return value, faded(color, opacity), node.attribute("label")


def _color(node: XmlNode, text: str) -> Color:
    if text == "transparent":
        return TRANSPARENT
    try:
        return Color(*ImageColor.getcolor(text, "RGBA"))  # type: ignore[misc]
    except ValueError:
        raise node.wrong(f"the colour {text[:40]!r}", "a colour such as #ff0000 or red") from None


def _discrete(stops: list[Stop], default: Color) -> Classified:
    """A stop's colour reaches from its own value up to, and without, the next one's."""
    classes = [RasterClass(_just_below(stops[0][0]), default)] if default.a else []
    uppers = [_just_below(value) for value, _, _ in stops[1:]] + [np.inf]
    classes += [RasterClass(upper, color, label) for upper, (_, color, label) in zip(uppers, stops, strict=True)]
    return Classified(tuple(classes), None if default.a else stops[0][0])


def _just_below(value: float) -> float:
    """The next smaller number that single precision tells apart too, for cells may have no more."""
    with np.errstate(over="ignore"):
        return float(np.nextafter(np.float32(value), np.float32(-np.inf)))


def _linear(stops: list[Stop]) -> Stretch:
    low, high = stops[0][0], stops[-1][0]
    width = high - low
    placed = tuple(((value - low) / width if width > 0 else float(i > 0), color) for i, (value, color, _) in enumerate(stops))
    ramp = Ramp(placed if len(placed) > 1 else (placed[0], (1.0, placed[0][1])))
    return Stretch(ramp, StretchRecipe(StretchKind.CUSTOM, limits=(low, high), template_limits=(low, high)))
