"""Geometric effects of CIM: what of them a symbol layer can say, and what is drawn without them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from rendermap.symbology.document import Node
from rendermap.symbology.shapes import ARROW
from rendermap.symbology.symbols import Fill, Hatch, Marker, PictureMarker, PointLayer, Stroke, SymbolLayer

_UNSEEN = ("CIMGeometricEffectAddControlPoints", "CIMGeometricEffectSuppress", "CIMGeometricEffectSimplify")
"""Control points are seen by other effects only, and Mapnik leaves out points that no pixel shows by itself."""

_FINEST_PT = 0.25
"""A finer pattern is a whole line to the eye, and millions of dashes to the engine."""

_ALONG_LINES = ("line", "first", "last", "center", "vertex")
Change = Callable[[SymbolLayer], "Iterable[SymbolLayer] | None"]


def apply(node: Node, layers: Iterable[SymbolLayer]) -> tuple[SymbolLayer, ...]:
    """The layers under a node's ``effects``, first to last; notes each one that is drawn otherwise."""
    drawn = tuple(layers)
    for effect in node.children("effects"):
        if effect.type not in _UNSEEN:
            drawn = _applied(effect, drawn)
    return drawn


def _applied(effect: Node, layers: tuple[SymbolLayer, ...]) -> tuple[SymbolLayer, ...]:
    change = _CHANGES[effect.type](effect) if effect.type in _CHANGES else None
    drawn: list[SymbolLayer] = []
    for layer in layers:
        changed = change(layer) if change else None
        if changed is None:
            effect.warn(f"the effect {effect.type.removeprefix('CIMGeometricEffect')}", "the symbol is drawn without it")
        drawn += (layer,) if changed is None else changed
    return tuple(drawn)


# --- dashes ------------------------------------------------------------------------------------------------------------


def _dashes(effect: Node) -> Change:
    template, shift = _pairs(effect), _shift(effect)
    return lambda layer: (replace(layer, dash_pt=_shifted(template, shift, layer.cap)),) if isinstance(layer, Stroke) else None


def _pairs(effect: Node) -> tuple[float, ...]:
    """Dashes and gaps in pairs; an odd template repeats to become even; a dash of nothing is a dot the caps make visible."""
    template = effect.numbers("dashTemplate")
    lengths = tuple(max(v, 0.0) for v in template)
    if lengths != template:
        effect.warn("dashes shorter than nothing", "they have no length", "dashTemplate")
    if template and sum(lengths) <= _FINEST_PT:
        effect.warn("dashes of no length", "a whole line is drawn", "dashTemplate")
        return ()
    return lengths * 2 if len(lengths) % 2 else lengths


def _shift(effect: Node) -> float:
    """How far into its pattern a line begins: the endings also fit the pattern to the line's end, which nothing here can."""
    template = effect.numbers("dashTemplate")
    ending = effect.text("lineDashEnding", "NoConstraint")
    if ending not in ("NoConstraint", "Custom") and len(template) > 1:
        effect.warn("dashes fitted to both ends of a line", "they are fitted to its beginning", "lineDashEnding")
    shifts = {"HalfPattern": 0.5, "HalfGap": 1.5, "FullGap": 1.0}
    if ending in shifts and len(template) > 1:
        first, gap = template[:2]
        return {0.5: first / 2, 1.5: first + gap / 2, 1.0: first}[shifts[ending]]
    return effect.number("offsetAlongLine") + (effect.number("customEndingOffset") if ending == "Custom" else 0.0)


def _shifted(template: tuple[float, ...], shift: float, cap: str) -> tuple[float, ...]:
    """The pattern begun somewhere inside, as dashes and gaps that repeat."""
    total = sum(template)
    if not template or not shift % total:
        return template
    at, rest = 0, shift % total
    while rest >= template[at]:
        rest -= template[at]
        at += 1
    if at % 2 and cap != "butt":
        # Caps would make the dash of nothing before the gap a dot: the line begins with the next dash.
        return (*template[at + 1 :], *template[: at + 1])
    turned = (template[at] - rest, *template[at + 1 :], *template[:at], rest)
    return (0.0, *turned) if at % 2 else (*turned, 0.0)


# --- others ------------------------------------------------------------------------------------------------------------


