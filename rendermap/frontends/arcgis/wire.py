"""Documents, pages and errors -> HTTP responses: JSON, indented JSON, JSONP or HTML."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from rendermap.errors import Busy, InvalidParameter, RendermapError, SignIn
from rendermap.frontends.arcgis.errors import error_document, http_status_of, short_error_document
from rendermap.frontends.arcgis.pages import content_security_policy, render_page
from rendermap.frontends.kvp import Parameters
from rendermap.frontends.negotiation import Form
from rendermap.frontends.problems import challenge_of
from rendermap.frontends.responses import document_response

JSON_TYPE = "application/json;charset=utf-8"
JAVASCRIPT_TYPE = "application/javascript;charset=utf-8"

_NAME = r"[A-Za-z_$][\w$]{0,63}"
_CALLBACK = re.compile(rf"{_NAME}(?:\.{_NAME}|\[\d{{1,6}}\]){{0,8}}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wire:
    """How an answer is written.  callback: of JSONP."""

    form: Form
    callback: str | None = None


def parse_callback(parameters: Parameters, form: Form) -> str | None:
    """The JSONP function's name: a plain property path, nothing that could be a script.  Raises InvalidParameter."""
    callback = parameters.get("callback")
    if callback is None or form not in (Form.JSON, Form.PJSON):
        return None
    if not _CALLBACK.fullmatch(callback):
        raise InvalidParameter("'callback' must be the name of a function.")
    return callback


def write_document(request: Request, document: Mapping[str, object], wire: Wire) -> Response:
    """The document as JSON or JSONP, to be asked for again each time, with 304 when it has not changed."""
    text = json.dumps(document, allow_nan=False, indent=2 if wire.form is Form.PJSON else None)
    if wire.callback:
        # the comment keeps the first bytes of the answer out of the caller's hands
        return _response(request, f"/**/{wire.callback}({text});", JAVASCRIPT_TYPE)
    return _response(request, text, JSON_TYPE)


def write_page(request: Request, page: str, shown: Mapping[str, object], token: str | None) -> Response:
    """The document as a page for people.  token: that it was opened by, which it holds then, so that no disk keeps it."""
    text = render_page(page, {**shown, "json_url": _json_url(request), "token": token})
    response = _response(request, text, "text/html;charset=utf-8")
    response.headers["Content-Security-Policy"] = content_security_policy()
    if token:
        response.headers["Cache-Control"] = "private, no-store"
    return response


def _json_url(request: Request) -> str:
    pairs = [(name, value) for name, value in request.query_params.multi_items() if name.lower() not in ("f", "callback", "token")]
    return "?" + urlencode([*pairs, ("f", "pjson")])


def _response(request: Request, text: str, media_type: str) -> Response:
    return document_response(request, text.encode(), {"Cache-Control": "private, no-cache", "Content-Type": media_type})


def write_error(request: Request, error: RendermapError, wire: Wire, *, status: int | None = None) -> Response:
    """The error in the form asked for; never cached.

    Machines get HTTP 200 (QGIS shows a message only then), but 503 or 429 with Retry-After when busy, except by JSONP, whose callers see
    nothing else.  People get a page with HTTP's own status.  status: wins over both.
    """
    is_told_by_http = wire.form is Form.HTML or (isinstance(error, Busy) and not wire.callback)
    usual = http_status_of(error) if is_told_by_http else 200
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    if isinstance(error, Busy):
        headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, SignIn) and (status or usual) == 401:
        headers["WWW-Authenticate"] = challenge_of(error)
    if wire.form is Form.HTML:
        text, media_type = (
            render_page("error", {"document": error_document(error), "json_url": _json_url(request)}),
            "text/html;charset=utf-8",
        )
        headers["Content-Security-Policy"] = content_security_policy()
    else:
        document = short_error_document(error) if wire.form is Form.IMAGE else error_document(error)
        text, media_type = json.dumps(document, indent=2 if wire.form is Form.PJSON else None), JSON_TYPE
    if wire.callback:
        text, media_type = f"/**/{wire.callback}({text});", JAVASCRIPT_TYPE
    return Response(text, status_code=status or usual, headers={**headers, "Content-Type": media_type})
