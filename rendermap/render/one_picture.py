"""Views finer than a layer may be seen are cut from one picture of it, so that whoever asks often, shifted or finer, learns no more.

The picture's pixels are the cells of a `Finest`.  It is drawn in blocks that depend on nothing but their place in the grid: a cell has one
colour, in whatever view it is met.  A view shows of each cell that colour and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from rendermap.geo.bbox import BBox
from rendermap.geo.crs import is_geographic
from rendermap.geo.finest import Finest, coarser
from rendermap.geo.view import MapView, parts_of
from rendermap.render.blocks import Blocks
from rendermap.render.raster_patch import Patch
from rendermap.render.raster_source import Affine
from rendermap.render.resample_mesh import MeshSampler
from rendermap.render.warp import CellGrid, Mesh, locate, points_of

Pixels = NDArray[np.uint8]
Indices = NDArray[np.int64]

BLOCK_CELLS = 256
MOST_BLOCKS = 12
"""Below one part of a view.  One that is finer than the grid lies on six at most; what lies on more is coarse elsewhere, and cut from
a picture whose cells are twice, four times and so on as large."""

BLOCKS_BYTES = 12 << 20
"""Some fifty blocks; a view that is finer lies on six at most, and the next mostly on the same."""
_PART_PX = 256
_LEAST_SCALE = 1 / 16
"""Cells per pixel, below which the whole numbers that planes are stepped over in are too coarse for a pixel."""
_HALF = 1 << 30
"""Blocks of a row on either side of the origin; what lies farther away is no place on earth."""


@dataclass(frozen=True, slots=True)
class OnePicture:
    """A picture that is never drawn as a whole.

    key: tells it from others of the same grid.  draw: its pixels in a view, None where it has none.
    """

    finest: Finest
    key: object
    draw: Callable[[MapView], Pixels | None]


BLOCKS_OF_ONE = Blocks(BLOCKS_BYTES)


def cut_from(picture: OnePicture, view: MapView) -> Pixels:
    """What a view shows of the one picture: (height, width, 4) uint8, straight alpha; each pixel is the cell under its centre."""
    pixels = np.zeros((view.height_px, view.width_px, 4), np.uint8)
    for left, top, part in parts_of(view, _PART_PX):
        _cut_part(picture, part, pixels[top : top + part.height_px, left : left + part.width_px])
    return pixels


def _cut_part(picture: OnePicture, view: MapView, out: Pixels) -> None:
    if not _cut_mesh(picture, view, out):
        _cut_pixels(picture, view, out)


def _cut_mesh(picture: OnePicture, view: MapView, out: Pixels) -> bool:
    """Where the cells lie as a mesh, by that; False where they do not, or on too many blocks."""
    mesh = _mesh_on(view, picture.finest)
    if mesh is None:
        return False
    left, top, right, bottom = (int(np.floor(edge)) for edge in (mesh.cols.min(), mesh.rows.min(), mesh.cols.max(), mesh.rows.max()))
    spans = range(top // BLOCK_CELLS, bottom // BLOCK_CELLS + 1), range(left // BLOCK_CELLS, right // BLOCK_CELLS + 1)
    if len(spans[0]) * len(spans[1]) > MOST_BLOCKS or max(map(abs, (left, top, right, bottom))) >= _HALF * BLOCK_CELLS:
        return False
    cells = np.zeros((bottom + 1 - top, right + 1 - left), np.uint32)
    for row, col in product(*spans):
        _lay(_block(picture, picture.finest, col, row), cells, row * BLOCK_CELLS - top, col * BLOCK_CELLS - left)
    patch = Patch(cells[np.newaxis], None, None, left, top, (1.0, 1.0))
    out[:] = MeshSampler(patch, mesh, by_planes=mesh.scale > _LEAST_SCALE).pick(cells).view(np.uint8).reshape(out.shape)
    return True


def _mesh_on(view: MapView, grid: Finest) -> Mesh | None:
    """The mesh of a view on a grid that has one cell for one place; None where it has none."""
    mesh = locate(view, grid.crs, _affine(grid))
    if isinstance(mesh, CellGrid):
        return None
    if not is_geographic(grid.crs):
        return mesh
    turn = 360.0 / grid.dx
    if mesh.cols.min() >= turn / 2:
        return replace(mesh, cols=mesh.cols - turn)
    return mesh if mesh.cols.max() < turn / 2 else None


def _lay(block: Pixels | None, cells: NDArray[np.uint32], top: int, left: int) -> None:
    """A block among cells, of which its own first lies at (top, left)."""
    if block is None:
        return
    height, width = cells.shape
    rows, cols = slice(max(-top, 0), height - top), slice(max(-left, 0), width - left)
    numbers = np.ascontiguousarray(block).view(np.uint32)[..., 0][rows, cols]
    cells[max(top, 0) :, max(left, 0) :][: numbers.shape[0], : numbers.shape[1]] = numbers


def _cut_pixels(picture: OnePicture, view: MapView, out: Pixels) -> None:
    times = 1
    while True:
        grid = coarser(picture.finest, times)
        cols, rows, is_placed = _cells_of(view, grid)
        numbers = _block_numbers(cols, rows)
        found = _distinct(numbers[is_placed])
        if len(found) <= MOST_BLOCKS:
            break
        times *= 2
    for number in found:
        row, col = divmod(int(number) + _HALF, 2 * _HALF)
        col -= _HALF
        block = _block(picture, grid, col, row)
        if block is not None:
            here = is_placed & (numbers == number) if len(found) > 1 or not is_placed.all() else ...
            out[here] = block[rows[here] - row * BLOCK_CELLS, cols[here] - col * BLOCK_CELLS]


def _cells_of(view: MapView, grid: Finest) -> tuple[Indices, Indices, NDArray[np.bool_]]:
    """(columns, rows from the north, which are known) of the cells under the centres of the view's pixels, (height, width) each."""
    place = locate(view, grid.crs, _affine(grid))
    cols, rows = points_of(place) if isinstance(place, Mesh) else (place.cols, place.rows)
    if is_geographic(grid.crs):
        # told from 0 to 360 degrees, for rasters; here there is one cell for one place
        turn = 360.0 / grid.dx
        cols = np.where(cols >= turn / 2, cols - turn, cols)
    with np.errstate(invalid="ignore"):
        is_placed = (np.abs(cols) < _HALF * BLOCK_CELLS) & (np.abs(rows) < _HALF * BLOCK_CELLS)
    cols, rows = np.where(is_placed, cols, 0), np.where(is_placed, rows, 0)
    return np.floor(cols).astype(np.int64), np.floor(rows).astype(np.int64), is_placed


