"""A clock that tests set."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Clock:
    """Tells the time it was set to, in seconds."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now
