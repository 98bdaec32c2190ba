"""Dots scattered in polygons: one for every so many of a number, at places told by chance, and always at the same ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from rendermap.errors import StyleInvalid
from rendermap.limits import DOTS
from rendermap.render.field_values import made_of
from rendermap.symbology.expressions.tree import Operand, columns

DOT_COLUMN = "rm dot"
"""0 for the polygons themselves, else which kind of dot a point is, from 1."""

_MOST_TRIES = 64
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)

Shapes = NDArray[np.object_]
Ints = NDArray[np.int64]
Masked = tuple[NDArray[Any], NDArray[np.bool_] | None]


@dataclass(frozen=True, slots=True)
class Scattering:
    """Adds the dots of polygons to them.  values: the numbers, one per kind of dot."""

    values: tuple[Operand, ...]
    dot_value: float
    seed: int

    def __call__(self, shapes: Shapes, table: dict[str, Masked]) -> tuple[Shapes, dict[str, Masked]]:
        """Polygons and their columns -> the same and, behind them, the dots, which have their polygon's attributes.

        Raises StyleInvalid where there would be far more dots than a style is fitted to.
        """
        owners, kinds, numbers = self._dots(shapes, {name: data for name, (data, _) in table.items()})
        xy = _scattered(shapes, owners, _keys(self.seed, owners, kinds, numbers))
        # in an order of chance, so that no kind of dot lies on top of all others
        order = np.argsort(_chance(_keys(self.seed + 1, owners, kinds, numbers), 0), kind="stable")
        owners, kinds, dots = owners[order], kinds[order], shapely.points(xy[order])
        whose = np.concatenate([np.arange(len(shapes)), owners])
        made = {name: (data[whose], None if missing is None else missing[whose]) for name, (data, missing) in table.items()}
        made[DOT_COLUMN] = (np.concatenate([np.zeros(len(shapes), np.int64), kinds + 1]), None)
        return np.concatenate([shapes, dots]), made

    def _dots(self, shapes: Shapes, table: dict[str, NDArray[Any]]) -> tuple[Ints, Ints, Ints]:
        """Of every dot: whose it is, of which kind, and its number among those."""
        counts = np.stack([self._counts(value, kind, shapes, table) for kind, value in enumerate(self.values)])
        if counts.sum() > DOTS.value:
            raise StyleInvalid(DOTS.sentence, reason=f"{counts.sum()} dots")
        kinds, owners = (np.repeat(index.ravel(), counts.ravel()) for index in np.indices(counts.shape))
        firsts = np.repeat(np.cumsum(counts.ravel()) - counts.ravel(), counts.ravel())
        return owners.astype(np.int64), kinds.astype(np.int64), np.arange(counts.sum(), dtype=np.int64) - firsts

    def _counts(self, value: Operand, kind: int, shapes: Shapes, table: dict[str, NDArray[Any]]) -> Ints:
        """Whole dots, and one more with the chance of what is left over."""
        column = made_of(value, {name: table[name] for name in columns(value)})
        numbers = np.nan_to_num(column.astype(np.float64)) if column.dtype.kind in "biuf" else np.zeros(len(shapes))
        index = np.arange(len(shapes), dtype=np.int64)
        dots = np.maximum(numbers, 0.0) / self.dot_value + _chance(_keys(self.seed, index, np.full_like(index, kind), index * 0 - 1), 0)
        return np.where(shapely.get_dimensions(shapes) == 2, np.floor(np.minimum(dots, DOTS.value + 1)), 0).astype(np.int64)


def _scattered(shapes: Shapes, owners: Ints, keys: NDArray[np.uint64]) -> NDArray[np.float64]:
    """A place inside its polygon for each dot: tried in the polygon's box until one is inside."""
    shapely.prepare(shapes)
    bounds = shapely.bounds(shapes)
    xy = np.empty((len(owners), 2))
    open_dots = np.arange(len(owners))
    for attempt in range(_MOST_TRIES):
        if not len(open_dots):
            break
        box, key = bounds[owners[open_dots]], keys[open_dots]
        tried = box[:, :2] + np.column_stack([_chance(key, 2 * attempt + 1), _chance(key, 2 * attempt + 2)]) * (box[:, 2:] - box[:, :2])
        inside = shapely.contains_xy(shapes[owners[open_dots]], tried)
        xy[open_dots[inside]] = tried[inside]
        open_dots = open_dots[~inside]
    if len(open_dots):
        # a sliver: all that were not lucky stand on one place in it
        xy[open_dots] = shapely.get_coordinates(shapely.point_on_surface(shapes[owners[open_dots]]))
    return xy


def _keys(seed: int, owners: Ints, kinds: Ints, numbers: Ints) -> NDArray[np.uint64]:
    """A key of chance for each dot, the same in every process."""
    key = np.full(len(owners), seed % 2**63, np.uint64)
    for part in (owners, kinds, numbers):
        key = _mixed(key ^ part.astype(np.uint64))
    return key


def _chance(keys: NDArray[np.uint64], number: int) -> NDArray[np.float64]:
    """A number from 0 to 1 for each key."""
    with np.errstate(over="ignore"):
        moved = keys + np.uint64(number) * _GOLDEN
    return (_mixed(moved) >> np.uint64(11)).astype(np.float64) / 2.0**53


def _mixed(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64: each bit of the result hangs on every bit of the key."""
    with np.errstate(over="ignore"):
        keys = keys + _GOLDEN
        keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return keys ^ (keys >> np.uint64(31))
