"""What goes wrong, in HTTP's own words: the status, when to ask again, and a route that tells it in its front end's dialect."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from rendermap.errors import (
    BadRequest,
    Broken,
    Busy,
    CredentialRefused,
    Ended,
    InvalidParameter,
    JobFailed,
    NotFound,
    NotReady,
    Refused,
    RendermapError,
    RenderTimeout,
    SignIn,
    TooMany,
    joined,
)
from rendermap.frontends.incidents import foreseen
from rendermap.frontends.kvp import check_length

STATUS: dict[type[RendermapError], int] = {
    BadRequest: 400,
    SignIn: 401,
    Refused: 403,
    NotFound: 404,
    NotReady: 409,
    JobFailed: 409,
    Ended: 410,
    Broken: 500,
    Busy: 503,
    TooMany: 429,
    RenderTimeout: 504,
}
"""Error -> status, looked up along the ancestors."""

RETRY_RUNNING_S = 2

Tell = Callable[[Request, RendermapError], Response]


def status_of(error: RendermapError) -> int:
    """The status of the nearest ancestor in the table."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def headers_of(error: RendermapError) -> dict[str, str]:
    """Never kept by a cache; says when to ask again, or how to sign in, where that makes sense."""
    waits = {Busy: getattr(error, "retry_after_s", 0), NotReady: RETRY_RUNNING_S}
    seconds = next((waits[kind] for kind in type(error).__mro__ if kind in waits), None)
    asks = {"WWW-Authenticate": challenge_of(error)} if isinstance(error, SignIn) else {}
    return {"Cache-Control": "no-store"} | ({"Retry-After": str(seconds)} if seconds else {}) | asks


def challenge_of(error: SignIn) -> str:
    """What an answer of status 401 asks for: a token, or another one (RFC 6750, 3)."""
    return 'Bearer error="invalid_token"' if isinstance(error, CredentialRefused) else "Bearer"


def problem_response(error: RendermapError, headers: Mapping[str, str] | None = None) -> Response:
    """``{"error": {"code", "message", "details", "status"}}``; status is the word of a job that has not finished."""
    body: dict[str, object] = {"code": error.code, "message": error.sentence}
    if error.details:
        body["details"] = list(error.details)
    if isinstance(error, NotReady):
        body["status"] = error.status
    return JSONResponse({"error": body}, status_of(error), headers_of(error) | dict(headers or {}))


def telling_route(tell: Tell) -> type[APIRoute]:
    """A route class whose errors are told in a dialect, whatever they are."""

    class TellingRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def answer(request: Request) -> Response:
                try:
                    check_length(request)
                    return await handle(request)
                except RequestValidationError as error:
                    return tell(request, foreseen(_faults_of(error), request))
                except Exception as error:  # the outermost place of the dialect
                    return tell(request, foreseen(error, request))

            return answer

    return TellingRoute


def _faults_of(error: RequestValidationError) -> BadRequest:
    """What the framework found missing or misspelt, in our words."""
    words = {"missing": "is required"}
    return joined([InvalidParameter(f"'{fault['loc'][-1]}' {words.get(fault['type'], 'is not valid')}.") for fault in error.errors()])
