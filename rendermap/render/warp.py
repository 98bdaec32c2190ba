"""Where a view lies in a raster: exact on a coarse grid, bilinear between, exact again where that would be wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from rendermap.geo.crs import is_geographic, transformer
from rendermap.geo.view import MapView
from rendermap.render.raster_source import Affine

Floats = NDArray[np.float64]

_TOLERANCE_PX = 0.1
_MESH_TOLERANCE_PX = 0.08
_FIRST_CELLS = 8
_FINEST_CELL_PX = 4
_FEW = 0.15


@dataclass(frozen=True, slots=True)
class CellGrid:
    """cols, rows: (height, width) float64, the place of every pixel's centre in the raster, counted in cells from its outer corner (so the
    first cell's centre is 0.5); not finite where the view shows no place on earth.  scale: cells per pixel.
    """

    cols: Floats
    rows: Floats
    scale: float


@dataclass(frozen=True, slots=True)
class Mesh:
    """A view cut into parts within each of which places in the raster are bilinear.

    across, down: pixels, ascending from 0, at which the parts begin and end.  cols, rows: (len(down), len(across)) float64, the
    place of their corners in the raster, in cells from its outer corner.  scale: cells per pixel.
    """

    across: NDArray[np.intp]
    down: NDArray[np.intp]
    cols: Floats
    rows: Floats
    scale: float


def locate(view: MapView, crs: str, transform: Affine) -> Mesh | CellGrid:
    """The place of a view in a raster: of the corners of a mesh, or where none fits, of each pixel.

    crs, transform: of the raster, (column, row) -> (x, y).  Right to about a tenth of a view's pixel.
    """
    place = _Place(view, crs, transform)
    fine = place.on_grid(_FIRST_CELLS * 2)
    turn = _turn_of(crs, transform)
    return _mesh_of(fine, view, turn) or _cell_grid(fine, place, view, turn)


def box_of(place: Mesh | CellGrid, width: int, height: int) -> tuple[float, float, float, float] | None:
    """The cells (left, top, right, bottom) of a raster of width by height that a view shows; None when it lies beside the raster."""
    cols, rows = place.cols, place.rows
    if isinstance(place, CellGrid):
        with np.errstate(invalid="ignore"):
            inside = (cols >= 0) & (rows >= 0) & (cols < width) & (rows < height)
        if not inside.any():
            return None
        cols, rows = cols[inside], rows[inside]
    left, right, top, bottom = float(cols.min()), float(cols.max()), float(rows.min()), float(rows.max())
    if right <= 0 or bottom <= 0 or left >= width or top >= height:
        return None
    return max(left, 0.0), max(top, 0.0), min(right, width), min(bottom, height)


def points_of(mesh: Mesh) -> tuple[Floats, Floats]:
    """Columns and rows of the centre of each pixel, (height, width)."""
    down, across = (_between(edges, np.arange(edges[-1]) + 0.5) for edges in (mesh.down, mesh.across))
    return _blend(mesh.cols, down, across), _blend(mesh.rows, down, across)


def points_at(mesh: Mesh, across_px: NDArray[np.intp], down_px: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Columns and rows of the centres of some pixels, (n,)."""
    c, towards_right = _between(mesh.across, across_px.astype(np.float64) + 0.5)
    r, towards_bottom = _between(mesh.down, down_px.astype(np.float64) + 0.5)
    weights = (1 - towards_right) * (1 - towards_bottom), towards_right * (1 - towards_bottom)
    below = (1 - towards_right) * towards_bottom, towards_right * towards_bottom

    def of(places: Floats) -> Floats:
        upper = places[r, c] * weights[0] + places[r, c + 1] * weights[1]
        spread: Floats = upper + places[r + 1, c] * below[0] + places[r + 1, c + 1] * below[1]
        return spread

    return of(mesh.cols), of(mesh.rows)


def _mesh_of(fine: tuple[Floats, Floats], view: MapView, turn: float | None) -> Mesh | None:
    """The mesh of fewest parts that is close enough to the fine grid; None when none is, or where the fine grid is torn."""
    if not (np.isfinite(fine[0]).all() and np.isfinite(fine[1]).all()):
        return None
    if turn is not None:
        turns = np.floor(fine[0] / turn)
        if turns.min() != turns.max():
            return None
        fine = (fine[0] - turns * turn, fine[1])
    scale = _scale_of(fine, view, fine[0].shape[0] - 1)
    parts = _fewest_parts(fine, scale * _MESH_TOLERANCE_PX)
    return _mesh(fine, view, scale, parts) if parts else None


