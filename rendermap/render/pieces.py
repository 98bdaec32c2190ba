"""Symbol layers that Mapnik cannot draw from a feature as it is: gradients, of bands of the polygon; markers at vertices, of points; and
markers along a polygon's outline, of its rings, for Mapnik sees the first only.

A copy of the dataset holds each feature several times, its pieces in the order they are drawn; rules tell the pieces apart by number.
Even numbers are the feature itself, for the symbol layers between; odd ones are cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from rendermap.render.gradients import Cut, bands, cut_of
from rendermap.render.painted import Paint, stand_in
from rendermap.render.theme_rules import NOTHING, DrawnRule
from rendermap.symbology.facts import Field, FieldKind, GeometryKind
from rendermap.symbology.ramps import color_at
from rendermap.symbology.symbolizers.fill.mapnik import seamless_gamma
from rendermap.symbology.symbols import Color, Fill, GradientFill, PointLayer, Ramp, Symbol, SymbolLayer

Shapes = NDArray[np.object_]
Columns = dict[str, NDArray[Any]]
VERTICES, RINGS = "vertices", "rings"
"""The cut of a line into its vertices, of a polygon into its outlines."""

PART, CUT, ANGLE, ORDER, COLOR, GAMMA = "rm_part", "rm_cut", "rm_angle", "rm_order", "rm_color_{}", "rm_gamma_{}"
_ALONG = ("line", "first", "last")
AnyCut = Cut | str


@dataclass(frozen=True, slots=True)
class Pieces:
    """What a copy must hold.

    cuts: how features are cut.  ramps: colours of bands, each with the number of its cut.  places: the numbers of the cuts that are
    drawn at the first odd number, at the second, ...
    """

    cuts: tuple[AnyCut, ...]
    ramps: tuple[tuple[int, Ramp], ...]
    places: tuple[tuple[int, ...], ...]

    @property
    def fields(self) -> tuple[Field, ...]:
        """The columns it has beside the dataset's own."""
        colors = tuple(Field(COLOR.format(i), FieldKind.TEXT) for i in range(len(self.ramps)))
        gammas = tuple(Field(GAMMA.format(i), FieldKind.REAL) for i in range(len(self.ramps)))
        numbers = tuple(Field(name, FieldKind.INTEGER) for name in (PART, CUT, ORDER))
        return (*numbers, Field(ANGLE, FieldKind.REAL), *colors, *gammas)


def is_cut(layer: SymbolLayer, geometry: GeometryKind) -> bool:
    """True for a symbol layer that is drawn from pieces on that kind of geometry."""
    if isinstance(layer, GradientFill):
        return geometry is GeometryKind.POLYGON
    if not isinstance(layer, PointLayer) or geometry is GeometryKind.POINT:
        return False
    return layer.placement == "vertex" or (layer.placement in _ALONG and geometry is GeometryKind.POLYGON)


def pieces_of(symbols: Iterable[Symbol], geometry: GeometryKind, *, follow: bool = False) -> Pieces | None:
    """The pieces that symbols need, None where features do as they are.

    follow: a feature may be drawn with several of the symbols, each after the one before.
    """
    cuts: dict[AnyCut, int] = {}
    ramps: dict[tuple[int, Ramp], None] = {}
    places: list[set[int]] = []
    for symbol in symbols:
        place = len(places) if follow else 0
        for layer in symbol.layers:
            if not is_cut(layer, geometry):
                continue
            number = cuts.setdefault(_cut_of(layer), len(cuts))
            places += [set()] * (place == len(places))
            places[place] = places[place] | {number}
            place += 1
            if isinstance(layer, GradientFill):
                ramps[number, layer.ramp] = None
    return Pieces(tuple(cuts), tuple(ramps), tuple(tuple(sorted(numbers)) for numbers in places)) if places else None


def _cut_of(layer: SymbolLayer) -> AnyCut:
    if isinstance(layer, GradientFill):
        return cut_of(layer)
    return VERTICES if isinstance(layer, PointLayer) and layer.placement == "vertex" else RINGS


# --- rules -----------------------------------------------------------------------------------------------------------


