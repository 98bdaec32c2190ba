"""Digests of styles that come with every question: of twenty thousand classes one takes a tenth of a second."""

from __future__ import annotations

import threading

from cachetools import LRUCache

from rendermap.symbology.style import Style, style_digest

_MOST_KEPT = 512


class StyleKeys:
    """Digests of the very styles asked for last.  May be used from several threads."""

    def __init__(self) -> None:
        # the style is kept along, so that its id stays its own
        self._kept: LRUCache[int, tuple[Style, str]] = LRUCache(_MOST_KEPT)
        self._lock = threading.Lock()

    def key_of(self, style: Style) -> str:
        """The digest of a style."""
        with self._lock:
            kept = self._kept.get(id(style))
        if kept is None:
            kept = style, style_digest(style)
            with self._lock:
                self._kept[id(style)] = kept
        return kept[1]
