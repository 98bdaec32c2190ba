"""Which files a process may open, kept by the kernel (Landlock): its own scratch folder to write, what it needs to read, nothing else.

Restrictions hold for the thread that asks for them and those it starts, and are never taken back; of several the narrowest counts.
Numbers and names as in linux/landlock.h.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
import sysconfig
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
CREATE_RULESET_VERSION, RULE_PATH_BENEATH = 1, 1
LEAST_VERSION = 2
"""Version 1 knows no renaming from folder to folder, by which copies come into their place."""

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
CHANGES = sum(1 << bit for bit in range(4, 13))
REFER, TRUNCATE = 1 << 13, 1 << 14
SCOPE_SIGNAL, SCOPES_FROM_VERSION = 1 << 1, 6
READ, FILE_RIGHTS = READ_FILE | READ_DIR, EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE

LIBRARIES = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/fonts", "/etc/localtime")
MACHINE = ("/proc/self", "/proc/meminfo", "/proc/cpuinfo", "/sys/devices/system", "/sys/fs/cgroup")
"""How much memory and how many cores there are."""
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/urandom", "/dev/random")
NAMES = ("/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/passwd", "/etc/group")
PROGRAMS = ("/bin", "/sbin", "/etc/alternatives", "/etc/ssl", *NAMES)
"""What programs of the system read beside their libraries."""

Grant = tuple[Iterable[Path], int]
"""Folders and files, and the rights to them."""


def restrict_process(libc: ctypes.CDLL, writable: Path, readable: tuple[Path, ...]) -> str | None:
    """As `restrict_files`, for this process: it must have but one thread yet."""
    if is_available(libc) and len(list(Path("/proc/self/task").iterdir())) > 1:
        return "threads that run already are not kept from files (Landlock)"
    return restrict_files(libc, writable, readable)


def restrict_files(libc: ctypes.CDLL, writable: Path, readable: tuple[Path, ...]) -> str | None:
    """Let this thread write to one folder, and read only readable and what the program is made of; readable empty: read everything.

    A folder that does not exist is not granted.  The result says why it could not be had, None when it is so.
    """
    if not is_available(libc):
        return "the kernel does not keep files apart (Landlock)"
    write = _write_rights(libc)
    handled = write | (READ | EXECUTE if readable else 0)
    grants: list[Grant] = [([writable], (write | READ) & handled), (map(Path, DEVICES), (WRITE_FILE | READ) & handled)]
    if readable:
        grants.append(([*map(Path, (*LIBRARIES, *MACHINE)), *_own_code(), *readable], READ))
    return _restrict(libc, handled, grants)


def restrict_tool(libc: ctypes.CDLL, writable: Sequence[Path], readable: Sequence[Path]) -> str | None:
    """As `restrict_files`, for a process that starts programs: it runs what it may read, and signals none but what it has started."""
    write = _write_rights(libc)
    system = map(Path, (*LIBRARIES, *PROGRAMS, *MACHINE))
    grants: list[Grant] = [
        (writable, write | READ),
        (map(Path, DEVICES), WRITE_FILE | READ),
        ([*system, *_own_code(), *readable], READ),
    ]
    return _restrict(libc, write | READ, grants, SCOPE_SIGNAL if version(libc) >= SCOPES_FROM_VERSION else 0)


def _restrict(libc: ctypes.CDLL, handled: int, grants: Iterable[Grant], scoped: int = 0) -> str | None:
    attributes = struct.pack("QQQ", handled, 0, scoped) if scoped else struct.pack("Q", handled)
    ruleset = libc.syscall(CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    if ruleset < 0:
        return _refused()
    try:
        for paths, rights in grants:
            _allow(libc, ruleset, paths, rights)
        return _refused() if libc.syscall(RESTRICT_SELF, ruleset, 0) else None
    finally:
        os.close(ruleset)


def is_available(libc: ctypes.CDLL) -> bool:
    """Whether the kernel keeps files apart as is needed here."""
    return sys.platform == "linux" and version(libc) >= LEAST_VERSION


def _write_rights(libc: ctypes.CDLL) -> int:
    return WRITE_FILE | CHANGES | REFER | (TRUNCATE if version(libc) >= 3 else 0)


def version(libc: ctypes.CDLL) -> int:
    """What the kernel knows of Landlock, negative for nothing."""
    return int(libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), CREATE_RULESET_VERSION))


def _refused() -> str:
    return f"the kernel refused to keep files apart (Landlock): {os.strerror(ctypes.get_errno())}"


@cache
def _own_code() -> frozenset[Path]:
    """Where Python and its packages may still be loaded from; of one program always the same."""
    package = Path(__file__).resolve().parent
    named = (sys.prefix, sys.base_prefix, *sysconfig.get_paths().values(), *sys.path)
    # a source tree may hold anything beside the program
    apart = {package.parent} if (package.parent / "pyproject.toml").exists() else set()
    return frozenset(Path(name).resolve() for name in named if name and name != "/") - apart | {package}


def _allow(libc: ctypes.CDLL, ruleset: int, paths: Iterable[Path], rights: int) -> None:
    for path in paths:
        try:
            opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            allowed = rights if path.is_dir() else rights & FILE_RIGHTS
            if libc.syscall(ADD_RULE, ruleset, RULE_PATH_BENEATH, struct.pack("<Qi", allowed, opened), 0):
                raise OSError(ctypes.get_errno(), f"Landlock: {os.strerror(ctypes.get_errno())}", str(path))
        finally:
            os.close(opened)
