"""The process above the one that watches a tool: should that be killed, this one ends whatever the tool has started.

The other way round, the one that watches is told when its guard is killed, and ends the tool.  Only on Linux.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
GUARD_IS_GONE = signal.SIGHUP


def go_under_guard() -> None:
    """Return in a fork of this process, while this one becomes its guard and never returns.  The fork gets GUARD_IS_GONE if need be."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    guard = os.getpid()
    # before the fork: nothing the tool starts is ever without one to whom it falls
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    if watcher := os.fork():
        _guard(watcher)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    libc.prctl(PR_SET_PDEATHSIG, GUARD_IS_GONE, 0, 0, 0)
    if os.getppid() != guard:
        raise SystemExit("the guard was killed")


def _guard(watcher: int) -> NoReturn:
    signal.signal(signal.SIGTERM, lambda *_: os.kill(watcher, signal.SIGKILL))
    os.waitid(os.P_PID, watcher, os.WEXITED | os.WNOWAIT)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    end_all()
    os._exit(0)


def end_all() -> None:
    """End whatever the tool has started and left behind, in whatever session: it has become ours as its parent ended."""
    while True:
        for child in _children():
            with suppress(ProcessLookupError, PermissionError):
                os.kill(child, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _children() -> list[int]:
    try:
        return [int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]
    except OSError:
        return []