def _affine(grid: Finest) -> Affine:
    return Affine(grid.dx, 0, 0, 0, -grid.dy, 0)


def _block_numbers(cols: Indices, rows: Indices) -> Indices:
    """The block of each cell, as one number."""
    return (rows // BLOCK_CELLS) * (2 * _HALF) + cols // BLOCK_CELLS


def _distinct(numbers: Indices) -> Indices:
    """Each number once.  Neighbouring pixels mostly lie on one block, so few are left to sort."""
    if not numbers.size:
        return numbers
    changes = np.flatnonzero(numbers[1:] != numbers[:-1])
    return np.unique(numbers[np.append(changes, len(numbers) - 1)])


def _block(picture: OnePicture, grid: Finest, col: int, row: int) -> Pixels | None:
    """A block of the picture, None where it is empty.  row: from the north."""

    def draw() -> Pixels | None:
        pixels = picture.draw(_block_view(grid, col, row))
        return pixels if pixels is not None and pixels[..., 3].any() else None

    return BLOCKS_OF_ONE.get((picture.key, grid, col, row), draw)


def _block_view(grid: Finest, col: int, row: int) -> MapView:
    wide, high = BLOCK_CELLS * grid.dx, BLOCK_CELLS * grid.dy
    return MapView(BBox(col * wide, -(row + 1) * high, (col + 1) * wide, -row * high), grid.crs, BLOCK_CELLS, BLOCK_CELLS)
