"""What a worker may not do: grow without end, leave core dumps, outlive its service, reach a network, start programs.

A hostile dataset that takes over a reader finds itself in a process that has no way out but its answer.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import struct
import sys
from dataclasses import dataclass
from pathlib import Path

DATA_SHARE = 2.0
"""Writable address space per byte of granted memory: the hard stop stands above the bound that the service watches."""
MAX_FILE_BYTES = 1 << 30
FIRST_VICTIM = "800"
EACCES, AF_UNIX = 13, 1

PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38
SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC = 1, 1
LOAD, JUMP_EQUAL, JUMP_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
NUMBER_AT, ARCHITECTURE_AT, FIRST_ARGUMENT_AT = 0, 4, 16
FOREIGN_NUMBERS = 0x40000000


@dataclass(frozen=True, slots=True)
class Calls:
    """Numbers of system calls on one architecture.  audit: its name in the kernel's audit.h."""

    audit: int
    seccomp: int
    socket: int
    execve: int
    execveat: int
    io_uring_setup: int = 425


CALLS = {"x86_64": Calls(0xC000003E, 317, 41, 59, 322), "aarch64": Calls(0xC00000B7, 277, 198, 221, 281)}


def confine(memory_limit_bytes: int) -> str | None:
    """Confine this process for good.  The result says what could not be had here, None when nothing is missing."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.umask(0o077)
    data_bytes = int(memory_limit_bytes * DATA_SHARE)
    for what, limit in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_DATA, data_bytes), (resource.RLIMIT_FSIZE, MAX_FILE_BYTES)):
        hard = resource.getrlimit(what)[1]
        bound = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(what, (bound, bound))
    if sys.platform != "linux":
        return "workers end with their service, and stay off the network, only on Linux"
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    Path("/proc/self/oom_score_adj").write_text(FIRST_VICTIM)
    return _filter_calls(libc, CALLS.get(platform.machine()))


def _filter_calls(libc: ctypes.CDLL, calls: Calls | None) -> str | None:
    if calls is None:
        return f"no system call filter for {platform.machine()}"
    code = ctypes.create_string_buffer(b"".join(_program(calls)))
    program = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(code))
    if libc.syscall(calls.seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, program) != 0:
        return f"the system call filter was refused: {os.strerror(ctypes.get_errno())}"
    return None


def _program(calls: Calls) -> list[bytes]:
    """A seccomp filter: no socket but a local one, no io_uring (it opens sockets too), no other program.

    Steps are (code, if true skip, if false skip, operand), as in linux/filter.h.
    """
    steps = [
        (LOAD, 0, 0, ARCHITECTURE_AT),
        (JUMP_EQUAL, 0, 8, calls.audit),
        (LOAD, 0, 0, NUMBER_AT),
        (JUMP_AT_LEAST, 6, 0, FOREIGN_NUMBERS),
        (JUMP_EQUAL, 5, 0, calls.execve),
        (JUMP_EQUAL, 4, 0, calls.execveat),
        (JUMP_EQUAL, 3, 0, calls.io_uring_setup),
        (JUMP_EQUAL, 0, 3, calls.socket),
        (LOAD, 0, 0, FIRST_ARGUMENT_AT),
        (JUMP_EQUAL, 1, 0, AF_UNIX),
        (RETURN, 0, 0, ERRNO | EACCES),
        (RETURN, 0, 0, ALLOW),
    ]
    return [struct.pack("HBBI", *step) for step in steps]
