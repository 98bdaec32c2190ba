"""Dates from text and as text."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime

_CODES: dict[str, Callable[[datetime], str]] = {
    "yyyy": lambda d: f"{d.year:04d}",
    "yy": lambda d: f"{d.year % 100:02d}",
    "MMMM": lambda d: d.strftime("%B"),
    "MMM": lambda d: d.strftime("%b"),
    "MM": lambda d: f"{d.month:02d}",
    "M": lambda d: str(d.month),
    "dddd": lambda d: d.strftime("%A"),
    "ddd": lambda d: d.strftime("%a"),
    "dd": lambda d: f"{d.day:02d}",
    "d": lambda d: str(d.day),
    "HH": lambda d: f"{d.hour:02d}",
    "H": lambda d: str(d.hour),
    "hh": lambda d: f"{d.hour % 12 or 12:02d}",
    "h": lambda d: str(d.hour % 12 or 12),
    "mm": lambda d: f"{d.minute:02d}",
    "m": lambda d: str(d.minute),
    "ss": lambda d: f"{d.second:02d}",
    "s": lambda d: str(d.second),
    "tt": lambda d: "AM" if d.hour < 12 else "PM",
}
_CODE = re.compile("'([^']*)'|(" + "|".join(_CODES) + ")")


def moment(value: object) -> datetime | None:
    """A date or a text in ISO's form, with ``-`` or ``/``, as a moment without zone; None for all else."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    if not isinstance(value, str) or not 8 <= len(value) <= 40:
        return None
    try:
        return datetime.fromisoformat(value.strip().replace("/", "-")).replace(tzinfo=None)
    except ValueError:
        return None


def written(value: datetime, pattern: str) -> str:
    """A moment by a pattern of ``yyyy MM dd HH hh mm ss tt`` and their kin; text in apostrophes stands for itself."""
    return _CODE.sub(lambda found: _CODES[found[2]](value) if found[2] else found[1] or "'", pattern)


_PERCENT = {
    "Y": "yyyy", "y": "yy", "m": "MM", "B": "MMMM", "b": "MMM", "d": "dd", "A": "dddd", "a": "ddd",
    "H": "HH", "I": "hh", "M": "mm", "S": "ss", "p": "tt",
}  # fmt: skip


def from_percent_codes(pattern: str) -> str:
    """C's ``%Y-%m-%d`` in this module's spelling.  Raises ValueError for other codes."""
    parts = re.split(r"%(-?.)", pattern)
    return "".join(_code_of(part) if index % 2 else f"'{part}'" if part else "" for index, part in enumerate(parts))


def _code_of(sign: str) -> str:
    code = _PERCENT.get(sign[-1])
    if code is None:
        raise ValueError(sign)
    return code[0] if sign.startswith("-") and len(code) == 2 else code


def from_capitals(pattern: str) -> str:
    """``YYYY-MM-DD`` as Arcade writes it, in this module's spelling."""
    return (
        re.sub(r"\[([^\]]*)\]", r"'\1'", pattern)
        .replace("D", "d")
        .replace("YYYY", "Y")
        .replace("YY", "yy")
        .replace("Y", "yyyy")
        .replace("A", "tt")
    )
