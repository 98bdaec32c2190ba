"""Job values -> words for people: states, lengths of time, parameter values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class State:
    """A job's state for the eye.  tone: ``good``, ``busy``, ``bad`` or ``quiet``.  is_over: it will not change any more."""

    word: str
    tone: str
    is_over: bool


_STATES = {
    "new": State("Waiting", "quiet", False),
    "submitted": State("Waiting", "quiet", False),
    "waiting": State("Waiting", "quiet", False),
    "executing": State("Running", "busy", False),
    "succeeded": State("Done", "good", True),
    "failed": State("Failed", "bad", True),
    "cancelled": State("Cancelled", "quiet", True),
    "timed_out": State("Timed out", "bad", True),
}


def state_of(status: str) -> State:
    """The state of a `jobs.job.JobStatus` value."""
    return _STATES[status]


def moment(when: datetime | None) -> str:
    """``20 Nov 2026, 09:30 UTC``; scripts turn it into the reader's own time."""
    if when is None:
        return ""
    zone = (when.tzname() or "") if when.tzinfo else ""
    return f"{when.day} {when:%b %Y, %H:%M} {zone}".strip()


def duration(start: datetime | None, end: datetime | None) -> str:
    """``12 s``, ``3 min 5 s``, ``2 h 10 min``; empty when unknown."""
    if start is None or end is None or (start.tzinfo is None) != (end.tzinfo is None):
        return ""
    seconds = (end - start).total_seconds()
    if seconds < 0:
        return ""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def bounds_words(west: float, south: float, east: float, north: float) -> str:
    """``36.45° to 36.77° N, 84.41° to 84.07° W``, with as many digits as the extent needs.  east: beyond 180 across the antimeridian."""
    digits = 2 if max(east - west, north - south) > 0.1 else 4
    return f"{_span(south, north, 'S', 'N', digits)}, {_span(west, east, 'W', 'E', digits)}"


def _span(low: float, high: float, below: str, above: str, digits: int) -> str:
    if high > 180:
        return f"{low:.{digits}f}° {above} to {360 - high:.{digits}f}° {below}"
    if low >= 0 or high <= 0:
        return f"{abs(low):.{digits}f}° to {abs(high):.{digits}f}° {above if low >= 0 else below}"
    return f"{-low:.{digits}f}° {below} to {high:.{digits}f}° {above}"
