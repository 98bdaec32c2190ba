"""The grid of pixels that a view lies on, and its blocks: what must look alike in neighbouring tiles is worked out once for a block.

Tiles tell their grid by nothing but their boxes.  Its step is found in them without their noise, so that all tiles of a zoom agree.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from rendermap.geo.bbox import BBox, intersects, pad
from rendermap.geo.crs import transform_bbox
from rendermap.geo.view import MapView

TILE_CSS_PX = 512
"""Views no larger than this on either side are taken for tiles of something larger."""

BLOCK_CSS_PX = 1024
FINEST_RATIO = 4.0
PX_PER_PT = 96 / 72

_WORLDS = (40075016.685578488, 360.0)
"""Sides of the worlds that are halved from zoom to zoom, in metres of Web Mercator and in degrees."""

_NOISE = 2e-5
_PHASES = 64


@dataclass(frozen=True, slots=True)
class Lattice:
    """A grid of device pixels.  dx, dy: a pixel's sides in units of the CRS.  phase_x, phase_y: of its lines, in pixels from the origin."""

    dx: float
    dy: float
    phase_x: float
    phase_y: float


@dataclass(frozen=True, slots=True)
class Frame:
    """A view on the plane of CSS pixels whose origin is that of the CRS, y up.

    dx, dy: a CSS pixel's sides in units of the CRS.  left, bottom, width, height: in CSS pixels.
    """

    view: MapView
    dx: float
    dy: float
    left: float
    bottom: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Block:
    """A square of a lattice.  left_px, top_px: of its corner, in device pixels from that of a view."""

    frame: Frame
    left_px: int
    top_px: int


def lattice_of(view: MapView) -> Lattice:
    """The grid that the view lies on."""
    dx, phase_x = _axis(view.bbox.xmin, view.bbox.xmax, view.width_px)
    dy, phase_y = _axis(-view.bbox.ymax, -view.bbox.ymin, view.height_px)
    return Lattice(dx, dy, phase_x, phase_y)


def _axis(low: float, high: float, count: int) -> tuple[float, float]:
    step = _exact(low, high) / count
    start = low / step
    phase = round((start - round(start)) * _PHASES) / _PHASES
    return step, phase if abs(phase) < 0.5 else 0.5


def _exact(low: float, high: float) -> float:
    """The side of a tile: of a world that is halved again and again, else one that goes into its own edge, else as it is."""
    side = high - low
    for world in _WORLDS:
        zoom = math.log2(world / side)
        if abs(zoom - round(zoom)) < _NOISE and abs(low) <= world and abs(high) <= world:
            return world / 2.0 ** round(zoom)
    edge = low if abs(low) > abs(high) else high
    tiles = edge / side
    return edge / round(tiles) if abs(tiles) > 1.5 and abs(tiles - round(tiles)) < 1e-4 else side


def is_tile_like(view: MapView) -> bool:
    """True for views that others may lie beside; what is finer than any screen is a print."""
    return view.pixel_ratio <= FINEST_RATIO and max(view.width_px, view.height_px) <= TILE_CSS_PX * view.pixel_ratio


def blocks_of(view: MapView, lattice: Lattice) -> Iterator[Block]:
    """The blocks of the view's lattice that the view lies on."""
    side = round(BLOCK_CSS_PX * view.pixel_ratio)
    left = round(view.bbox.xmin / lattice.dx - lattice.phase_x)
    top = round(-view.bbox.ymax / lattice.dy - lattice.phase_y)
    for row in range(top // side, (top + view.height_px - 1) // side + 1):
        for col in range(left // side, (left + view.width_px - 1) // side + 1):
            yield Block(_block_frame(view, lattice, col, row, side), col * side - left, row * side - top)


def _block_frame(view: MapView, lattice: Lattice, col: int, row: int, side: int) -> Frame:
    """Nothing in it depends on the view's place: it is one and the same for all views on it."""
    ratio = view.pixel_ratio
    xs = [n * side + lattice.phase_x for n in (col, col + 1)]
    ys = [-(n * side + lattice.phase_y) for n in (row + 1, row)]
    box = BBox(xs[0] * lattice.dx, ys[0] * lattice.dy, xs[1] * lattice.dx, ys[1] * lattice.dy)
    block = MapView(box, view.crs, side, side, ratio)
    return Frame(block, lattice.dx * ratio, lattice.dy * ratio, xs[0] / ratio, ys[0] / ratio, side / ratio, side / ratio)


def whole_frame(view: MapView) -> Frame:
    """The frame of a view that stands alone."""
    box, ratio = view.bbox, view.pixel_ratio
    dx, dy = box.width / view.width_px * ratio, box.height / view.height_px * ratio
    return Frame(view, dx, dy, box.xmin / dx, box.ymin / dy, view.width_px / ratio, view.height_px / ratio)


def frames_of(view: MapView, lattice: Lattice) -> tuple[Frame, ...]:
    """What is drawn whole for a view: the blocks below a tile, else the view itself."""
    return tuple(block.frame for block in blocks_of(view, lattice)) if is_tile_like(view) else (whole_frame(view),)


def comes_near(box: BBox, crs: str, reach_pt: float, frame: Frame) -> bool:
    """True when what reaches so far beyond a box of a CRS may lie in the frame.  The same for every view that is cut from it."""
    found = transform_bbox(box, crs, frame.view.crs)
    reach = reach_pt * PX_PER_PT + 4
    return found is not None and intersects(
        pad(found, reach * frame.dx + found.width * 0.01, reach * frame.dy + found.height * 0.01), frame.view.bbox
    )
