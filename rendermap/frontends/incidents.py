"""What no one foresaw: a reference number for the client, the rest for the log."""

from __future__ import annotations

import structlog
from starlette.requests import Request

from rendermap.errors import Broken, RendermapError
from rendermap.frontends.outcomes import note_refusal, reference_of

_log = structlog.get_logger("rendermap.incidents")


def foreseen(error: Exception, request: Request) -> RendermapError:
    """The error as a word of the tree.

    Anything of ours that failed is logged, with a reference number that the sentence ends with; an unforeseen exception becomes Broken and
    none of its own text is told.
    """
    known = error if isinstance(error, RendermapError) else Broken()
    note_refusal(request, known.code)
    if not isinstance(known, Broken):
        return known
    reference = reference_of(request)
    reason = error.reason if isinstance(error, RendermapError) else None
    _log.error("incident", reference=reference, code=type(error).__name__, reason=reason, exc_info=error)
    told = type(known)(f"{known.sentence} Reference {reference}.", details=known.details, reason=known.reason)
    return told.with_traceback(error.__traceback__)
