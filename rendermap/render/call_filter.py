"""Which system calls a worker may not make, kept by the kernel (seccomp): no network, no other program, no hand on another process."""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from dataclasses import dataclass

SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC = 1, 1
LOAD, JUMP_EQUAL, JUMP_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
ALLOW, ERRNO, EACCES = 0x7FFF0000, 0x00050000, 13
NUMBER_AT, ARCHITECTURE_AT, FIRST_ARGUMENT_AT = 0, 4, 16
FOREIGN_NUMBERS = 0x40000000

EVERYWHERE = {"pidfd_send_signal": 424, "io_uring_setup": 425, "pidfd_open": 434, "pidfd_getfd": 438, "process_madvise": 440}


@dataclass(frozen=True, slots=True)
class Calls:
    """Numbers of system calls on one architecture.

    audit: its name in the kernel's audit.h.  refused: never allowed.  of_self: allowed where the first argument is the process itself.
    """

    audit: int
    seccomp: int
    refused: dict[str, int]
    of_self: dict[str, int]


CALLS = {
    "x86_64": Calls(
        0xC000003E,
        317,
        {"socket": 41, "execve": 59, "ptrace": 101, "tkill": 200, "execveat": 322, "process_vm_readv": 310, "process_vm_writev": 311}
        | {
            "rt_sigqueueinfo": 129,
            "rt_tgsigqueueinfo": 297,
            "unshare": 272,
            "setns": 308,
            "mount": 165,
            "bpf": 321,
        },
        {"kill": 62, "tgkill": 234, "prlimit64": 302},
    ),
    "aarch64": Calls(
        0xC00000B7,
        277,
        {"socket": 198, "execve": 221, "ptrace": 117, "tkill": 130, "execveat": 281, "process_vm_readv": 270, "process_vm_writev": 271}
        | {"rt_sigqueueinfo": 138, "rt_tgsigqueueinfo": 240, "unshare": 97, "setns": 268, "mount": 40, "bpf": 280},
        {"kill": 129, "tgkill": 131, "prlimit64": 261},
    ),
}


def filter_calls(libc: ctypes.CDLL) -> str | None:
    """Filter this process's calls for good, in all its threads.  The result says why it could not be had, None when it is so."""
    calls = CALLS.get(platform.machine())
    if calls is None:
        return f"no system call filter for {platform.machine()}"
    code = ctypes.create_string_buffer(b"".join(_program(calls)))
    program = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(code))
    if libc.syscall(calls.seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, program) != 0:
        return f"the system call filter was refused: {os.strerror(ctypes.get_errno())}"
    return None


def _program(calls: Calls) -> list[bytes]:
    """The filter's steps: (code, if true skip, if false skip, operand), as in linux/filter.h.

    The last three are: the first argument must be this process or nobody in particular; allowed; refused.
    """
    refused = [*calls.refused.values(), *EVERYWHERE.values()]
    of_self = [*calls.of_self.values()]
    tail = [
        (LOAD, 0, 0, FIRST_ARGUMENT_AT),
        (JUMP_EQUAL, 1, 0, 0),
        (JUMP_EQUAL, 0, 1, os.getpid()),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, ERRNO | EACCES),
    ]
    count = 4 + len(refused) + len(of_self) + 1  # steps before the tail
    deny, own = count + 4, count

    def to(target: int, at: int) -> int:
        return target - at - 1

    steps = [(LOAD, 0, 0, ARCHITECTURE_AT), (JUMP_EQUAL, 0, to(deny, 1), calls.audit), (LOAD, 0, 0, NUMBER_AT)]
    steps.append((JUMP_AT_LEAST, to(deny, 3), 0, FOREIGN_NUMBERS))
    steps += [(JUMP_EQUAL, to(deny, 4 + n), 0, number) for n, number in enumerate(refused)]
    steps += [(JUMP_EQUAL, to(own, 4 + len(refused) + n), 0, number) for n, number in enumerate(of_self)]
    steps.append((RETURN, 0, 0, ALLOW))
    return [struct.pack("HBBI", *step) for step in (*steps, *tail)]
