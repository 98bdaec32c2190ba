"""The tile front end's dialect: true HTTP status and a small JSON body."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from rendermap.errors import (
    BadRequest,
    Broken,
    Busy,
    Ended,
    JobFailed,
    NotFound,
    NotReady,
    Refused,
    RendermapError,
    RenderTimeout,
)
from rendermap.frontends.incidents import foreseen

OPEN = {"Access-Control-Allow-Origin": "*"}
"""Pictures carry no credentials, so any page may show them."""

RETRY_RUNNING_S = 2

STATUS: dict[type[RendermapError], int] = {
    BadRequest: 400,
    Refused: 403,
    NotFound: 404,
    NotReady: 409,
    JobFailed: 409,
    Ended: 410,
    Broken: 500,
    Busy: 503,
    RenderTimeout: 504,
}


def status_of(error: RendermapError) -> int:
    """The status of the nearest ancestor in the table."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def retry_after_s(error: RendermapError) -> int | None:
    """When it makes sense to ask again; None when it does not."""
    if isinstance(error, Busy):
        return error.retry_after_s
    return RETRY_RUNNING_S if isinstance(error, NotReady) else None


def error_response(error: RendermapError) -> Response:
    """``{"error": {"code", "message", "details", "status"}}``; never kept by a cache."""
    body: dict[str, object] = {"code": error.code, "message": error.sentence}
    if error.details:
        body["details"] = list(error.details)
    if isinstance(error, NotReady):
        body["status"] = error.status
    retry = retry_after_s(error)
    headers = OPEN | {"Cache-Control": "no-store"} | ({"Retry-After": str(retry)} if retry else {})
    return JSONResponse({"error": body}, status_of(error), headers)


class XyzRoute(APIRoute):
    """A route whose errors speak this dialect."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except Exception as error:  # the outermost place of this dialect
                return error_response(foreseen(error))

        return answer
