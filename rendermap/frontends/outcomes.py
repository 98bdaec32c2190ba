"""What came of a request: a number that all its lines in the log share, and its refusal counted."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import structlog
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

_REFERENCE = "reference"
_REFUSAL = "refusal"


class Outcomes:
    """Numbers every request and counts every refusal; plain ASGI, since a cached tile should cost next to nothing.

    count: told the code of an error, which is one of a few words of ours.
    """

    def __init__(self, app: ASGIApp, count: Callable[[str], None]) -> None:
        self.app = app
        self._count = count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state[_REFERENCE] = secrets.token_hex(4)
        structlog.contextvars.bind_contextvars(reference=state[_REFERENCE])
        try:
            await self.app(scope, receive, send)
        finally:
            structlog.contextvars.unbind_contextvars(_REFERENCE)
            if code := state.get(_REFUSAL):
                self._count(code)


def reference_of(request: Request) -> str:
    """The number of the request in the log."""
    given: str = getattr(request.state, _REFERENCE, "") or secrets.token_hex(4)
    return given


def note_refusal(request: Request, code: str) -> None:
    """The answer is an error of that code."""
    setattr(request.state, _REFUSAL, code)
