"""What a worker may not do: grow without end, leave core dumps, outlive its service, reach a network, start programs, touch others.

Where the kernel keeps files apart it reads only the jobs and itself, each job in a thread that reads no other (`job_threads`), and writes
only to the service's scratch folder.  A hostile dataset that takes over a reader can still answer falsely, spoil the copies that other
workers draw from, and read other jobs, for threads share their memory.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import struct
import sys
from pathlib import Path

from rendermap.landlock import restrict_process
from rendermap.limits import COPY_BYTES
from rendermap.render.call_filter import filter_calls
from rendermap.render.job_threads import MOST_THREADS, STACK_BYTES

DATA_SHARE = 2.0
"""Writable address space per byte of granted memory, beside the stacks: the hard stop stands above the bound that the service watches."""
FIRST_VICTIM = 800
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38
CAPABILITY_VERSION = 0x20080522
KEPT_CAPABILITIES = (1, 2)
"""CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH."""


def confine(memory_limit_bytes: int, writable: Path, readable: tuple[Path, ...] = ()) -> str | None:
    """Confine this process for good.

    writable: the only folder it may write to.  readable: the only data it may read; every file when empty.
    The result says what could not be had here, None when nothing is missing.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.umask(0o077)
    data_bytes = int(memory_limit_bytes * DATA_SHARE) + MOST_THREADS * STACK_BYTES
    for what, limit in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_DATA, data_bytes), (resource.RLIMIT_FSIZE, COPY_BYTES.value)):
        hard = resource.getrlimit(what)[1]
        bound = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(what, (bound, bound))
    if sys.platform != "linux":
        return "workers end with their service, and are kept from network, files and other processes, only on Linux"
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    score = Path("/proc/self/oom_score_adj")
    # it may not be lowered, and pods that are promised nothing stand at 1000
    score.write_text(str(max(FIRST_VICTIM, int(score.read_text()))))
    _drop_capabilities(libc)
    lacks = (restrict_process(libc, writable, readable), filter_calls(libc))
    return "; ".join(filter(None, lacks)) or None


def _drop_capabilities(libc: ctypes.CDLL) -> None:
    """Also the superuser's worker may do nothing but read and write files, of which others may be the owners."""
    low = sum(1 << bit for bit in KEPT_CAPABILITIES)
    held = struct.unpack("6I", _capabilities(libc))
    kept = struct.pack("6I", held[0] & low, held[1] & low, 0, 0, 0, 0)
    libc.capset(struct.pack("Ii", CAPABILITY_VERSION, 0), kept)


def _capabilities(libc: ctypes.CDLL) -> bytes:
    """(effective, permitted, inheritable), low words first."""
    found = ctypes.create_string_buffer(24)
    libc.capget(struct.pack("Ii", CAPABILITY_VERSION, 0), found)
    return found.raw
