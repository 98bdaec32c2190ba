"""What all QGIS symbols share: the layers that are on, the opacity over them, effects that are not drawn."""

from __future__ import annotations

from dataclasses import replace

from rendermap.symbology import symbols
from rendermap.symbology.symbols import Fill, GradientFill, Hatch, Marker, PictureFill, PictureMarker, Ramp, Stroke, SymbolLayer
from rendermap.symbology.xml_document import XmlNode

_ON = ("", "1", "true")
SHADOW = "dropShadow"
"""The one effect that is drawn, on lines and fills."""


def enabled_layers(symbol: XmlNode, *, has_shadows: bool = False) -> tuple[XmlNode, ...]:
    """The symbol layers that are on, bottom first, as QGIS lists them; notes effects.  has_shadows: those of layers are drawn."""
    layers = tuple(layer for layer in symbol.children("layer") if layer.attribute("enabled") in _ON)
    warn_effects(symbol)
    for layer in layers:
        warn_effects(layer, *((SHADOW,) if has_shadows else ()))
    return layers


def warn_effects(node: XmlNode, *drawn: str) -> None:
    """Note the effects of an element that are on, but for the kinds that are drawn; drawing the source itself is none."""
    for effect in effects_of(node):
        if effect.attribute("type") not in drawn:
            warn_effect(effect)


def warn_effect(effect: XmlNode) -> None:
    """Note that an effect is not drawn."""
    effect.warn(f"the effect {effect.attribute('type')}", "the symbol is drawn without it")


def effects_of(node: XmlNode) -> tuple[XmlNode, ...]:
    """The effects of an element that are on, the lowest first, without the drawing of the source itself."""
    effect = node.child("effect")
    if effect is None or not effect.flag("enabled"):
        return ()
    listed = (inner for inner in effect.children("effect") if inner.attribute("type") != "drawSource")
    return tuple(inner for inner in listed if inner.flag("enabled", True) and _effect_is_on(inner))


def _effect_is_on(effect: XmlNode) -> bool:
    for item in (*effect.children("prop"), *(o for options in effect.children("Option") for o in options.children("Option"))):
        if "enabled" in (item.attribute("k"), item.attribute("name")):
            return (item.attribute("v") or item.attribute("value")) in ("1", "true")
    return True


def faded_layer(layer: SymbolLayer, opacity: float) -> SymbolLayer:
    """The layer with all its colours so much lighter; opacity from 0 to 1."""
    if opacity >= 1.0:
        return layer
    match layer:
        case Stroke() | Fill():
            return replace(layer, color=symbols.faded(layer.color, opacity))
        case Hatch():
            return replace(layer, stroke=_faded_stroke(layer.stroke, opacity))
        case Marker():
            fill = symbols.faded(layer.fill, opacity) if layer.fill else None
            return replace(layer, fill=fill, stroke=_faded_stroke(layer.stroke, opacity) if layer.stroke else None)
        case PictureMarker() | PictureFill():
            return replace(layer, opacity=layer.opacity * max(opacity, 0.0))
        case GradientFill():
            return replace(layer, ramp=Ramp(tuple((place, symbols.faded(color, opacity)) for place, color in layer.ramp.stops)))
    return layer


def _faded_stroke(stroke: Stroke, opacity: float) -> Stroke:
    return replace(stroke, color=symbols.faded(stroke.color, opacity))
