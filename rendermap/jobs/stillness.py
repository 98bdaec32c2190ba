"""Remembers what folders looked like at the last looks, by a clock that never goes back: files' own times lie when the clock was set."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cachetools import LRUCache


@dataclass(frozen=True, slots=True)
class _Look:
    """state: what the folder looked like.  at_s: of the last look.  changed_s: when a change was seen, None when none was."""

    state: str
    at_s: float
    changed_s: float | None


class Stillness:
    """Safe for threads."""

    def __init__(self, now: Callable[[], float] = time.monotonic, limit: int = 4096) -> None:
        self._now = now
        self._looks: LRUCache[Path, _Look] = LRUCache(limit)
        self._lock = threading.Lock()

    def has_changed(self, folder: Path, state: str, within_s: float) -> bool:
        """True when the folder has changed for certain in the last seconds; a folder that nobody looked at of late may have too.

        state: what it looks like now.
        """
        now_s = self._now()
        with self._lock:
            last = self._looks.get(folder)
            changed_s = last.changed_s if last else None
            if last and last.state != state and now_s - last.at_s < within_s:
                changed_s = now_s
            self._looks[folder] = _Look(state, now_s, changed_s)
        return changed_s is not None and now_s - changed_s < within_s
