"""What a worker has to say about a picture that it did draw: kept until the answer goes, and told with it."""

from __future__ import annotations

import logging

MOST_NOTES = 20
LONGEST_NOTE_CHARS = 300


class Notes(logging.Handler):
    """Keeps the warnings of this process, each once, until they are taken."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._kept: dict[str, None] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler`."""
        if len(self._kept) < MOST_NOTES:
            self._kept[record.getMessage()[:LONGEST_NOTE_CHARS]] = None

    def take(self) -> tuple[str, ...]:
        """The notes since they were last taken."""
        taken = tuple(self._kept)
        self._kept.clear()
        return taken
