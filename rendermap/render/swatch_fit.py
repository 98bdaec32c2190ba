"""Symbols as a small patch can show them: what repeats is repeated at least once, what depends on a feature is as it is without one."""

from __future__ import annotations

from dataclasses import replace

from rendermap.symbology.expressions.tree import Literal
from rendermap.symbology.sizes import factor_at
from rendermap.symbology.symbols import Hatch, PictureFill, PointLayer, SizeBy, Stroke, Symbol, SymbolLayer, extent_pt, map_layers

_ONCE = 1.1
"""A grid or a distance is made so much smaller than the patch that one repetition is seen."""
LONGEST = 3.0
"""Lines grow to this many times the patch for their dashes; longer dashes are made shorter."""

_LINES = 2.5
_USUAL_SPACING_PT = 48.0


def fitted(symbol: Symbol, width_pt: float, height_pt: float) -> Symbol:
    """The symbol with what repeats, where it is too wide for the patch, brought closer; turned and sized by no feature."""

    def fit(layer: SymbolLayer) -> SymbolLayer:
        if isinstance(layer, PointLayer):
            return _closer(replace(layer, size_by=_known(layer.size_by), rotation_by=None), width_pt, height_pt)
        if isinstance(layer, Stroke):
            return _shorter(replace(layer, size_by=_known(layer.size_by)), width_pt * LONGEST)
        if isinstance(layer, Hatch):
            return replace(layer, separation_pt=min(layer.separation_pt, max(height_pt, width_pt) / _LINES))
        if isinstance(layer, PictureFill):
            share = min(1.0, width_pt / _ONCE / layer.width_pt, height_pt / _ONCE / layer.height_pt)
            return replace(layer, width_pt=layer.width_pt * share, height_pt=layer.height_pt * share)
        return layer

    return map_layers(symbol, fit)


def _known(size_by: SizeBy | None) -> SizeBy | None:
    """The size of the number that the legend itself names, and no other."""
    number = size_by.value.value if size_by and isinstance(size_by.value, Literal) else None
    if size_by is None or not isinstance(number, int | float):
        return None
    return SizeBy(size_by.value, ((number, factor_at(size_by, number)),))


def _closer(layer: PointLayer, width_pt: float, height_pt: float) -> PointLayer:
    if layer.placement in ("", "line"):
        return replace(layer, spacing_pt=min(layer.spacing_pt or _USUAL_SPACING_PT, width_pt / _ONCE))
    if layer.placement == "pattern" and layer.spacing_pt:
        down = layer.spacing_y_pt or layer.spacing_pt
        return replace(layer, spacing_pt=min(layer.spacing_pt, width_pt / _ONCE), spacing_y_pt=min(down, height_pt / _ONCE))
    return layer


def _shorter(stroke: Stroke, most_pt: float) -> Stroke:
    """The stroke with its dashes in proportion, once and the first one again in a length."""
    share = min(1.0, most_pt / max(_dashes_pt(stroke), 1e-9))
    if share == 1.0:
        return stroke
    return replace(stroke, dash_pt=tuple(dash * share for dash in stroke.dash_pt), dash_offset_pt=stroke.dash_offset_pt * share)


def dashes_pt(symbol: Symbol) -> float:
    """The length that shows all dashes of a line, and where they begin again."""
    return max((_dashes_pt(part) for part in symbol.layers if isinstance(part, Stroke)), default=0.0)


def _dashes_pt(stroke: Stroke) -> float:
    return sum(stroke.dash_pt) * (1 + len(stroke.dash_pt) % 2) + stroke.dash_pt[0] if stroke.dash_pt else 0.0


def end_reaches_pt(symbol: Symbol) -> tuple[float, float]:
    """How far what stands at the first and at the last end of a line reaches beyond it."""
    return _end_reach_pt(symbol, "first"), _end_reach_pt(symbol, "last")


def _end_reach_pt(symbol: Symbol, end: str) -> float:
    there = (part for part in symbol.layers if isinstance(part, PointLayer) and part.placement in (end, "vertex"))
    return max((extent_pt(Symbol((part,))) for part in there), default=0.0)


def single_markers(symbol: Symbol) -> Symbol:
    """What stands once in the middle of a polygon, as it stands at a point."""
    singles = (part for part in symbol.layers if isinstance(part, PointLayer) and part.placement in ("", "center"))
    return Symbol(tuple(replace(part, placement="") for part in singles))