def _offset(effect: Node) -> Change:
    """ArcGIS counts to the right of the direction."""
    distance = effect.number("offset")

    def change(layer: SymbolLayer) -> Iterable[SymbolLayer] | None:
        if isinstance(layer, Stroke):
            return (replace(layer, offset_pt=layer.offset_pt - distance),)
        if isinstance(layer, PointLayer) and layer.placement in _ALONG_LINES:
            return (replace(layer, dy_pt=layer.dy_pt - distance),)
        return None if distance else (layer,)

    return change


def _move(effect: Node) -> Change:
    dx, dy = effect.number("offsetX"), effect.number("offsetY")

    def change(layer: SymbolLayer) -> Iterable[SymbolLayer] | None:
        if isinstance(layer, Stroke | Fill) or (isinstance(layer, PointLayer) and layer.placement not in _ALONG_LINES):
            return (replace(layer, dx_pt=layer.dx_pt + dx, dy_pt=layer.dy_pt + dy),)
        return None if dx or dy else (layer,)

    return change


def _arrow(effect: Node) -> Change:
    width, kind = effect.number("width", 5.0), effect.text("arrowType", "OpenEnded")

    def change(layer: SymbolLayer) -> Iterable[SymbolLayer] | None:
        if not isinstance(layer, Stroke):
            return None
        effect.warn(f"a line drawn as an arrow ({kind})", "a line with an arrow head at its end is used")
        return layer, Marker(ARROW, max(width, 2 * layer.width_pt), fill=layer.color, placement="last")

    return change


def _scale(effect: Node) -> Change:
    across, up = effect.number("xScaleFactor", 1.0), effect.number("yScaleFactor", 1.0)

    def change(layer: SymbolLayer) -> Iterable[SymbolLayer] | None:
        if isinstance(layer, Marker) and across == up > 0:
            return (replace(layer, size_pt=layer.size_pt * up),)
        if isinstance(layer, PictureMarker) and across > 0 and up > 0:
            return (replace(layer, width_pt=layer.width_pt * across, height_pt=layer.height_pt * up),)
        return (layer,) if across == up == 1.0 else None

    return change


def _rotate(effect: Node) -> Change:
    angle = effect.number("angle", 15.0)
    return lambda layer: (replace(layer, rotation_deg=layer.rotation_deg + angle),) if isinstance(layer, PointLayer) else None


def _reverse(effect: Node) -> Change:
    """A line run through from its end: its sides and its ends change places."""
    del effect
    ends = {"first": "last", "last": "first"}

    def change(layer: SymbolLayer) -> Iterable[SymbolLayer] | None:
        if isinstance(layer, Stroke):
            return (replace(layer, offset_pt=-layer.offset_pt),)
        if isinstance(layer, PointLayer) and layer.placement in _ALONG_LINES:
            turned = layer.rotation_deg if layer.is_upright else layer.rotation_deg + 180
            return (replace(layer, placement=ends.get(layer.placement, layer.placement), rotation_deg=turned),)
        return (layer,)

    return change


def _buffer(effect: Node) -> Change:
    """A solid around a line is a broad line, and one around a polygon has a broad outline."""
    size = effect.number("size", 1.0)

    def change(layer: SymbolLayer) -> Iterable[SymbolLayer] | None:
        if isinstance(layer, Fill) and size > 0:
            return Stroke(layer.color, 2 * size, dx_pt=layer.dx_pt, dy_pt=layer.dy_pt), layer
        return (layer,) if not size else None

    return change


def _donut(effect: Node) -> Change:
    """A ring along a polygon's edge, inside it."""
    width = effect.number("width", 2.0)

    def change(layer: SymbolLayer) -> Iterable[SymbolLayer] | None:
        if not isinstance(layer, Fill | Hatch) or width <= 0:
            return None
        effect.warn("a fill along the edge (Donut)", "an outline of its width is used")
        return (Stroke(layer.color if isinstance(layer, Fill) else layer.stroke.color, width),)

    return change


_CHANGES: dict[str, Callable[[Node], Change]] = {
    f"CIMGeometricEffect{name}": change
    for name, change in (
        ("Dashes", _dashes),
        ("Offset", _offset),
        ("Move", _move),
        ("Arrow", _arrow),
        ("Scale", _scale),
        ("Rotate", _rotate),
        ("Reverse", _reverse),
        ("Buffer", _buffer),
        ("Donut", _donut),
    )
}
