"""What a worker has to say about a picture that it did draw: kept until the answer goes, and told with it."""

from __future__ import annotations

import logging

from rendermap.render.seals import DAMAGE

MOST_NOTES = 20
LONGEST_NOTE_CHARS = 300


class Notes(logging.Handler):
    """Keeps the warnings of this process, each once, until they are taken."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._kept: dict[str, None] = {}
        self._damaged = 0

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler`."""
        if getattr(record, DAMAGE, False):
            self._damaged += 1
        elif len(self._kept) < MOST_NOTES:
            self._kept[record.getMessage()[:LONGEST_NOTE_CHARS]] = None

    def take(self) -> tuple[str, ...]:
        """The notes since they were last taken."""
        taken = tuple(self._kept)
        self._kept.clear()
        return taken

    def take_damaged(self) -> int:
        """How many prepared copies were found damaged since it was last asked."""
        damaged, self._damaged = self._damaged, 0
        return damaged
