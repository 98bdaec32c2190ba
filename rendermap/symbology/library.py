"""Styles by file, read once per version of the file."""

from __future__ import annotations

import threading
from pathlib import Path

from cachetools import LRUCache

from rendermap.errors import StyleInvalid
from rendermap.symbology.readers.table import NamedStyle, read_styles

_MOST_FILES = 512
_Stamp = tuple[int, int, int]


class Library:
    """Finds, reads and keeps the styles of layer files.  May be used from several threads."""

    def __init__(self) -> None:
        self._kept: LRUCache[Path, tuple[_Stamp, tuple[NamedStyle, ...] | StyleInvalid]] = LRUCache(_MOST_FILES)
        self._lock = threading.Lock()

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
            if kept is None or kept[0] != stamp:
                kept = self._kept[path] = stamp, _read(path)
        if isinstance(kept[1], StyleInvalid):
            raise StyleInvalid(reason=kept[1].reason)
        return kept[1]


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
