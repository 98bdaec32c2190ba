"""Symbols of very many classes sorted into groups: what a group's symbols differ in are numbers and colours that features can carry."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from rendermap.render.painted import Paint, Paints
from rendermap.symbology.symbolizers.fill.mapnik import seamless_gamma
from rendermap.symbology.symbolizers.symbolizer import PX_PER_PT, format_number
from rendermap.symbology.symbols import Color, Fill, Marker, Stroke, Symbol, SymbolLayer, map_layers

COLOR_COLUMN, NUMBER_COLUMN = "rm color {}", "rm number {}"


@dataclass(frozen=True, slots=True)
class Look:
    """What a feature is told of its symbol.  group: its number from 1, 0 for none; numbers: widths in px, opacities, gammas."""

    group: int = 0
    colors: tuple[str, ...] = ()
    numbers: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Classes alike but for what their features carry.  symbol: with stand-ins for that."""

    number: int
    symbol: Symbol
    paints: Paints


class LookSorter:
    """Sorts symbols by what is left of them without their colours and, with_numbers, their widths of lines and opacities.

    Numbers worked out for each feature cost a little, so they are for symbols that differ in them.
    """

    def __init__(self, *, with_numbers: bool) -> None:
        self._with_numbers = with_numbers
        self._groups: dict[Symbol, Group] = {}
        self._members: dict[int, int] = {}

    def look_of(self, symbol: Symbol) -> Look:
        """What features drawn by the symbol carry."""
        stripped = _Stripped(self._with_numbers)
        bare = map_layers(symbol, stripped.layer)
        group = self._groups.setdefault(bare, Group(len(self._groups) + 1, bare, tuple(stripped.paints)))
        self._members[group.number] = self._members.get(group.number, 0) + 1
        return Look(group.number, tuple(stripped.colors), tuple(stripped.numbers))

    def groups(self) -> tuple[Group, ...]:
        """Those of most classes first, for they are tried one by one."""
        return tuple(sorted(self._groups.values(), key=lambda group: -self._members[group.number]))


@dataclass
class _Stripped:
    """What has been taken out of a symbol so far, and how it is put back by Mapnik."""

    with_numbers: bool
    colors: list[str] = field(default_factory=list)
    numbers: list[float] = field(default_factory=list)
    paints: list[Paint] = field(default_factory=list)

    def layer(self, layer: SymbolLayer) -> SymbolLayer:
        """The layer with stand-ins for what may be the feature's own; all else is part of its shape."""
        if isinstance(layer, Fill):
            return self._fill(layer)
        if isinstance(layer, Stroke):
            return self._stroke(layer)
        if isinstance(layer, Marker) and layer.placement != "pattern":
            fill = self._color(layer.fill) if layer.fill else None
            return replace(layer, fill=fill, stroke=replace(layer.stroke, color=self._color(layer.stroke.color)) if layer.stroke else None)
        return layer

    def _fill(self, layer: Fill) -> Fill:
        opacity = layer.color.a / 255
        if not self.with_numbers or not opacity:
            return replace(layer, color=self._color(layer.color))
        return replace(layer, color=self._color(layer.color, opacity=self._number(opacity), gamma=self._number(seamless_gamma(opacity))))

    def _stroke(self, layer: Stroke) -> Stroke:
        if not self.with_numbers or not layer.color.a or layer.width_pt <= 0 or layer.size_by:
            return replace(layer, color=self._color(layer.color))
        width = self._number(layer.width_pt * PX_PER_PT)
        return replace(layer, width_pt=1.0, color=self._color(layer.color, opacity=self._number(layer.color.a / 255), width=width))

    def _color(self, color: Color, **numbers: str) -> Color:
        place = len(self.colors)
        stand = Color(1, 2 + place % 250, 3 + place // 250, 255 if numbers else color.a)
        self.colors.append(f"#{color.r:02x}{color.g:02x}{color.b:02x}")
        self.paints.append(Paint(stand, f"[{COLOR_COLUMN.format(place)}]", **numbers))
        return stand

    def _number(self, value: float) -> str:
        """Its column; the number is the one that a rule would be written with."""
        self.numbers.append(float(format_number(value)))
        return f"[{NUMBER_COLUMN.format(len(self.numbers) - 1)}]"
