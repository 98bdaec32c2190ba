"""Conditions that ask for the time -> the same with the time of the request written out, in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_WORD = r"(?<![\w.$])(?:CURRENT_TIMESTAMP|LOCALTIMESTAMP|SYSDATE|CURRENT_DATE|GETDATE\s*\(\s*\))(?![\w.$(])"
_CLOCK = re.compile(_WORD, re.IGNORECASE)
_PARTS = re.compile(rf"""(?P<kept>'[^']*'?|"[^"]*"?|\[[^\]]*\]?)|(?P<word>{_WORD})""", re.IGNORECASE)
"""Texts and quoted names, in which nothing is a word."""


def at_now(where: str, now: datetime | None = None) -> str:
    """With the time, to the second, in place of the words for it.  now: with a zone; None for the system's clock."""
    if not asks_clock(where):
        return where
    moment = (now or datetime.now(UTC)).astimezone(UTC)
    day, second = f"DATE '{moment:%Y-%m-%d}'", f"TIMESTAMP '{moment:%Y-%m-%d %H:%M:%S}'"
    return _PARTS.sub(lambda found: found["kept"] or (day if found["word"].upper() == "CURRENT_DATE" else second), where)


def asks_clock(text: str | None) -> bool:
    """Whether an answer may be another a second later."""
    return _CLOCK.search(text or "") is not None
