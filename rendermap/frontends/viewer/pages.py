"""Templates -> pages: one look, a strict content policy, nothing from other hosts but the operator's basemap."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from rendermap.frontends.identity import VARY
from rendermap.frontends.links import base_url, with_token
from rendermap.frontends.responses import PRIVATE
from rendermap.frontends.viewer.bundle import Bundle, NotBuilt
from rendermap.frontends.viewer.wording import moment

_NOT_BUILT = (
    "<!doctype html><html lang='en'><title>rendermap</title><h1>The pages have not been built</h1>"
    "<p>Run <code>make web</code> and reload. The map services themselves work without it.</p></html>"
)


_SAFE = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
_NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"


def prefix_of(request: Request) -> str:
    """The path under which clients reach us, without a trailing slash; empty at the root of a host."""
    return urlsplit(base_url(request)).path.rstrip("/")


def token_of(request: Request) -> str | None:
    """The token that a page is opened by, in its address."""
    return request.query_params.get("token") or None


@pass_context
def _with_token(context: Context, address: str) -> str:
    return with_token(address, context["token"])


class Pages:
    """Renders pages.  Every value is escaped by the templates; scripts get their data from an inert JSON block."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        folder = Path(__file__).parent / "templates"
        self._templates = Environment(
            loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        self._templates.filters |= {"moment": moment, "inert_json": inert_json, "with_token": _with_token}

    def page(self, request: Request, template: str, values: Mapping[str, object], status: int = 200) -> Response:
        """One page; 503 with plain words when the scripts and styles were not built.

        values: with ``link_ends``, where the page is shown by a link, which the page then says.
        """
        prefix, token = prefix_of(request), token_of(request)

        def asset(source: str) -> str:
            return f"{prefix}/static/{self.bundle.name_of(source)}"

        try:
            body = self._templates.get_template(template).render({"link_ends": None, **values}, prefix=prefix, asset=asset, token=token)
        except NotBuilt:
            return HTMLResponse(_NOT_BUILT, 503, _SAFE | {"Content-Security-Policy": _NOTHING, "Cache-Control": "no-store"})
        policy = content_policy(getattr(request.app.state, "basemap_url", None))
        kept = "private, no-store" if token else PRIVATE
        return HTMLResponse(body, status, _SAFE | {"Content-Security-Policy": policy, "Cache-Control": kept, "Vary": VARY})


def content_policy(basemap_url: str | None) -> str:
    """The Content-Security-Policy: our own scripts and styles only, pictures also from the operator's basemap."""
    pictures = " ".join(filter(None, ("'self'", "data:", basemap_host(basemap_url))))
    return f"default-src 'self'; img-src {pictures}; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"


def basemap_host(basemap_url: str | None) -> str:
    """Scheme and host of a basemap address as a policy source; empty for none or one of ours.  ``{a-c}.`` becomes ``*.``."""
    parts = urlsplit(basemap_url or "")
    host = re.sub(r"^(\{[^}]*\}|[^.{}]*\{[^}]*\}[^.]*)\.", "*.", parts.netloc)
    return f"{parts.scheme}://{host}" if parts.scheme in ("http", "https") and re.fullmatch(r"[*\w.:\[\]-]+", host) else ""


def inert_json(value: object) -> Markup:
    """JSON for a ``<script type="application/json">``: no character that could end the element."""
    text = json.dumps(value, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))
