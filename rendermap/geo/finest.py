"""The grid of the one picture that finer views are cut from, and how much finer a view is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rendermap.geo.crs import metres_per_unit, transformer
from rendermap.geo.view import PIXEL_M, MapView

Floats = NDArray[np.float64]

_PLACES = (np.arange(5) + 0.5) / 5
_TINY = 1e-12
_SLACK = 1e-4
"""Views lie on a grid of a thousandth of a pixel: this much finer is not finer."""


@dataclass(frozen=True, slots=True)
class Finest:
    """A grid of square or oblong cells.  crs: canonical name.  dx, dy: a cell's sides in its units; corners at multiples of them."""

    crs: str
    dx: float
    dy: float

    @property
    def scale_denominator(self) -> float:
        """Of the picture whose pixels are the cells, at 0.28 mm per pixel."""
        return self.dx * metres_per_unit(self.crs) / PIXEL_M


def coarser(finest: Finest, times: int) -> Finest:
    """The grid whose cells are so many times as long and high."""
    return replace(finest, dx=finest.dx * times, dy=finest.dy * times)


def is_finer(view: MapView, finest: Finest) -> bool:
    """True when a device pixel of the view is smaller than a cell, in whatever direction and wherever in the view."""
    return magnification(view, finest) > 1 + _SLACK


@lru_cache(maxsize=4096)
def magnification(view: MapView, finest: Finest) -> float:
    """Device pixels that a cell is long in the view, at most.

    Measured on the ground, so that neither dots per inch, nor oblong pixels, nor a CRS made up for it makes a fine view pass for a coarse
    one.  Where nothing of the view has a place in the grid's CRS, by the units of both.
    """
    if view.crs == finest.crs:
        dx, dy = _sides(view)
        return 1 / max(min(dx / finest.dx, dy / finest.dy), _TINY)
    least = _least_steps(view, finest)
    least = least[np.isfinite(least)]
    return float(1 / max(least.min(), _TINY)) if least.size else _by_units(view, finest)


def _sides(view: MapView) -> tuple[float, float]:
    return view.bbox.width / view.width_px, view.bbox.height / view.height_px


def _least_steps(view: MapView, finest: Finest) -> Floats:
    """The smallest step, in cells of another CRS, that a step of one pixel in any direction makes, at places all over the view."""
    dx, dy = _sides(view)
    x, y = (part.ravel() for part in np.meshgrid(view.bbox.xmin + _PLACES * view.bbox.width, view.bbox.ymin + _PLACES * view.bbox.height))
    carried = transformer(view.crs, finest.crs).transform(np.concatenate([x, x + dx, x]), np.concatenate([y, y, y + dy]))
    with np.errstate(invalid="ignore", over="ignore"):
        (cols, right_cols, up_cols), (rows, right_rows, up_rows) = (
            np.asarray(part).reshape(3, -1) / side for part, side in zip(carried, (finest.dx, finest.dy), strict=True)
        )
        return _least_stretch(right_cols - cols, up_cols - cols, right_rows - rows, up_rows - rows)


def _least_stretch(a: Floats, b: Floats, c: Floats, d: Floats) -> Floats:
    """The smaller singular value of each matrix ((a, b), (c, d))."""
    return np.asarray(np.abs(np.hypot(a + d, b - c) - np.hypot(a - d, b + c)) / 2)


def _by_units(view: MapView, finest: Finest) -> float:
    return max(finest.dx, finest.dy) * metres_per_unit(finest.crs) / (min(_sides(view)) * metres_per_unit(view.crs))
