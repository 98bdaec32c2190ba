"""Answers for pages of other origins: maps on any site may show our pictures.

Any origin is echoed.  Credentials are never allowed along with it: an answer depends on the address alone, and a stranger's page must
not be able to spend a visitor's cookies.  Tokens in headers need no such permission.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

_HEADER_NAMES = re.compile(r"[A-Za-z0-9\-_, ]{1,500}")
_MAX_AGE_S = 7200


def allow_origin(request: Request, response: Response) -> Response:
    """The response with the headers that let the asking page read it."""
    origin = request.headers.get("origin")
    response.headers["Access-Control-Allow-Origin"] = origin or "*"
    response.headers["Access-Control-Expose-Headers"] = "ETag, Retry-After"
    response.headers.add_vary_header("Origin")
    return response


def preflight(request: Request, methods: Sequence[str]) -> Response:
    """The answer to OPTIONS (Fetch standard, CORS-preflight): whatever headers a client asks for, ``X-Esri-Authorization`` among them."""
    allowed = ", ".join(methods)
    headers = {"Allow": allowed, "Access-Control-Allow-Methods": allowed, "Access-Control-Max-Age": str(_MAX_AGE_S)}
    wanted = request.headers.get("access-control-request-headers", "")
    if _HEADER_NAMES.fullmatch(wanted):
        headers["Access-Control-Allow-Headers"] = wanted
    return allow_origin(request, Response(status_code=204, headers=headers))
