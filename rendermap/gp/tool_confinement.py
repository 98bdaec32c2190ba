"""What a tool may not do: read what is of others, write outside its scratch folder, grow without end, signal what it has not started."""

from __future__ import annotations

import ctypes
import resource
import sys
from pathlib import Path

from rendermap.gp.tool_order import ROOM, ToolOrder
from rendermap.landlock import is_available, restrict_tool

PR_SET_NO_NEW_PRIVS = 38
FIRST_VICTIM = 800
"""Before the server and the program that watches, when the machine runs out of memory."""
MB = 1 << 20
UNCONFINED = "tools may read and write whatever the server may"


def confine_tool(order: ToolOrder, scratch: Path) -> None:
    """Confine this process and all it starts, for good.  Raises OSError where the kernel could keep files apart and does not."""
    for what, bound in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_DATA, order.memory_mb * MB),
        (resource.RLIMIT_FSIZE, order.file_mb * MB),
    ):
        hard = resource.getrlimit(what)[1]
        least = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        resource.setrlimit(what, (least, least))
    if sys.platform != "linux":
        return
    score = Path("/proc/self/oom_score_adj")
    # it may not be lowered
    score.write_text(str(max(FIRST_VICTIM, int(score.read_text()))))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if is_available(libc) and (lack := restrict_tool(libc, (scratch, order.root / ROOM), (order.folder, *order.reads))):
        raise OSError(lack)


def lack_of_confinement() -> str | None:
    """Why they may, for the log; None where they are kept from files."""
    if sys.platform != "linux" or not is_available(ctypes.CDLL(None, use_errno=True)):
        return "the kernel does not keep files apart (Landlock)"
    return None
