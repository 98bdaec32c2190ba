"""Addresses below ``/links/<token>/``: the same addresses as anywhere, asked by whoever has the link.

The token is taken off the path, and becomes part of the prefix under which the client reached us: every absolute address in an answer keeps
it, so that unmodified clients stay below the link.
"""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Receive, Scope, Send

_LINK = re.compile(r"/links/(?P<token>[A-Za-z0-9._-]{1,2000})(?P<rest>/.*)?", re.DOTALL)
_STATE = "rendermap.link"


def link_token_of(scope: Scope) -> str | None:
    """The link's token, None for who did not come by a link."""
    token: str | None = scope.get(_STATE)
    return token


def link_prefix_of(scope: Scope) -> str:
    """What stands before every path below a link; empty for who did not come by one."""
    token = link_token_of(scope)
    return f"/links/{token}" if token else ""


class LinkPaths:
    """Takes a link's token off the path; plain ASGI, and for all other paths one comparison."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http" and scope["path"].startswith("/links/") and (found := _LINK.fullmatch(scope["path"])):
            head, rest = f"/links/{found['token']}", found["rest"] or "/"
            raw = scope.get("raw_path")
            scope = {
                **scope,
                _STATE: found["token"],
                "path": rest,
                "raw_path": (raw.removeprefix(head.encode()) or b"/") if raw else rest.encode(),
                "root_path": scope.get("root_path", "") + head,
            }
        await self._app(scope, receive, send)
