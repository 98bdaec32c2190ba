"""Where a layer begins: pictures of nothing share one ETag, and another one tells that the layer is near, to as many digits as one asks."""

from __future__ import annotations

from collections.abc import Callable

from tests.builders.register import SOUTH, WEST
from tests.refusal.loot import FINEST_PIXEL_M, NUMBER_BYTES
from tests.refusal.thief import PARCELS, Thief

PIXEL_M, SIDE_PX = 0.07, 8
"""A little coarser than the finest: such pictures are drawn as they are asked for."""
REACH = 4 * PIXEL_M
BULGE = 0.01
"""What the culling of layers leaves around their boxes, as anybody reads in the source."""
STEPS = 36


def find_edges(thief: Thief) -> str:
    """Eight bytes for each side of the box of all parcels that is known better than the finest pixel."""
    middle_x, middle_y = WEST + 1200.0, SOUTH + 1000.0
    west, east = (_edge(lambda x: _etag(thief, x, middle_y), WEST + way * 5_000, middle_x) for way in (-1, 2))
    south, north = (_edge(lambda y: _etag(thief, middle_x, y), SOUTH + way * 5_000, middle_y) for way in (-1, 2))
    room = (SIDE_PX / 2) * PIXEL_M + REACH
    found = []
    for low, high in ((west, east), (south, north)):
        wide = (high - low - 2 * room) / (1 + 2 * BULGE)
        found += [low + room + BULGE * wide, high - room - BULGE * wide]
    x, y = thief.register.corners.T
    errors = [abs(side - true) for side, true in zip(found, (x.min(), x.max(), y.min(), y.max()), strict=True)]
    for number, error in enumerate(errors):
        if error < FINEST_PIXEL_M:
            thief.loot.add(f"side {number}", NUMBER_BYTES)
    return f"sides of the box to {min(errors):.3g} m"


def _etag(thief: Thief, x: float, y: float) -> str:
    half = SIDE_PX / 2 * PIXEL_M
    return thief.export((x - half, y - half, x + half, y + half), (SIDE_PX, SIDE_PX), PARCELS).headers.get("etag", "")


def _edge(tag: Callable[[float], str], outside: float, inside: float) -> float:
    """Where the answer for nothing ends."""
    nothing = tag(outside)
    for _ in range(STEPS):
        between = (outside + inside) / 2
        outside, inside = (between, inside) if tag(between) == nothing else (outside, between)
    return inside
