"""The tile front end's dialect: true HTTP status and a small JSON body."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from rendermap.errors import RendermapError
from rendermap.frontends.problems import problem_response, telling_route

OPEN = {"Access-Control-Allow-Origin": "*"}
"""Pictures carry no credentials, so any page may show them."""


def tell(request: Request, error: RendermapError) -> Response:
    """The error, readable from any page."""
    del request
    return problem_response(error, OPEN)


XyzRoute = telling_route(tell)
