"""The notes of workers, in the service's log."""

from __future__ import annotations

import structlog
from cachetools import TTLCache
from prometheus_client import Counter

from rendermap.dispatch.wire import Head

REMEMBERED = 1024
TOLD_AGAIN_S = 3600.0

log = structlog.get_logger()


class WorkerNotes:
    """Tells each note once an hour: every tile of a layer may bring the same one.  damaged: counts prepared copies that were."""

    def __init__(self, damaged: Counter) -> None:
        self._damaged = damaged
        self._told: TTLCache[str, bool] = TTLCache(REMEMBERED, TOLD_AGAIN_S)

    def tell(self, head: Head) -> None:
        """Log those that were not told lately, and all damage."""
        if head.damaged > 0:
            log.warning("prepared copies damaged, the originals are drawn", found=head.damaged)
            self._damaged.inc(head.damaged)
        for note in head.notes:
            if note not in self._told:
                self._told[note] = True
                log.warning("not drawn as the layer file says", found=note)
