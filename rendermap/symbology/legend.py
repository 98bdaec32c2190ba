"""Style -> legend entries: what each swatch shows and what stands beside it."""

from __future__ import annotations

from dataclasses import dataclass

from rendermap.symbology.style import Ramp
from rendermap.symbology.symbols import Color, Symbol


@dataclass(frozen=True, slots=True)
class SymbolPatch:
    """A swatch drawn with a symbol on the layer's kind of geometry."""

    symbol: Symbol


@dataclass(frozen=True, slots=True)
class ColorPatch:
    """A swatch of one colour, for raster classes."""

    color: Color


@dataclass(frozen=True, slots=True)
class RampPatch:
    """A slice of a ramp, from position low (at the bottom) to position high (at the top), 0 to 1."""

    ramp: Ramp
    low: float
    high: float


Patch = SymbolPatch | ColorPatch | RampPatch


@dataclass(frozen=True, slots=True)
class LegendItem:
    """One line of a legend.  values: what the class stands for, as text."""

    label: str
    patch: Patch
    heading: str = ""
    values: tuple[str, ...] = ()
