"""Intervals of SQL conditions, and the dates that are so much earlier or later."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rendermap.errors import InvalidFilter
from rendermap.symbology.expressions.number_text import plain
from rendermap.symbology.expressions.tree import Literal

_NOT_KNOWN = "An interval in the filter cannot be understood."
_DAYS = {"day": 1.0, "hour": 1 / 24, "minute": 1 / 1440, "second": 1 / 86400}
_MONTHS = {"year": 12, "month": 1}
_NUMBER = re.compile(r"[+-]?\d{1,9}(?:\.\d{1,9})?", re.ASCII)
_DAY_TO_SECOND = re.compile(r"(\d{1,9}) (\d{1,2}):(\d{1,2}):(\d{1,2}(?:\.\d{1,9})?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Step:
    """Months of the calendar, and days of 24 hours."""

    months: int = 0
    days: float = 0.0


def step_of(text: str, parts: Sequence[str]) -> Step:
    """``'300' DAY``, ``'1 06:30:00' DAY TO SECOND``.  parts: the names of the first and, where there is one, the last part.

    Raises InvalidFilter.  Spec: ISO 9075:1992, 5.3, in part.
    """
    names, text = [part.lower() for part in parts], text.strip()
    if names == ["day", "second"] and (found := _DAY_TO_SECOND.fullmatch(text)):
        return Step(days=sum(float(value) * days for value, days in zip(found.groups(), _DAYS.values(), strict=True)))
    if len(names) == 1 and _NUMBER.fullmatch(text):
        if names[0] in _DAYS:
            return Step(days=float(text) * _DAYS[names[0]])
        if names[0] in _MONTHS and "." not in text:
            return Step(months=int(text) * _MONTHS[names[0]])
    raise InvalidFilter(_NOT_KNOWN, reason=f"{text!r} {' to '.join(names)}")


def moved(day: datetime, step: Step, sign: str) -> Literal:
    """The date that is so much later (``+``) or earlier (``-``), to the second.  Raises InvalidFilter where there is none."""
    way = -1 if sign == "-" else 1
    months = day.year * 12 + day.month - 1 + way * step.months
    try:
        first = day.replace(year=months // 12, month=months % 12 + 1, day=1)
        same_day = first.replace(day=min(day.day, monthrange(first.year, first.month)[1]))
        return Literal(plain(same_day + way * timedelta(seconds=round(step.days * 86400))))
    except (ValueError, OverflowError) as error:
        raise InvalidFilter(_NOT_KNOWN, reason=f"{step} from {day}") from error
