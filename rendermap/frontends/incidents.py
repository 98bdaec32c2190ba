"""What no one foresaw: a reference number for the client, the rest for the log."""

from __future__ import annotations

import secrets

import structlog

from rendermap.errors import Broken, RendermapError

_log = structlog.get_logger("rendermap.incidents")


def foreseen(error: Exception) -> RendermapError:
    """The error as a word of the tree.

    Anything of ours that failed is logged, with a reference number that the sentence ends with; an unforeseen exception becomes Broken and
    none of its own text is told.
    """
    if isinstance(error, RendermapError) and not isinstance(error, Broken):
        return error
    reference = secrets.token_hex(4)
    reason = error.reason if isinstance(error, RendermapError) else None
    _log.error("incident", reference=reference, code=type(error).__name__, reason=reason, exc_info=error)
    known = error if isinstance(error, Broken) else Broken()
    told = type(known)(f"{known.sentence} Reference {reference}.", details=known.details, reason=known.reason)
    return told.with_traceback(error.__traceback__)
