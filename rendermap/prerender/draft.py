"""Tiles drawn so far, in a file beside the archive they are for, so that a run that was ended can be gone on with."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rendermap.errors import InvalidParameter

SUFFIX = ".part"
APPLICATION = 0x524D_5074
"""Says in the file's head that it is ours."""

KEPT_EVERY_S = 1.0
"""What a run that is killed loses at most."""

_TABLES = """
CREATE TABLE draft (identity TEXT NOT NULL);
CREATE TABLE bodies (digest BLOB PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE tiles (id INTEGER PRIMARY KEY, digest BLOB);
"""


class Draft:
    """Tiles by id, equal ones once.  Belongs to one run at a time.

    identity: of what is drawn; tiles of anything else are forgotten.  was_other: there were such.
    Every method raises InvalidParameter where the file cannot be read or written.
    """

    def __init__(self, path: Path, identity: str) -> None:
        self.path = path
        self.was_other = False
        with _told(path):
            self._file = sqlite3.connect(path, timeout=0)
        try:
            with _told(path):
                self._begin(identity)
        except BaseException:
            self._file.close()
            raise
        self._kept_at = time.monotonic()

    def has(self, tile_id: int) -> bool:
        """True when the tile was drawn."""
        with _told(self.path):
            return self._file.execute("SELECT 1 FROM tiles WHERE id = ?", (tile_id,)).fetchone() is not None

    def ids(self) -> Iterator[int]:
        """Of all tiles drawn, those included that are none of the map's."""
        with _told(self.path):
            for (tile_id,) in self._file.execute("SELECT id FROM tiles"):
                yield tile_id

    def add(self, tile_id: int, body: bytes | None) -> None:
        """Keeps a tile; None for one that is none of the map's."""
        digest = _digest(body) if body is not None else None
        with _told(self.path):
            if body is not None:
                self._file.execute("INSERT OR IGNORE INTO bodies VALUES (?, ?)", (digest, body))
            self._file.execute("INSERT OR REPLACE INTO tiles VALUES (?, ?)", (tile_id, digest))
            if time.monotonic() - self._kept_at >= KEPT_EVERY_S:
                self._file.commit()
                self._kept_at = time.monotonic()

    def tiles(self) -> Iterator[tuple[int, bytes]]:
        """(id, body) of the map's tiles, by id; each as it was put."""
        with _told(self.path):
            for tile_id, digest, body in self._file.execute("SELECT id, digest, body FROM tiles JOIN bodies USING (digest) ORDER BY id"):
                if _digest(body) != digest:
                    raise _damaged(self.path)
                yield tile_id, body

    def close(self) -> None:
        """Keeps what was added."""
        try:
            with _told(self.path):
                self._file.commit()
        finally:
            self._file.close()

    def _begin(self, identity: str) -> None:
        # held until it is closed: of two runs into one file the second is refused
        self._file.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._file.execute("BEGIN EXCLUSIVE")
        if not self._is_ours():
            raise _damaged(self.path)
        known = self._file.execute("SELECT identity FROM draft").fetchone() if self._tables() else None
        if known != (identity,):
            self.was_other = known is not None
            self._clear(identity)
        self._file.commit()

    def _is_ours(self) -> bool:
        return not self._tables() or self._file.execute("PRAGMA application_id").fetchone() == (APPLICATION,)

    def _tables(self) -> list[str]:
        return [name for (name,) in self._file.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]

    def _clear(self, identity: str) -> None:
        for table in self._tables():
            self._file.execute(f"DROP TABLE {table}")
        for statement in _TABLES.strip().splitlines():
            self._file.execute(statement)
        self._file.execute(f"PRAGMA application_id = {APPLICATION}")
        self._file.execute("INSERT INTO draft VALUES (?)", (identity,))


def draft_path(target: Path) -> Path:
    """Where the draft of an archive lies."""
    return target.with_name(target.name + SUFFIX)


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=16).digest()


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise InvalidParameter(f"Another run is writing to {path}.") from None
        if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_ERROR")):
            raise _damaged(path) from None
        raise InvalidParameter(f"{path} cannot be written: {error}.") from None


def _damaged(path: Path) -> InvalidParameter:
    return InvalidParameter(f"{path} holds no tiles of this command, or is damaged. Take it away to begin anew.")
