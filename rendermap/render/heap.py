"""Memory that a worker can do without goes back to the machine.

What was freed, of which the C library would keep 300 MB after a large dataset was prepared; and the pages of mapped files, which stay in
the machine's own cache and are there again in microseconds when they are looked at, but count as the worker's until then.
"""

from __future__ import annotations

import ctypes
import os
import re
from dataclasses import dataclass
from pathlib import Path

_SHARED_READ_ONLY = re.compile(rb"^([0-9a-f]+)-([0-9a-f]+) r--s ", re.MULTILINE)
_MADV_DONTNEED = 4


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes.  own: that are the process's alone.  mapped: of files, libraries among them."""

    own: int
    mapped: int


BUSY = Memory(64 << 20, 32 << 20)
"""A worker that is asked without a pause keeps so much for its next drawing, which then need not fetch it again."""
IDLE = Memory(4 << 20, 4 << 20)
RESTING = Memory(0, 0)


class Heap:
    """The memory of this process."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None)
        # glibc's alone: other libraries give memory back by themselves
        self._trim = getattr(self._libc, "malloc_trim", lambda _: None)
        self._kept = resident()

    def give_back(self, slack: Memory) -> None:
        """Give back where the process has grown by more than the slack since it last did."""
        grown = resident()
        is_large = grown.own > self._kept.own + slack.own
        is_wide = grown.mapped > self._kept.mapped + slack.mapped
        if is_large:
            self._trim(0)
        if is_wide:
            self._leave_files()
        if is_large or is_wide:
            left = resident()
            self._kept = Memory(left.own if is_large else self._kept.own, left.mapped if is_wide else self._kept.mapped)

    def _leave_files(self) -> None:
        """Only of mappings that nobody writes through: what is looked at again is what the file holds."""
        for first, end in _SHARED_READ_ONLY.findall(Path("/proc/self/maps").read_bytes()):
            start = int(first, 16)
            self._libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(int(end, 16) - start), _MADV_DONTNEED)


def resident() -> Memory:
    """What of this process is in the machine's memory."""
    _, whole, of_files, *_ = map(int, Path("/proc/self/statm").read_text().split())
    page_bytes = os.sysconf("SC_PAGE_SIZE")
    return Memory((whole - of_files) * page_bytes, of_files * page_bytes)