def _fewest_parts(fine: tuple[Floats, Floats], tolerance: float) -> tuple[int, int] | None:
    """Parts across and down that err by no more than the tolerance, in cells; None when it takes more than the fine grid has.

    A line between places n steps apart misses those between by n * n / 8 second differences at most.  Bends across and down add up where
    they go the same way; in a projection true to shape they go opposite ways.
    """
    count = fine[0].shape[0] - 1
    bends = [bend for places in fine for bend in _bends(places * (count * count / 8))]
    fits = (
        (across, down)
        for across, down in _parts_by_number(count)
        if all(bend[0] / across**2 + bend[1] / down**2 <= tolerance for bend in bends)
    )
    return next(fits, None)


def _bends(places: Floats) -> Iterator[tuple[float, float]]:
    """The largest second differences across and down, first of those one way, then of those the other."""
    across = places[:, 2:] - 2 * places[:, 1:-1] + places[:, :-2]
    down = places[2:] - 2 * places[1:-1] + places[:-2]
    yield max(float(across.max()), 0.0), max(float(down.max()), 0.0)
    yield max(float(-across.min()), 0.0), max(float(-down.min()), 0.0)


@lru_cache(maxsize=4)
def _parts_by_number(count: int) -> tuple[tuple[int, int], ...]:
    """Every halving of a grid's steps across and down, those of fewest parts first."""
    halvings = [parts for parts in range(1, count + 1) if not count % parts]
    return tuple(sorted(product(halvings, halvings), key=lambda parts: parts[0] * parts[1]))


def _between(edges: NDArray[np.intp], at: Floats) -> tuple[NDArray[np.intp], Floats]:
    """The edge before each place, and how far the place is towards the next, 0 to 1."""
    first = np.clip(np.searchsorted(edges, at, side="right") - 1, 0, len(edges) - 2)
    return first, (at - edges[first]) / (edges[first + 1] - edges[first])


