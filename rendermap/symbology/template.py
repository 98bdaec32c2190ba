"""What a style alone tells: which symbols it draws, how far they reach, what they are drawn on, which values they ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from rendermap.symbology.expressions.tree import Column, Operand
from rendermap.symbology.paths import reach_of
from rendermap.symbology.shapes import CIRCLE
from rendermap.symbology.style import (
    Breaks,
    Categories,
    DotDensity,
    Graded,
    HeatMap,
    Proportional,
    Rules,
    Single,
    Style,
    Theme,
    VectorTheme,
)
from rendermap.symbology.symbols import (
    Fill,
    GradientFill,
    Hatch,
    Marker,
    PictureFill,
    PictureMarker,
    PointLayer,
    Stroke,
    Symbol,
    extent_pt,
    sized,
)


def symbols_of(theme: Theme) -> tuple[Symbol, ...]:
    """Every symbol of a vector theme as it is drawn, the default's last; none for raster themes."""
    if isinstance(theme, Single):
        return (theme.symbol,)
    if isinstance(theme, Categories | Breaks):
        return (*(c.symbol for c in theme.classes), *((theme.default,) if theme.default else ()))
    if isinstance(theme, Graded):
        return (theme.symbol, *((theme.default,) if theme.default else ()))
    if isinstance(theme, Proportional):
        return (sized(theme.symbol, theme.size), *((theme.under,) if theme.under else ()))
    if isinstance(theme, Rules):
        return tuple(rule.symbol for rule in theme.rules)
    if isinstance(theme, DotDensity):
        return (*(dots.symbol for dots in theme.dots), *((theme.under,) if theme.under else ()))
    return ()


def map_symbols(theme: VectorTheme, change: Callable[[Symbol], Symbol]) -> VectorTheme:
    """The theme with every symbol changed."""

    def maybe(symbol: Symbol | None) -> Symbol | None:
        return change(symbol) if symbol else None

    match theme:
        case Single():
            return replace(theme, symbol=change(theme.symbol))
        case Categories():
            return replace(theme, classes=tuple(replace(c, symbol=change(c.symbol)) for c in theme.classes), default=maybe(theme.default))
        case Breaks():
            return replace(theme, classes=tuple(replace(c, symbol=change(c.symbol)) for c in theme.classes), default=maybe(theme.default))
        case Graded():
            return replace(theme, symbol=change(theme.symbol), default=maybe(theme.default))
        case Proportional():
            return replace(theme, symbol=change(theme.symbol), under=maybe(theme.under))
        case Rules():
            return replace(theme, rules=tuple(replace(r, symbol=change(r.symbol)) for r in theme.rules))
        case DotDensity():
            return replace(theme, dots=tuple(replace(d, symbol=change(d.symbol)) for d in theme.dots), under=maybe(theme.under))
    return theme


def reach_pt(style: Style) -> float:
    """How far drawing reaches beyond the geometry, in points."""
    if isinstance(style.theme, HeatMap):
        return style.theme.radius_pt
    return max((extent_pt(symbol) for symbol in symbols_of(style.theme)), default=0.0)


def label_reach_pt(style: Style) -> float:
    """How far a label may stand from its feature's own place, in points, its own width apart."""
    moves = (abs(p.dx_pt) + abs(p.dy_pt) + abs(p.distance_pt) for p in (label.placement for label in style.labels))
    return max(moves, default=0.0) + (reach_pt(style) if style.labels else 0.0)


def marker_side_pt(layer: PointLayer) -> float:
    """How far a marker reaches to its sides, in points, as large as it is drawn without a value."""
    if isinstance(layer, Marker):
        return layer.size_pt * (0.5 if layer.path == CIRCLE else reach_of(layer.path)) + (
            layer.stroke.width_pt / 2 if layer.stroke else 0.0
        )
    return max(layer.width_pt, layer.height_pt) / 2 if isinstance(layer, PictureMarker) else 0.0


def template_geometry(style: Style) -> str:
    """``polygon``, ``point``, ``line`` or ``raster``, told by the symbols: fills are for polygons, lone markers for points."""
    if not isinstance(style.theme, VectorTheme):
        return "raster"
    if isinstance(style.theme, HeatMap):
        return "point"
    layers = [layer for symbol in symbols_of(style.theme) for layer in symbol.layers]
    if isinstance(style.theme, DotDensity) or any(isinstance(layer, Fill | Hatch | PictureFill | GradientFill) for layer in layers):
        return "polygon"
    return "point" if layers and all(isinstance(layer, PointLayer) for layer in layers) else "line"


def values_of(theme: Theme) -> Iterator[Operand]:
    """The values by which a theme's symbols are turned and sized."""
    for symbol in symbols_of(theme):
        for part in (symbol, *(alternate.symbol for alternate in symbol.alternates)):
            for layer in part.layers:
                if isinstance(layer, PointLayer) and layer.rotation_by is not None:
                    yield layer.rotation_by
                if isinstance(layer, PointLayer | Stroke) and layer.size_by is not None:
                    yield layer.size_by.value


def named(operand: Operand | None) -> str | None:
    """The field that a value is, when it is just a field."""
    return operand.name if isinstance(operand, Column) else None
