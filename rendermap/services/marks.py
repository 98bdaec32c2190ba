"""Texts laid over pictures: what may stand in them, and what they say for one asker."""

from __future__ import annotations

from datetime import datetime
from string import Formatter

NAMES = ("who", "when", "job")
USUAL = "{who}  {when}\n{job}"
LONGEST = 80
"""Letters of a name put in; longer ones are cut."""


def is_template(text: str) -> bool:
    """True when braces hold nothing but the known names."""
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        return False
    return all(name in (None, *NAMES) and not spec and not conversion for _, name, spec, conversion in parts)


def mark_text(template: str, who: str, when: datetime, job: str) -> str:
    """The text for one asker.  when: told to the day, so that tiles fetched one after the other fit together."""
    return template.format(who=_plain(who), when=f"{when:%Y-%m-%d}", job=_plain(job))


def _plain(name: str) -> str:
    return "".join(letter for letter in name if letter.isprintable())[:LONGEST]
