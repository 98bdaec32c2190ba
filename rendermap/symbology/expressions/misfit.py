"""Where a text leaves its grammar, for the people who wrote it."""

from __future__ import annotations

from lark.exceptions import LarkError, UnexpectedInput

_MOST_CHARS = 40


def tell_misfit(error: LarkError, text: str) -> str:
    """The first character that is not understood, counted from 1, and what stands there."""
    at = error.pos_in_stream if isinstance(error, UnexpectedInput) else None
    if at is None or at < 0 or at >= len(text):
        return f"it ends too early: {_shortened(text[-_MOST_CHARS:])}"
    return f"not understood from character {at + 1}: {_shortened(text[at:])}"


def _shortened(text: str) -> str:
    return repr(text if len(text) <= _MOST_CHARS else text[:_MOST_CHARS] + "…")
