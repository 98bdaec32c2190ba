"""Styles by file, read once per version of the file."""

from __future__ import annotations

import threading
from pathlib import Path
from weakref import WeakValueDictionary

from cachetools import LRUCache

from rendermap.errors import StyleInvalid
from rendermap.symbology.readers.table import NamedStyle, read_styles

_MOST_FILES = 512
_Stamp = tuple[int, int, int]
_Kept = tuple[_Stamp, tuple[NamedStyle, ...] | StyleInvalid]


class _Reading:
    """Held by whoever reads a file; large ones take seconds, and no other file's styles wait for them."""

    def __init__(self) -> None:
        self.lock = threading.Lock()


class Library:
    """Finds, reads and keeps the styles of layer files.  May be used from several threads."""

    def __init__(self) -> None:
        self._kept: LRUCache[Path, _Kept] = LRUCache(_MOST_FILES)
        self._lock = threading.Lock()
        self._reading: WeakValueDictionary[Path, _Reading] = WeakValueDictionary()

    def style_for(self, path: Path | None, style_layer: str | None) -> NamedStyle | None:
        """The layer of a file, the very same object until the file changes; None without a file.

        style_layer: name of one of several layers, case does not matter; None for the first.
        Raises StyleInvalid when the file cannot be read or has no such layer.
        """
        if path is None:
            return None
        layers = self._layers(path)
        if style_layer is None:
            return layers[0]
        for layer in layers:
            if layer.name.casefold() == style_layer.casefold():
                return layer
        raise StyleInvalid(reason=f"{path}: no layer {style_layer!r}; there are {', '.join(repr(layer.name) for layer in layers)}")

    def _layers(self, path: Path) -> tuple[NamedStyle, ...]:
        stamp = _stamp(path)
        with self._lock:
            kept = self._kept.get(path)
            reading = self._reading.setdefault(path, _Reading())
        if kept is None or kept[0] != stamp:
            kept = self._renewed(path, stamp, kept, reading)
        if isinstance(kept[1], StyleInvalid):
            raise StyleInvalid(kept[1].sentence, reason=kept[1].reason)
        return kept[1]

    def _renewed(self, path: Path, stamp: _Stamp, old: _Kept | None, reading: _Reading) -> _Kept:
        """The file read once, by the first who asks; meanwhile the others have its old version, where there is one."""
        if not reading.lock.acquire(blocking=old is None):
            assert old is not None
            return old
        try:
            with self._lock:
                kept = self._kept.get(path)
            if kept is None or kept[0] != stamp:
                kept = stamp, _read(path)
                with self._lock:
                    self._kept[path] = kept
            return kept
        finally:
            reading.lock.release()


def _read(path: Path) -> tuple[NamedStyle, ...] | StyleInvalid:
    """A file that is wrong stays so until it changes: its error is kept as well."""
    try:
        return read_styles(path)
    except StyleInvalid as error:
        return error


def _stamp(path: Path) -> _Stamp:
    try:
        found = path.stat()
    except OSError as error:
        raise StyleInvalid(reason=f"{path}: {error.strerror or error}") from error
    return found.st_mtime_ns, found.st_size, found.st_ino
