"""The listening socket: taken at the start, and given up at the end without a loss to whoever stands before it."""

from __future__ import annotations

import ctypes
import resource
import socket
import struct
import sys

MOST_FILES = 65_536
SO_ATTACH_FILTER = 26
_LOAD_BYTE, _AND, _IF_EQUAL, _RETURN = 0x30, 0x54, 0x15, 0x06
_FLAGS_AT, _SYN, _SYN_ACK = 13, 0x02, 0x12
_NO_NEWCOMERS = (
    (_LOAD_BYTE, 0, 0, _FLAGS_AT),
    (_AND, 0, 0, _SYN_ACK),
    (_IF_EQUAL, 0, 1, _SYN),
    (_RETURN, 0, 0, 0),
    (_RETURN, 0, 0, 0xFFFFFFFF),
)
"""Drops segments that ask for a new connection and passes all others (linux/filter.h: code, jump if true, if false, operand)."""


def open_listener(host: str, port: int) -> socket.socket:
    """A socket bound to an address and not listening yet, so that a port in use is known before anything is started.  Raises OSError."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


def refuse_newcomers(listener: socket.socket) -> None:
    """Let nobody new connect, while those who began to are let in yet.

    Closing a listening socket resets everybody whose connection the kernel has made and we have not taken; closed only after these were
    taken, it resets nobody.  Where the kernel cannot filter, at most one is let in at a time, which leaves a moment to be unlucky in.
    """
    try:
        _attach(listener, _NO_NEWCOMERS)
    except OSError:
        listener.listen(0)


def _attach(listener: socket.socket, program: tuple[tuple[int, int, int, int], ...]) -> None:
    if sys.platform != "linux":
        raise OSError("no socket filters")
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in program))
    listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", len(program), ctypes.addressof(code)))


def allow_files() -> int:
    """Raise the number of files that may be open as far as we may, up to what anybody needs, and say it."""
    soft, hard = (MOST_FILES if limit == resource.RLIM_INFINITY else limit for limit in resource.getrlimit(resource.RLIMIT_NOFILE))
    wanted = max(soft, min(hard, MOST_FILES))
    if wanted > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    return wanted
