"""The audit log in a file: JSON lines, appended, in a new file once the old one was moved away."""

from __future__ import annotations

import json
import os
from pathlib import Path

from rendermap.audit import Line

MODE = 0o640


class FileJournal:
    """Writes each line by one call, so that several processes may share the file.  For one thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None
        self._is_torn = False

    def open(self) -> None:
        """Raises OSError when the file cannot be written."""
        self._open()

    def write(self, line: Line) -> None:
        """Raises OSError when the line is not in the file; a part that is there is ended before the next."""
        descriptor = self._open()
        raw = (b"\n" if self._is_torn else b"") + json.dumps(line, ensure_ascii=True).encode() + b"\n"
        written = os.write(descriptor, raw)
        self._is_torn = written < len(raw)
        if self._is_torn:
            raise OSError("the disk is full")

    def close(self) -> None:
        """Let go of the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> int:
        """The file of the path as it is now: log rotation moves the one that was written."""
        if self._descriptor is not None and not self._is_there(self._descriptor):
            self.close()
        if self._descriptor is None:
            self._descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, MODE)
            self._is_torn = False
        return self._descriptor

    def _is_there(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(self._path.stat(), os.fstat(descriptor))
        except OSError:
            return False
