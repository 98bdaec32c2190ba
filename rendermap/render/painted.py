"""Colours that Mapnik works out for each feature: they stand in a symbol as colours of their own, and give way in its elements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from rendermap.symbology.symbolizers.symbolizer import Canvas, paint
from rendermap.symbology.symbolizers.table import to_mapnik
from rendermap.symbology.symbols import Color, Marker, Symbol, SymbolLayer


@dataclass(frozen=True, slots=True)
class Paint:
    """color: what stands in the symbol.  text: Mapnik's expression for the colour.

    opacity, gamma, width: the same for its opacity, for the gamma of an area's edge and for a line's width in px, "" where they are the
    symbol's own.
    """

    color: Color
    text: str
    opacity: str = ""
    gamma: str = ""
    width: str = ""


Paints = tuple[Paint, ...]


def stand_in(symbol: Symbol, number: int, alpha: int = 255) -> Color:
    """A colour that the symbol does not have."""
    taken = repr(symbol)
    return next(color for color in _odd_colors(number, alpha) if repr(color) not in taken)


def _odd_colors(number: int, alpha: int) -> Iterator[Color]:
    return (Color(blue, 1 + number % 255, 2 + number // 255, alpha) for blue in range(256))


def painted(layers: Iterable[SymbolLayer], canvas: Canvas, paints: Paints) -> list[Element]:
    """Symbol layers as elements of a Mapnik rule, with the features' own colours."""
    if not paints:
        return to_mapnik(layers, canvas)
    return [element for layer in layers for element in _painted(layer, canvas, paints)]


def turned(elements: list[Element], turn: str) -> list[Element]:
    """Markers turned before all that their own transform does.  turn: an expression in degrees clockwise, "" for none."""
    for element in elements if turn else ():
        element.set("transform", f"rotate({turn}) {element.get('transform', '')}".strip())
    return elements


def _painted(layer: SymbolLayer, canvas: Canvas, paints: Paints) -> Iterator[Element]:
    for element in to_mapnik((layer,), canvas):
        for one in paints:
            for name in ("fill", "stroke"):
                if element.get(name) == paint(name, one.color)[name] or _is_drawn_with(layer, element, name, one.color):
                    element.set(name, one.text)
                    if one.opacity:
                        element.set(f"{name}-opacity", one.opacity)
                    if one.gamma:
                        element.set("gamma", one.gamma)
                    if one.width:
                        element.set("stroke-width", one.width)
        yield element


def _is_drawn_with(layer: SymbolLayer, element: Element, name: str, color: Color) -> bool:
    """True for a marker whose shape is a file: what the element says goes before the colours in it."""
    if not isinstance(layer, Marker) or element.tag != "MarkersSymbolizer":
        return False
    return color == (layer.fill if name == "fill" else layer.stroke and layer.stroke.color)