def pieced(rules: Iterable[DrawnRule], pieces: Pieces, geometry: GeometryKind, *, follow: bool = False) -> Iterator[DrawnRule]:
    """The rules for the copy: each feature is drawn once by each, whatever pieces it is in.  follow: see `pieces_of`."""
    start = 0
    for rule in rules:
        if rule.geometry in (None, geometry):
            yield from _of_symbol(rule, pieces, geometry, start)
            start += 2 * sum(is_cut(layer, geometry) for layer in rule.symbol.layers) if follow else 0
        else:
            yield _on(rule, f"[{PART}]={start}", rule.symbol)
        # What is left of the feature must not be drawn by the next class.
        yield replace(rule, symbol=NOTHING, paints=())


def _of_symbol(rule: DrawnRule, pieces: Pieces, geometry: GeometryKind, start: int) -> Iterator[DrawnRule]:
    part = start
    whole: list[SymbolLayer] = []
    for layer in rule.symbol.layers:
        if not is_cut(layer, geometry):
            whole.append(layer)
            continue
        if whole:
            yield _on(rule, f"[{PART}]={part}", Symbol(tuple(whole)))
        number = pieces.cuts.index(_cut_of(layer))
        yield _of_cut(_on(rule, f"[{PART}]={part + 1} and [{CUT}]={number}", rule.symbol), layer, pieces, number)
        part, whole = part + 2, []
    if whole:
        yield _on(rule, f"[{PART}]={part}", Symbol(tuple(whole)))


def _of_cut(rule: DrawnRule, layer: SymbolLayer, pieces: Pieces, number: int) -> DrawnRule:
    if isinstance(layer, GradientFill):
        color = stand_in(rule.symbol, 250)
        band = Fill(color, level=layer.level, dx_pt=layer.dx_pt, dy_pt=layer.dy_pt)
        ramp = pieces.ramps.index((number, layer.ramp))
        paint = Paint(color, f"[{COLOR.format(ramp)}]", gamma=f"[{GAMMA.format(ramp)}]")
        return replace(rule, symbol=Symbol((band,)), paints=(paint,))
    assert isinstance(layer, PointLayer)
    if layer.placement in _ALONG:
        return replace(rule, symbol=Symbol((layer,)), geometry=GeometryKind.LINE)
    return replace(rule, symbol=Symbol((replace(layer, placement=""),)), geometry=GeometryKind.POINT, turn=f"-1*[{ANGLE}]")


def _on(rule: DrawnRule, test: str, symbol: Symbol) -> DrawnRule:
    return replace(rule, test=f"({rule.test}) and {test}" if rule.test else test, symbol=symbol)


# --- rows ------------------------------------------------------------------------------------------------------------


def rows(shapes: Shapes, pieces: Pieces) -> tuple[NDArray[np.intp], Shapes, Columns]:
    """(the feature that each row is a piece of, its geometry, the columns of `Pieces.fields`); features and pieces as they are drawn."""
    made = [*_wholes(shapes, pieces)]
    for number, cut in enumerate(pieces.cuts):
        made += _cut_rows(shapes, number, cut, pieces)
    owners, geometries = (np.concatenate([part[i] for part in made]) for i in (0, 1))
    numbers = np.concatenate([np.full(len(part[0]), part[2]) for part in made])
    columns = {name: np.concatenate([part[3][name] for part in made]) for name in made[0][3]}
    kept = ~(shapely.is_missing(geometries) | shapely.is_empty(geometries))
    order = np.lexsort((np.arange(len(owners)), numbers, owners))
    order = order[kept[order]]
    first_to_last = {PART: numbers[order], ORDER: -np.arange(len(order))}
    return owners[order], geometries[order], {name: data[order] for name, data in columns.items()} | first_to_last


Part = tuple[NDArray[np.intp], Shapes, int, Columns]


def _wholes(shapes: Shapes, pieces: Pieces) -> Iterator[Part]:
    for place in range(len(pieces.places) + 1):
        yield np.arange(len(shapes)), shapes, 2 * place, _columns(len(shapes), pieces, -1)