def _mesh(fine: tuple[Floats, Floats], view: MapView, scale: float, parts: tuple[int, int]) -> Mesh:
    """The mesh of so many parts across and down, its edges on whole pixels."""
    count = fine[0].shape[0] - 1
    cols, rows = (places[:: count // parts[1], :: count // parts[0]] for places in fine)
    across, down = _edges(view.width_px, parts[0]), _edges(view.height_px, parts[1])
    if view.width_px % parts[0] or view.height_px % parts[1]:
        at_cols, at_rows = (_among_even(edges, n) for edges, n in zip((across, down), parts, strict=True))
        cols, rows = _blend(cols, at_rows, at_cols), _blend(rows, at_rows, at_cols)
    return Mesh(across, down, cols, rows, scale)


def _among_even(edges: NDArray[np.intp], parts: int) -> tuple[NDArray[np.intp], Floats]:
    """Place and weight of edges among even parts of a side."""
    return _between(np.arange(parts + 1), edges * (parts / edges[-1]))


@lru_cache(maxsize=64)
def _edges(side_px: int, parts: int) -> NDArray[np.intp]:
    """Whole pixels at about even places of a side, its ends among them, each once."""
    return np.unique(np.rint(np.linspace(0, side_px, parts + 1)).astype(np.intp))


def _cell_grid(fine: tuple[Floats, Floats], place: _Place, view: MapView, turn: float | None) -> CellGrid:
    cells = _FIRST_CELLS
    scale = _scale_of(fine, view, cells * 2)
    while True:
        bad = _misfits(fine, max(scale, 1e-12) * _TOLERANCE_PX)
        finest = max(view.width_px, view.height_px) / cells <= _FINEST_CELL_PX
        if not bad.any() or finest or (bad.mean() < _FEW and cells > _FIRST_CELLS):
            break
        cells *= 2
        fine = place.on_grid(cells * 2)
        scale = _scale_of(fine, view, cells * 2)
    cols, rows = (_spread(part, view.height_px, view.width_px) for part in fine)
    if bad.any():
        _correct(cols, rows, bad, place)
    if turn is not None:
        cols = cols - np.floor(cols / turn) * turn
    return CellGrid(cols, rows, scale)


class _Place:
    """Carries places of the view, in pixels, into the raster."""

    def __init__(self, view: MapView, crs: str, transform: Affine) -> None:
        self._view, self._inverse = view, ~transform
        self._carry = None if view.crs == crs else transformer(view.crs, crs)

    def on_grid(self, count: int) -> tuple[Floats, Floats]:
        """Columns and rows at count + 1 places along each side of the view, edges included."""
        px, py = _unit_grid(count)
        return self.of(px * self._view.width_px, py * self._view.height_px)

    def of(self, px: Floats, py: Floats) -> tuple[Floats, Floats]:
        """Columns and rows of places given in pixels from the view's upper left corner."""
        box, inverse = self._view.bbox, self._inverse
        x = box.xmin + px * (box.width / self._view.width_px)
        y = box.ymax - py * (box.height / self._view.height_px)
        if self._carry is not None:
            x, y = self._carry.transform(x, y)
        lost = ~(np.isfinite(x) & np.isfinite(y))
        if lost.any():
            x, y = np.where(lost, np.nan, x), np.where(lost, np.nan, y)
        return inverse.a * x + inverse.b * y + inverse.c, inverse.d * x + inverse.e * y + inverse.f


@lru_cache(maxsize=16)
def _unit_grid(count: int) -> tuple[Floats, Floats]:
    px, py = np.meshgrid(np.linspace(0, 1, count + 1), np.linspace(0, 1, count + 1))
    return px, py


def _scale_of(fine: tuple[Floats, Floats], view: MapView, count: int) -> float:
    """Cells per pixel, the median of the square root of the area a pixel covers."""
    dcx, dcy = np.diff(fine[0], axis=1)[:-1], np.diff(fine[0], axis=0)[:, :-1]
    drx, dry = np.diff(fine[1], axis=1)[:-1], np.diff(fine[1], axis=0)[:, :-1]
    areas = np.abs(dcx * dry - dcy * drx) * (count / view.width_px) * (count / view.height_px)
    areas = areas[np.isfinite(areas)]
    return float(np.sqrt(np.median(areas))) if areas.size else 0.0


def _misfits(fine: tuple[Floats, Floats], tolerance: float) -> NDArray[np.bool_]:
    """Which cells of the fine grid are not nearly flat: the grid of every second place, with bilinear between, would miss those between.

    Halving the cell quarters the error, so a fine cell is right when the coarse one around it errs by four tolerances at most.
    """
    wrong = np.zeros((fine[0].shape[0] // 2, fine[0].shape[1] // 2), np.bool_)
    for part in fine:
        corners = part[::2, ::2]
        across, down = (corners[:, 1:] + corners[:, :-1]) / 2, (corners[1:] + corners[:-1]) / 2
        middle = (across[1:] + across[:-1]) / 2
        off_across, off_down = np.abs(part[::2, 1::2] - across), np.abs(part[1::2, ::2] - down)
        errors = np.stack([off_across[1:], off_across[:-1], off_down[:, 1:], off_down[:, :-1], np.abs(part[1::2, 1::2] - middle)])
        known = np.isfinite(part)
        some = sliding_window_view(known, (3, 3))[::2, ::2]
        # Wholly outside the projection is fine as it is; a horizon through a cell is not.
        horizon = some.any(axis=(2, 3)) & ~some.all(axis=(2, 3))
        wrong |= horizon | (np.nan_to_num(errors) > 4 * tolerance).any(axis=0)
    return np.repeat(np.repeat(wrong, 2, axis=0), 2, axis=1)


def _spread(values: Floats, height: int, width: int) -> Floats:
    """Bilinear values at the centre of every pixel from values at regular places."""
    return _blend(values, _weights(values.shape[0] - 1, height), _weights(values.shape[1] - 1, width))


def _blend(values: Floats, down: tuple[NDArray[np.intp], Floats], across: tuple[NDArray[np.intp], Floats]) -> Floats:
    """Bilinear values at a place and weight along each side."""
    (r0, wr), (c0, wc) = down, across
    rows = values[r0] * (1 - wr)[:, None] + values[r0 + 1] * wr[:, None]
    spread: Floats = rows[:, c0] * (1 - wc) + rows[:, c0 + 1] * wc
    return spread


def _weights(cells: int, size: int) -> tuple[NDArray[np.intp], Floats]:
    at: Floats = (np.arange(size, dtype=np.float64) + 0.5) * (cells / size)
    first: NDArray[np.intp] = np.minimum(at.astype(np.intp), cells - 1)
    return first, at - first.astype(np.float64)


def _correct(cols: Floats, rows: Floats, bad: NDArray[np.bool_], place: _Place) -> None:
    height, width = cols.shape
    r0, _ = _weights(bad.shape[0], height)
    c0, _ = _weights(bad.shape[1], width)
    ys, xs = np.nonzero(bad[r0][:, c0])
    cols[ys, xs], rows[ys, xs] = place.of(xs.astype(np.float64) + 0.5, ys.astype(np.float64) + 0.5)


def _turn_of(crs: str, transform: Affine) -> float | None:
    """Columns once around the world: longitudes 360 degrees apart are the same place, and rasters may run from 0 to 360 or across
    the antimeridian.  None where columns are no longitudes.
    """
    if transform.b or transform.d or not transform.a or not is_geographic(crs):
        return None
    return 360.0 / abs(transform.a)
