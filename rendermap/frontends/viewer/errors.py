"""The pages' dialect: an error is a page for a browser and a small JSON body for a script."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from rendermap.errors import BadRequest, Broken, Busy, Ended, JobFailed, NotFound, NotReady, Refused, RendermapError, RenderTimeout
from rendermap.frontends.incidents import foreseen
from rendermap.frontends.viewer.pages import Pages

RETRY_RUNNING_S = 2


@dataclass(frozen=True, slots=True)
class Wording:
    """status: HTTP.  title: the heading of the page.  advice: what the visitor can do."""

    status: int
    title: str
    advice: str


WORDINGS: dict[type[RendermapError], Wording] = {
    BadRequest: Wording(400, "That address is not quite right", "Check the address, or start again from the list of jobs."),
    Refused: Wording(403, "Not possible here", "Try a smaller area or picture."),
    NotFound: Wording(404, "Nothing here", "The address may be mistyped, or the job may never have existed."),
    NotReady: Wording(409, "Not ready yet", "The map appears as soon as the job has finished."),
    JobFailed: Wording(409, "This job has no map", "The job's page shows what its tool said."),
    Ended: Wording(410, "This job has ended", "Run the tool again to get a new map."),
    Broken: Wording(500, "Something went wrong on our side", "Try again. If it stays, give the reference to whoever runs this service."),
    Busy: Wording(503, "Busy at the moment", "Try again in a few seconds."),
    RenderTimeout: Wording(504, "That took too long", "Try a smaller area."),
}


def wording_of(error: RendermapError) -> Wording:
    """The row of the nearest ancestor in the table."""
    return next(WORDINGS[kind] for kind in type(error).__mro__ if kind in WORDINGS)


def error_response(request: Request, pages: Pages, error: RendermapError) -> Response:
    """A page when a browser asks for one, else JSON; never kept by a cache."""
    wording = wording_of(error)
    if "text/html" in request.headers.get("accept", ""):
        values = {"wording": wording, "sentence": error.sentence, "details": error.details}
        response = pages.page(request, "error.html", values, wording.status)
    else:
        body = {"code": error.code, "message": error.sentence, "details": list(error.details)}
        response = JSONResponse({"error": body}, wording.status)
    response.headers["Cache-Control"] = "no-store"
    if isinstance(error, Busy | NotReady):
        response.headers["Retry-After"] = str(error.retry_after_s if isinstance(error, Busy) else RETRY_RUNNING_S)
    return response


def page_route(pages: Pages) -> type[APIRoute]:
    """A route class whose errors are told in this dialect."""

    class PageRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def answer(request: Request) -> Response:
                try:
                    return await handle(request)
                except Exception as error:  # the outermost place of this dialect
                    return error_response(request, pages, foreseen(error))

            return answer

    return PageRoute
