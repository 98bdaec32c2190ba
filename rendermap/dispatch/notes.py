"""The notes of workers, in the service's log."""

from __future__ import annotations

import structlog
from cachetools import TTLCache

REMEMBERED = 1024
TOLD_AGAIN_S = 3600.0

log = structlog.get_logger()


class WorkerNotes:
    """Tells each note once an hour: every tile of a layer may bring the same one."""

    def __init__(self) -> None:
        self._told: TTLCache[str, bool] = TTLCache(REMEMBERED, TOLD_AGAIN_S)

    def tell(self, notes: tuple[str, ...]) -> None:
        """Log those that were not told lately."""
        for note in notes:
            if note not in self._told:
                self._told[note] = True
                log.warning("not drawn as the layer file says", found=note)
