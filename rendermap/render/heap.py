"""Memory that was freed goes back to the machine; the C library would keep it: 300 MB after a large dataset was prepared."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

BUSY_BYTES = 64 << 20
"""A worker that is asked without a pause keeps so much for its next drawing, which then need not fetch it again."""
IDLE_BYTES = 4 << 20


class Heap:
    """The C library's heap of this process."""

    def __init__(self) -> None:
        # glibc's alone: other libraries give memory back by themselves
        self._trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        self._kept_bytes = 0

    def give_back(self, slack_bytes: int) -> None:
        """Give back what is free, where the process has grown by more than slack_bytes since it last did."""
        if self._trim is not None and _resident_bytes() > self._kept_bytes + slack_bytes:
            self._trim(0)
            self._kept_bytes = _resident_bytes()


def _resident_bytes() -> int:
    """Without files that are mapped."""
    _, resident, of_files, *_ = Path("/proc/self/statm").read_text().split()
    return (int(resident) - int(of_files)) * os.sysconf("SC_PAGE_SIZE")
