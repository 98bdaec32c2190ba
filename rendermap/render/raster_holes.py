"""Which cells of a raster hold data: numbers that are finite and not the one that means none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Cells = NDArray[Any]
Valid = NDArray[np.bool_]


def valid_cells(cells: Cells, nodata: Sequence[float | None]) -> Valid | None:
    """Which cells, (bands, height, width), hold data in at least one band; None when all do.

    nodata: of each band, None where it has none.
    """
    missing: Valid | None = None
    for values, tag in zip(cells, nodata, strict=True):
        hole = _holes(values, tag)
        if hole is None:
            return None
        missing = hole if missing is None else missing & hole
    return None if missing is None or not missing.any() else ~missing


def _holes(values: Cells, nodata: float | None) -> Valid | None:
    """Which values mean no data, infinite ones among them; None when none can.  The tag is compared as the sample type would hold it."""
    hole: Valid | None = ~np.isfinite(values) if values.dtype.kind == "f" else None
    if nodata is None:
        return hole
    if values.dtype.kind != "f" and not (float(nodata).is_integer() and np.iinfo(values.dtype).min <= nodata <= np.iinfo(values.dtype).max):
        return hole
    same = np.asarray(values == values.dtype.type(nodata))
    return same if hole is None else same | hole
