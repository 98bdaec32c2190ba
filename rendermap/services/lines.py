"""Finds the line of a TOML text on which a key stands, so that a fault can be shown where it is."""

from __future__ import annotations

import re

KeyPath = tuple[int | str, ...]
"""Keys and array positions from the top, such as ``("tasks", 0, "parameters", 2, "type")``."""

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")


def line_of(text: str, keys: KeyPath) -> int:
    """The line of the key, or of the nearest table around it; 1 when there is none.  Lines count from 1."""
    lines = _lines(text)
    for length in range(len(keys), 0, -1):
        if keys[:length] in lines:
            return lines[keys[:length]]
    return 1


def to_text(keys: KeyPath) -> str:
    """``tasks[0].parameters[2].type``, for reading."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in keys).removeprefix(".")


def _lines(text: str) -> dict[KeyPath, int]:
    found: dict[KeyPath, int] = {}
    counts: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _open_table(header.group(2), header.group(1) == "[[", counts)
            found.setdefault(table, number)
            found.setdefault(table[:-1], number)
        elif key := _KEY.match(line):
            found.setdefault((*table, *_split(key.group(1))), number)
    return found


def _open_table(name: str, is_array: bool, counts: dict[KeyPath, int]) -> KeyPath:
    """The table a header opens; counts: how many tables each array of tables has so far."""
    keys: KeyPath = ()
    *above, last = _split(name)
    for step in above:
        keys = (*keys, step)
        if keys in counts:
            keys = (*keys, counts[keys] - 1)
    keys = (*keys, last)
    if is_array:
        counts[keys] = counts.get(keys, 0) + 1
        keys = (*keys, counts[keys] - 1)
    return keys


def _split(name: str) -> list[str]:
    return [step.strip().strip("\"'") for step in name.split(".")]
