"""Styles as they are written, each once."""

from __future__ import annotations

import threading
from typing import Any

from cachetools import LRUCache

from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.style import Style
from rendermap.symbology.writers.table import STYLE_WRITERS

_MOST_KEPT = 128

Document = dict[str, Any] | str


class WrittenStyles:
    """Keeps what was written: ten thousand classes take a while.  May be used from several threads; what it gives is not to be changed."""

    def __init__(self) -> None:
        self._made: LRUCache[tuple[str, str, GeometryKind | None, str], Document] = LRUCache(_MOST_KEPT)
        self._lock = threading.Lock()

    def get(self, language: str, style: Style, style_key: str, geometry: GeometryKind | None, name: str) -> Document:
        """The style in a language of the table.  style_key: the style's digest.  geometry, name: see `StyleWriter`."""
        key = language, style_key, geometry, name
        with self._lock:
            made = self._made.get(key)
        if made is None:
            made = STYLE_WRITERS[language].write(style, geometry, name)
            with self._lock:
                self._made[key] = made
        return made
