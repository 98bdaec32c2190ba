"""The rasters opened last, kept open between pictures."""

from __future__ import annotations

from collections import OrderedDict
from functools import lru_cache

from rendermap.jobs.job import Layer
from rendermap.render.raster_levels import RasterLevels

WARM_RASTERS = 16
WARM_BYTES = 256 << 20


class WarmRasters:
    """The rasters opened last, for one thread."""

    def __init__(self, limit: int = WARM_RASTERS) -> None:
        self._limit = limit
        self._open: OrderedDict[tuple[str, str], RasterLevels] = OrderedDict()

    def get(self, layer: Layer) -> RasterLevels:
        """The raster of a layer, in the very version the layer's fingerprint names.  Raises SourceUnreadable, SourceRefused."""
        key = (layer.open_name, layer.source.fingerprint)
        if key not in self._open:
            self._drop_older(layer)
            self._open[key] = RasterLevels(layer)
        self._open.move_to_end(key)
        while len(self._open) > 1 and (len(self._open) > self._limit or self._memory_bytes() > WARM_BYTES):
            self._open.popitem(last=False)[1].close()
        return self._open[key]

    def forget(self) -> None:
        """Close them all."""
        while self._open:
            self._open.popitem()[1].close()

    def _memory_bytes(self) -> int:
        return sum(raster.memory_bytes for raster in self._open.values())

    def _drop_older(self, layer: Layer) -> None:
        for key in [key for key in self._open if key[0] == layer.open_name]:
            self._open.pop(key).close()


@lru_cache(maxsize=1)
def warm_rasters() -> WarmRasters:
    """The warm rasters of this worker."""
    return WarmRasters()
