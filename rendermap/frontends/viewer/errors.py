"""The pages' dialect: an error is a page for a browser and a small JSON body for a script."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

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
    SignIn,
    TooMany,
)
from rendermap.frontends.link_paths import link_token_of
from rendermap.frontends.problems import headers_of, problem_response, status_of
from rendermap.frontends.viewer.pages import Pages


@dataclass(frozen=True, slots=True)
class Wording:
    """title: the heading of the page.  advice: what the visitor can do."""

    title: str
    advice: str


WORDINGS: dict[type[RendermapError], Wording] = {
    BadRequest: Wording("That address is not quite right", "Check the address, or start again from the list of jobs."),
    SignIn: Wording("Please sign in", "Open this page through a link that was made for you, or through the portal you sign in to."),
    Refused: Wording("Not possible here", "Try a smaller area or picture."),
    NotFound: Wording("Nothing here", "The address may be mistyped, or the job may never have existed."),
    NotReady: Wording("Not ready yet", "The map appears as soon as the job has finished."),
    JobFailed: Wording("This job has no map", "The job's page shows what its tool said."),
    Ended: Wording("This job has ended", "Run the tool again to get a new map."),
    Broken: Wording("Something went wrong on our side", "Try again. If it stays, give the reference to whoever runs this service."),
    Busy: Wording("Busy at the moment", "Try again in a few seconds."),
    TooMany: Wording("That was a lot at once", "Wait a little, then go on."),
    RenderTimeout: Wording("That took too long", "Try a smaller area."),
}


BELOW_A_LINK = Wording(
    "Nothing here", "The link may have ended, been taken back or been copied in part. Ask whoever gave it to you for a new one."
)
"""Said of a link that is not good, and of whatever is not there below one that is."""


def wording_of(error: RendermapError, *, is_linked: bool = False) -> Wording:
    """The row of the nearest ancestor in the table.  is_linked: asked for below a link, good or not."""
    if is_linked and isinstance(error, NotFound):
        return BELOW_A_LINK
    return next(WORDINGS[kind] for kind in type(error).__mro__ if kind in WORDINGS)


def error_response(request: Request, pages: Pages, error: RendermapError) -> Response:
    """A page when a browser asks for one, else JSON; never kept by a cache."""
    if "text/html" not in request.headers.get("accept", ""):
        return problem_response(error)
    status = status_of(error)
    wording = wording_of(error, is_linked=link_token_of(request.scope) is not None)
    values = {"wording": wording, "status": status, "sentence": error.sentence, "details": error.details}
    # the list would answer the very same
    values["leads_on"] = wording is not BELOW_A_LINK and not isinstance(error, SignIn)
    response = pages.page(request, "error.html", values, status)
    response.headers.update(headers_of(error))
    return response
