"""Finds the line of a TOML text on which a key stands, so that a fault can be shown where it is."""

from __future__ import annotations

import re

Place = tuple[int | str, ...]
"""Keys and array positions from the top, such as ``("tasks", 0, "parameters", 2, "type")``."""

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")


def line_of(text: str, place: Place) -> int:
    """The line of the key, or of the nearest table around it; 1 when there is none.  Lines count from 1."""
    lines = _lines(text)
    for length in range(len(place), 0, -1):
        if place[:length] in lines:
            return lines[place[:length]]
    return 1


def to_path(place: Place) -> str:
    """``tasks[0].parameters[2].type``, for reading."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).removeprefix(".")


def _lines(text: str) -> dict[Place, int]:
    found: dict[Place, int] = {}
    counts: dict[Place, int] = {}
    table: Place = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _open_table(header.group(2), header.group(1) == "[[", counts)
            found.setdefault(table, number)
            found.setdefault(table[:-1], number)
        elif key := _KEY.match(line):
            found.setdefault((*table, *_split(key.group(1))), number)
    return found


def _open_table(name: str, is_array: bool, counts: dict[Place, int]) -> Place:
    """The place a header opens; counts: how many tables each array of tables has so far."""
    place: Place = ()
    *above, last = _split(name)
    for step in above:
        place = (*place, step)
        if place in counts:
            place = (*place, counts[place] - 1)
    place = (*place, last)
    if is_array:
        counts[place] = counts.get(place, 0) + 1
        place = (*place, counts[place] - 1)
    return place


def _split(name: str) -> list[str]:
    return [step.strip().strip("\"'") for step in name.split(".")]
