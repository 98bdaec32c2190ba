"""Disks that are full or may not be written, made of memory: real ones, where the system lets us mount."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class SmallDisk:
    """A file system of its own, at a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self) -> None:
        """To the last byte."""
        with (self.folder / "somebody elses").open("wb", buffering=0) as file:
            while True:
                try:
                    file.write(bytes(4096))
                except OSError:
                    return

    def leave(self, kb: int) -> None:
        """Filled but for so many kilobytes."""
        self.fill()
        file = self.folder / "somebody elses"
        os.truncate(file, file.stat().st_size - kb * 1024)

    def empty(self) -> None:
        """Room again."""
        (self.folder / "somebody elses").unlink()

    def forbid_writing(self) -> None:
        """Read-only, as a disk becomes that has faults."""
        self._remount("ro")

    def allow_writing(self) -> None:
        """As it was."""
        self._remount("rw")

    def _remount(self, how: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{how}", str(self.folder)], check=True)


@contextmanager
def small_disk(folder: Path, size_kb: int = 256) -> Iterator[SmallDisk]:
    """Skips the test where nothing may be mounted."""
    folder.mkdir(exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_kb}k,mode=755", "tmpfs", str(folder)], capture_output=True)
    if done.returncode:
        pytest.skip("only root may mount a small disk to fill")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
