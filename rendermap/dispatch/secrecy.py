"""Keeps the service's own memory, where its secrets are, out of its workers' reach."""

from __future__ import annotations

import ctypes
import sys

PR_SET_DUMPABLE = 4


def hide_memory() -> bool:
    """Close ``/proc/<pid>/environ`` and ``mem`` of this process to others of the same user, and with them debuggers and core dumps.

    True when it is so; only Linux offers it.
    """
    return sys.platform == "linux" and bool(ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)


def show_memory() -> None:
    """Take `hide_memory` back, for a program that was forked from one that hides its own."""
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
