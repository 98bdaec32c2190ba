"""What of a style is drawn at one scale: symbols have alternates, rules and label classes a range of scales.

Scales are OGC denominators (0.28 mm per pixel).  A range begins with its nearest scale.  Its farthest scale belongs to it for symbols and
labels, whose documents name the last scale at which they show, and not for rules, where the next rule begins with the very same
number (OGC 05-077r4, 10.2).
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace

from cachetools import LRUCache

from rendermap.symbology.style import Rules, Style, VectorTheme, style_digest
from rendermap.symbology.symbols import Symbol
from rendermap.symbology.template import map_symbols, symbols_of

_SLACK = 2e-5
"""Frames are moved to a grid of a thousandth of a pixel, so tiles of one zoom differ by this much in scale and must not differ in style."""

_MOST_KEPT = 4096


def at_scale(style: Style, scale_denominator: float) -> Style:
    """The style as it is drawn at a scale; the very same object where nothing depends on it."""
    return _picked(style, scale_denominator) if _switches(style) else style


class ScaledStyles:
    """Styles as they are drawn at the scales asked for, each made once.  May be used from several threads."""

    def __init__(self) -> None:
        self._switches: LRUCache[str, tuple[float, ...]] = LRUCache(_MOST_KEPT)
        self._made: LRUCache[tuple[str, int], tuple[Style, str]] = LRUCache(_MOST_KEPT)
        self._lock = threading.Lock()

    def get(self, style: Style, style_key: str, scale_denominator: float) -> tuple[Style, str]:
        """The style at a scale, and its digest.  style_key: the digest of style."""
        with self._lock:
            switches = self._switches.get(style_key)
            if switches is None:
                switches = self._switches[style_key] = _switches(style)
            if not switches:
                return style, style_key
            interval = style_key, bisect_right(switches, scale_denominator)
            made = self._made.get(interval)
            if made is None:
                scaled = _picked(style, scale_denominator)
                made = self._made[interval] = scaled, style_digest(scaled)
            return made


def _picked(style: Style, scale: float) -> Style:
    theme = style.theme
    if isinstance(theme, Rules):
        rules = tuple(r for r in theme.rules if _is_in(r.min_scale_denominator, r.max_scale_denominator, scale, with_farthest=False))
        theme = replace(theme, rules=tuple(replace(r, min_scale_denominator=None, max_scale_denominator=None) for r in rules))
    if isinstance(theme, VectorTheme):
        theme = map_symbols(theme, lambda symbol: _picked_symbol(symbol, scale))
    labels = tuple(c for c in style.labels if _is_in(c.min_scale_denominator, c.max_scale_denominator, scale))
    labels = tuple(replace(c, min_scale_denominator=None, max_scale_denominator=None) for c in labels)
    return replace(style, theme=theme, labels=labels)


def _picked_symbol(symbol: Symbol, scale: float) -> Symbol:
    """The first alternate that is for the scale, else the symbol itself."""
    for other in symbol.alternates:
        if _is_in(other.min_scale_denominator, other.max_scale_denominator, scale):
            return _picked_symbol(other.symbol, scale)
    return replace(symbol, alternates=()) if symbol.alternates else symbol


def _is_in(farthest: float | None, nearest: float | None, scale: float, *, with_farthest: bool = True) -> bool:
    if farthest and scale >= _beyond(farthest, with_farthest=with_farthest):
        return False
    return not nearest or scale >= _from(nearest)


def _from(nearest: float) -> float:
    return nearest * (1 - _SLACK)


def _beyond(farthest: float, *, with_farthest: bool) -> float:
    return farthest * (1 + _SLACK if with_farthest else 1 - _SLACK)


def _switches(style: Style) -> tuple[float, ...]:
    """The scales from which on something else is drawn, ascending: between two of them the style is one and the same."""
    return tuple(sorted({*_rule_switches(style), *_label_switches(style), *_symbol_switches(symbols_of(style.theme))}))


def _rule_switches(style: Style) -> Iterator[float]:
    for rule in style.theme.rules if isinstance(style.theme, Rules) else ():
        yield from _ends(rule.min_scale_denominator, rule.max_scale_denominator, with_farthest=False)


def _label_switches(style: Style) -> Iterator[float]:
    for label in style.labels:
        yield from _ends(label.min_scale_denominator, label.max_scale_denominator)


def _symbol_switches(symbols: tuple[Symbol, ...]) -> Iterator[float]:
    for symbol in symbols:
        for other in symbol.alternates:
            yield from _ends(other.min_scale_denominator, other.max_scale_denominator)
            yield from _symbol_switches((other.symbol,))


def _ends(farthest: float | None, nearest: float | None, *, with_farthest: bool = True) -> Iterator[float]:
    if farthest:
        yield _beyond(farthest, with_farthest=with_farthest)
    if nearest:
        yield _from(nearest)
