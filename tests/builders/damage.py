"""Damage to files: what a bad disk, a lost write or a crash leaves."""

from __future__ import annotations

import os
from pathlib import Path


def spoil(file: Path, *, is_seen: bool = True) -> None:
    """Turn bytes in the middle of a file, whose length and head stay.  is_seen: the file tells that it was written to."""
    status, content = file.stat(), bytearray(file.read_bytes())
    for at in range(len(content) * 2 // 5, len(content) * 4 // 5 + 1):
        content[at] ^= 0x55
    with file.open("r+b") as opened:
        opened.write(content)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns + is_seen * 1_000_000_000))


def cut(file: Path) -> None:
    """Take the last bytes away."""
    file.write_bytes(file.read_bytes()[:-5])
