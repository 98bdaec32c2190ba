"""How large the swatches of a layer are: all symbols are made smaller by one share, so that what is twice as large stays twice as large."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

GROWS_UP_TO = 2.0
"""A swatch grows to this many times its size for a large symbol; larger ones are drawn smaller."""

OF_SIZES_UP_TO = 4.0
"""The same where symbols of a layer differ in size."""

_DIFFERENT = 1.25
_LEAST_SEEN_PX = 3.0
Need = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Room:
    """A swatch in device pixels, and the share of its true size in which the symbol is drawn."""

    width_px: int
    height_px: int
    share: float


def rooms(needs: Sequence[Need], width_px: int, height_px: int, ratio: float, grows_up_to: float = GROWS_UP_TO) -> list[Room]:
    """The room of each symbol of a layer.

    needs: (width, height) that each paints, in device pixels.  width_px, height_px: of the swatches, of which none is smaller.
    grows_up_to: how many times that, where all symbols are about as large.
    """
    sizes = [max(need) for need in needs]
    grows = OF_SIZES_UP_TO if max(sizes) > _DIFFERENT * max(min(sizes), 1.0) else grows_up_to
    share = min(_share(need, width_px * grows, height_px * grows) for need in needs)
    return [_room(need, max(share, min(1.0, _LEAST_SEEN_PX * ratio / max(*need, 1.0))), width_px, height_px) for need in needs]


def _share(need: Need, most_x: float, most_y: float) -> float:
    return min(1.0, most_x / max(need[0], 1.0), most_y / max(need[1], 1.0))


def _room(need: Need, share: float, width_px: int, height_px: int) -> Room:
    return Room(max(width_px, round(need[0] * share)), max(height_px, round(need[1] * share)), share)
