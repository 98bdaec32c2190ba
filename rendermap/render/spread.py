"""How features are spread around the earth: those near the antimeridian lie at both ends of their coordinates, and yet together."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import pyogrio
import pyogrio.raw
import shapely
from numpy.typing import NDArray

from rendermap.geo.bbox import BBox
from rendermap.geo.turns import Turn, across, turn_of
from rendermap.render.vector_facts import ERRORS, quiet

Floats = NDArray[np.float64]

MOST_FEATURES = 200_000
MOST_WIDE = 100
"""Features that reach around half the earth, whose parts are looked at one by one."""
_FIRST = 1000
"""What is spread all over the earth shows it soon."""


def frame_of(path: Path, member: str | None, crs: str | None, bbox: BBox | None, count: int) -> BBox | None:
    """The box that shows a dataset across the antimeridian, its eastern side beyond it; None of what is best seen as it lies.

    crs: its canonical name.  bbox: of its coordinates, as the result.
    """
    if crs is None or bbox is None or not is_spread(bbox, crs) or not 0 < count <= MOST_FEATURES:
        return None
    turn = turn_of(crs)
    assert turn is not None
    found: tuple[float, float] | None = None
    with suppress(*ERRORS):
        for most in (_FIRST, None) if count > _FIRST else (None,):
            spans = _spans(path, member, turn, most)
            found = across(*spans, turn) if spans else None
            if found is None:
                break
    return BBox(found[0], bbox.ymin, found[1], bbox.ymax) if found else None


def is_spread(bbox: BBox, crs: str) -> bool:
    """True of what reaches around half the earth by its coordinates, and may lie closer together by the other way round."""
    turn = turn_of(crs)
    return turn is not None and bbox.width > turn.width / 2


def _spans(path: Path, member: str | None, turn: Turn, most: int | None) -> tuple[Floats, Floats] | None:
    """(lows, highs) along x; None where a feature, or too many, reach around half the earth."""
    with quiet():
        ids, bounds = pyogrio.read_bounds(path, layer=member, max_features=most)
    is_known = np.isfinite(bounds).all(axis=0)
    is_wide = is_known & (bounds[2] - bounds[0] > turn.width / 2)
    lows, highs = bounds[0, is_known & ~is_wide], bounds[2, is_known & ~is_wide]
    if is_wide.sum() > MOST_WIDE:
        return None
    if is_wide.any():
        parts = _parts(path, member, ids[is_wide])
        if (parts[:, 2] - parts[:, 0] > turn.width / 2).any():
            return None
        lows, highs = np.append(lows, parts[:, 0]), np.append(highs, parts[:, 2])
    return (lows, highs) if len(lows) else None


def _parts(path: Path, member: str | None, ids: NDArray[np.int64]) -> Floats:
    """Boxes (n, 4) of what features are cut into, at the antimeridian above all."""
    with quiet():
        _, _, found, _ = pyogrio.raw.read(path, layer=member, columns=[], fids=ids)
    bounds = shapely.bounds(shapely.get_parts(shapely.from_wkb(found, on_invalid="ignore")))
    return np.asarray(bounds[np.isfinite(bounds).all(axis=1)])
