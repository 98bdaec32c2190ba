"""Whether the service should be sent requests: it says no before it cannot draw any more, and why."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

NEARLY_FULL = 0.9
_UNLIMITED_BYTES = 1 << 60
"""Control groups of the first kind say "none" by a number about this large."""


class Drawers(Protocol):
    """Those who draw."""

    @property
    def ready(self) -> bool: ...
    @property
    def queue_share(self) -> float: ...


class Readiness:
    """least_memory_bytes: the service is not ready with less to take; 0 for never mind.  is_door_open: whether anybody is let in."""

    def __init__(self, drawers: Drawers, least_memory_bytes: int, is_door_open: Callable[[], bool] = lambda: True) -> None:
        self._drawers = drawers
        self._is_door_open = is_door_open
        self._least_memory_bytes = least_memory_bytes
        self._is_leaving = False

    def leave(self) -> None:
        """Not ready from now on."""
        self._is_leaving = True

    def reasons(self) -> tuple[str, ...]:
        """Why not, in words for whoever looks after the service; none when it is ready."""
        found = {
            "the service is shutting down": self._is_leaving,
            "who may see what cannot be told: the access folder is not understood": not self._is_door_open(),
            "no drawing process is up": not self._drawers.ready,
            "the queue of drawings is nearly full": self._drawers.queue_share >= NEARLY_FULL,
            "memory is short": self._is_memory_short(),
        }
        return tuple(words for words, is_so in found.items() if is_so)

    def _is_memory_short(self) -> bool:
        if not self._least_memory_bytes:
            return False
        free_bytes = available_bytes()
        return free_bytes is not None and free_bytes < self._least_memory_bytes


# --- memory ----------------------------------------------------------------------------------------------------------


def available_bytes(root: Path = Path("/")) -> int | None:
    """Memory that may still be taken: the machine's, or that of a control group we are in where it is tighter.

    root: where ``proc`` and ``sys`` are.  None where the system does not tell, as on anything but Linux.
    """
    return min(_found_bytes(root), default=None)


def _found_bytes(root: Path) -> Iterator[int]:
    told = _number_after("MemAvailable:", _text_of(root / "proc/meminfo"))
    if told is not None:
        yield told * 1024
    for line in _text_of(root / "proc/self/cgroup").splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0":
            yield from _groups(root / "sys/fs/cgroup", path, ("memory.max", "memory.current", "inactive_file"))
        elif "memory" in controllers.split(","):
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            yield from _groups(root / "sys/fs/cgroup/memory", path, names)


def _groups(mount: Path, path: str, names: tuple[str, str, str]) -> Iterator[int]:
    """Of a group and all above it, for each bounds those below.  In a container the upper ones, or the path itself, may not be there.

    names: of the files of the limit and of what is used, and of the line about pages of files that can be dropped at any time.
    """
    limit_name, used_name, droppable_name = names
    place = mount / path.strip("/")
    for folder in (place, *place.parents):
        limit, used = _text_of(folder / limit_name).strip(), _text_of(folder / used_name).strip()
        if limit.isdecimal() and used.isdecimal() and int(limit) < _UNLIMITED_BYTES:
            droppable = _number_after(droppable_name, _text_of(folder / "memory.stat")) or 0
            yield max(int(limit) - int(used) + droppable, 0)
        if folder == mount:
            return


def _text_of(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""


def _number_after(word: str, text: str) -> int | None:
    found = re.search(rf"^{re.escape(word)}\s+(\d+)", text, re.MULTILINE)
    return int(found[1]) if found else None