def _cut_rows(shapes: Shapes, number: int, cut: AnyCut, pieces: Pieces) -> Iterator[Part]:
    owners, cuttings, columns = _cuttings(shapes, number, cut, pieces)
    for place, numbers in enumerate(pieces.places):
        if number in numbers:
            yield owners, cuttings, 2 * place + 1, columns


def _cuttings(shapes: Shapes, number: int, cut: AnyCut, pieces: Pieces) -> tuple[NDArray[np.intp], Shapes, Columns]:
    if isinstance(cut, Cut):
        return _bands(shapes, number, cut, pieces)
    return _vertices(shapes, number, pieces) if cut == VERTICES else _rings(shapes, number, pieces)


def _rings(shapes: Shapes, number: int, pieces: Pieces) -> tuple[NDArray[np.intp], Shapes, Columns]:
    areas = np.flatnonzero(shapely.get_dimensions(shapes) == 2)
    parts, owners = shapely.get_parts(shapes[areas], return_index=True)
    rings, part_of = shapely.get_rings(parts, return_index=True)
    return areas[owners[part_of]], rings, _columns(len(rings), pieces, number)


def _bands(shapes: Shapes, number: int, cut: Cut, pieces: Pieces) -> tuple[NDArray[np.intp], Shapes, Columns]:
    areas = np.flatnonzero(shapely.get_dimensions(shapes) == 2)
    sound = shapely.make_valid(shapes[areas])
    found, positions = bands(sound, cut)
    columns = _columns(len(areas) * len(found), pieces, number)
    for i, (owner, ramp) in enumerate(pieces.ramps):
        if owner == number:
            colors = [color_at(ramp, position) for position in positions]
            columns[COLOR.format(i)] = np.repeat(np.array([_hex(color) for color in colors], object), len(areas))
            columns[GAMMA.format(i)] = np.repeat([seamless_gamma(color.a / 255) for color in colors], len(areas))
    return np.tile(areas, len(found)), np.concatenate(found), columns


def _hex(color: Color) -> str:
    return f"#{color.r:02x}{color.g:02x}{color.b:02x}{color.a:02x}"


def _vertices(shapes: Shapes, number: int, pieces: Pieces) -> tuple[NDArray[np.intp], Shapes, Columns]:
    owners, points, angles = [], [], []
    for owner, shape in enumerate(shapes):
        for line in _lines(shape):
            corners = shapely.get_coordinates(line)
            is_ring = len(corners) > 2 and (corners[0] == corners[-1]).all()
            owners.append(np.full(len(corners) - is_ring, owner))
            points.append(corners[: len(corners) - is_ring])
            angles.append(_directions(corners, is_ring=bool(is_ring)))
    if not owners:
        return np.array([], np.intp), np.array([], object), _columns(0, pieces, number)
    columns = _columns(sum(len(a) for a in angles), pieces, number)
    columns[ANGLE] = np.concatenate(angles)
    return np.concatenate(owners), np.asarray(shapely.points(np.concatenate(points))), columns


def _lines(shape: shapely.Geometry) -> Iterator[shapely.Geometry]:
    for part in shapely.get_parts(shape):
        dimension = shapely.get_dimensions(part)
        if dimension == 1:
            yield part
        elif dimension == 2:
            yield from shapely.get_rings(part)


def _directions(corners: NDArray[np.float64], *, is_ring: bool) -> NDArray[np.float64]:
    """The line's direction at its vertices, degrees counter-clockwise from east: between its two edges, or along the only one."""
    steps = np.diff(corners, axis=0)
    steps /= np.maximum(np.hypot(*steps.T), 1e-300)[:, np.newaxis]
    before = np.vstack([steps[-1:] if is_ring else steps[:1], steps])
    after = np.vstack([steps, steps[-1:]])
    mean = (before + after)[: len(corners) - is_ring]
    return np.degrees(np.arctan2(mean[:, 1], mean[:, 0]))


def _columns(count: int, pieces: Pieces, number: int) -> Columns:
    texts = {COLOR.format(i): np.full(count, "", object) for i in range(len(pieces.ramps))}
    gammas = {GAMMA.format(i): np.ones(count) for i in range(len(pieces.ramps))}
    return {CUT: np.full(count, number), ANGLE: np.zeros(count), **texts, **gammas}
