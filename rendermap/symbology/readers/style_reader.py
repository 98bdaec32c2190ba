"""What every reader of a style language gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rendermap.errors import StyleInvalid
from rendermap.limits import CELL_CLASSES, CLASSES
from rendermap.symbology.document import Node, StyleWarning
from rendermap.symbology.style import (
    RGB,
    Breaks,
    Categories,
    Classified,
    Colormap,
    DotDensity,
    Graded,
    HeatMap,
    Proportional,
    ShadedRelief,
    Single,
    Stretch,
    Style,
    Theme,
    UniqueRaster,
)
from rendermap.symbology.symbolizers.symbolizer import Symbolizer

WIDEST_HEAT_PT = 300.0
"""Radius of a point's influence in a heat map."""
OGC_PER_ESRI_SCALE = (0.0254 / 96) / 0.00028


@dataclass(frozen=True, slots=True)
class NamedStyle:
    """One layer of a style file.  warnings: what is not drawn as the file says."""

    name: str
    style: Style
    warnings: tuple[StyleWarning, ...] = ()


@dataclass(frozen=True, slots=True)
class StyleReader:
    """A row of the table.

    title: for people.  suffixes: lower case, with dot.  read: the file's layers in its order, groups left out; raises StyleInvalid.
    themes: what its documents can say.  symbols: the language's column in the table of symbolizers, empty where it has none.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    read: Callable[[Path], tuple[NamedStyle, ...]]
    themes: tuple[type[Theme], ...]
    symbols: str = ""

    def reads_symbols(self, row: Symbolizer) -> bool:
        """True when the language can say this kind of symbol layer."""
        return bool(self.symbols) and getattr(row, self.symbols) is not None


def heat_radius(node: Node, told_pt: float, usual_pt: float) -> float:
    """A heat map's radius in points, no wider than WIDEST_HEAT_PT; the usual one where none is told."""
    if told_pt > WIDEST_HEAT_PT:
        node.warn(f"a heat map of radius {told_pt:g} pt", f"{WIDEST_HEAT_PT:g} pt are used")
    return min(told_pt, WIDEST_HEAT_PT) if told_pt > 0 else usual_pt


def to_scale_denominator(esri_scale: float) -> float | None:
    """A scale at 96 dpi as a scale denominator at 0.28 mm per pixel; None where 0 stands for no limit."""
    return esri_scale * OGC_PER_ESRI_SCALE if esri_scale > 0 else None


def to_esri_scale(scale_denominator: float | None) -> float:
    """A scale denominator at 0.28 mm per pixel as a scale at 96 dpi; 0 for no limit."""
    return scale_denominator / OGC_PER_ESRI_SCALE if scale_denominator else 0


def in_file(error: StyleInvalid, path: Path) -> StyleInvalid:
    """The error with the file it was found in, for the operator."""
    reason = error.reason or ""
    return StyleInvalid(error.sentence, reason=reason if str(path) in reason else f"{path}: {reason}")


def check_class_count(node: Node, count: int) -> None:
    """Raises StyleInvalid for more classes of cells than the largest colour table has."""
    if count > CELL_CLASSES.value:
        raise node.beyond("type", CELL_CLASSES, count)


def check_count(node: Node, key: str, count: int) -> None:
    """Raises StyleInvalid for more classes, rules or values than any map has."""
    if count > CLASSES.value:
        raise node.beyond(key, CLASSES, count)


ESRI_THEMES: tuple[type[Theme], ...] = (
    Single,
    Categories,
    Breaks,
    Graded,
    Proportional,
    HeatMap,
    DotDensity,
    Stretch,
    Classified,
    UniqueRaster,
    Colormap,
    RGB,
    ShadedRelief,
)
"""What ArcGIS can say, in layer files and over REST."""
