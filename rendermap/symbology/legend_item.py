"""A line of a legend, and what its swatch shows."""

from __future__ import annotations

from dataclasses import dataclass

from rendermap.symbology.symbols import Color, Ramp, Symbol


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


@dataclass(frozen=True, slots=True)
class EnginePatch:
    """A swatch drawn by one of Mapnik's own rules, as XML."""

    rule: str


@dataclass(frozen=True, slots=True)
class NoPatch:
    """A line of words alone."""


Patch = SymbolPatch | ColorPatch | RampPatch | EnginePatch | NoPatch


@dataclass(frozen=True, slots=True)
class LegendItem:
    """One line of a legend.  values: what the class stands for, as text."""

    label: str
    patch: Patch
    heading: str = ""
    values: tuple[str, ...] = ()


def shortened(items: tuple[LegendItem, ...], most: int) -> tuple[LegendItem, ...]:
    """At most so many lines, and one after them that tells how many are left out."""
    if len(items) <= most:
        return items
    return (*items[:most], LegendItem(f"and {len(items) - most:,} more", NoPatch(), items[most - 1].heading))
