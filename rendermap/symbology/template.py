"""What a style alone tells: which symbols it draws, how far they reach, what they are drawn on."""

from __future__ import annotations

from rendermap.symbology.style import Breaks, Categories, Single, Style, Theme
from rendermap.symbology.symbols import Fill, Hatch, Marker, Symbol, extent_pt


def symbols_of(theme: Theme) -> tuple[Symbol, ...]:
    """Every symbol of a vector theme, the default's last; none for raster themes."""
    if isinstance(theme, Single):
        return (theme.symbol,)
    if isinstance(theme, Categories | Breaks):
        return (*(c.symbol for c in theme.classes), *((theme.default,) if theme.default else ()))
    return ()


def reach_pt(style: Style) -> float:
    """How far drawing reaches beyond the geometry, in points."""
    return max((extent_pt(symbol) for symbol in symbols_of(style.theme)), default=0.0)


def template_geometry(style: Style) -> str:
    """``polygon``, ``point``, ``line`` or ``raster``, told by the symbols: fills are for polygons, lone markers for points."""
    if not isinstance(style.theme, Single | Categories | Breaks):
        return "raster"
    layers = [layer for symbol in symbols_of(style.theme) for layer in symbol.layers]
    if any(isinstance(layer, Fill | Hatch) for layer in layers):
        return "polygon"
    return "point" if layers and all(isinstance(layer, Marker) for layer in layers) else "line"
