"""Continuous colours served in a few steps, so that no colour tells a value more finely than its step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from rendermap.symbology import ramps
from rendermap.symbology.style import Break, Breaks, Classified, Colormap, Graded, HeatMap, RasterClass, ShadedRelief, Stretch, Style, Theme
from rendermap.symbology.symbols import Color, Ramp

C = TypeVar("C", Break, RasterClass)


def quantised(style: Style, count: int) -> Style:
    """The style with at most count colours for what is continuous, besides those for cells and features without a value; 0: as it is.

    Classes beyond that number are joined; categories and symbols stay as their author named them.  Composites of bands and a dataset's own
    colours, which no style knows, are painted in so many when they are drawn.
    """
    return replace(style, theme=_quantised(style.theme, count), colors=count) if count else style


def stepped(ramp: Ramp, count: int) -> Ramp:
    """The ramp in steps of equal length, from the colour of its one end to that of the other."""
    colors = ramps.sample(ramp, count)
    return Ramp(tuple((place / count, color) for step, color in enumerate(colors) for place in (step, step + 1)))


def relief_steps(count: int) -> tuple[int, int]:
    """(colours of heights, shades of light) that make at most count colours together."""
    shades = max(int((count / 1.5) ** 0.5), 1)
    return count // shades, shades


def _quantised(theme: Theme, count: int) -> Theme:
    match theme:
        case Stretch(relief=None) | HeatMap() | Graded():
            return replace(theme, ramp=stepped(theme.ramp, count))
        case Stretch(relief=ShadedRelief() as relief):
            heights, shades = relief_steps(count)
            return replace(theme, ramp=stepped(theme.ramp, heights), relief=replace(relief, shades=shades))
        case ShadedRelief(recipe=None) | ShadedRelief(ramp=None):
            return replace(theme, ramp=stepped(theme.ramp or ramps.GRAYS, count))
        case ShadedRelief(ramp=Ramp() as ramp):
            heights, shades = relief_steps(count)
            return replace(theme, ramp=stepped(ramp, heights), shades=shades)
        case Breaks():
            return replace(theme, classes=_joined(theme.classes, count, "symbol"))
        case Classified():
            return replace(theme, classes=_joined(theme.classes, count, "color"))
        case Colormap() if not any(label and label != str(value) for value, _, label in theme.entries):
            return replace(theme, entries=_joined_entries(theme.entries, count))
    return theme


def _joined(classes: tuple[C, ...], count: int, look: str) -> tuple[C, ...]:
    """Neighbours in at most count groups, each with the looks of its middle class, and without labels, which told more; gaps stay gaps."""
    shown = [item for item in classes if not item.is_gap]
    if len(shown) <= count:
        return classes
    group_of = dict(zip(map(id, shown), _groups(len(shown), count), strict=True))
    kept: list[C] = []
    for item, following in zip(classes, (*classes[1:], None), strict=True):
        group = group_of.get(id(item))
        is_last = following is None or group_of.get(id(following)) != group
        if group is None:
            kept.append(item)
        elif is_last:
            middle: Any = getattr(_middle([one for one in shown if group_of[id(one)] == group]), look)
            kept.append(replace(item, **{look: middle, "label": ""}))
    return tuple(kept)


def _joined_entries(entries: tuple[tuple[int, Color, str], ...], count: int) -> tuple[tuple[int, Color, str], ...]:
    """Neighbouring values in at most count groups of one colour."""
    ordered = sorted(entries, key=lambda entry: entry[0])
    if len({color for _, color, _ in ordered}) <= count:
        return entries
    groups = _groups(len(ordered), count)
    members = {group: [entry for entry, own in zip(ordered, groups, strict=True) if own == group] for group in set(groups)}
    return tuple((value, _middle(members[group])[1], label) for (value, _, label), group in zip(ordered, groups, strict=True))


def _groups(size: int, count: int) -> list[int]:
    """The group of each of size things, all groups as large as each other, or nearly so."""
    return [place * count // size for place in range(size)]


M = TypeVar("M")


def _middle(members: Sequence[M]) -> M:
    return members[len(members) // 2]
