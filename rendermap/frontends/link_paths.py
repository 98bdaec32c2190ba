"""Addresses below ``/links/<token>/``: the same addresses as anywhere, asked by whoever has the link.

The token is taken off the path, and becomes part of the prefix under which the client reached us: every absolute address in an answer keeps
it, so that unmodified clients stay below the link.
"""

from __future__ import annotations

import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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
    """Takes a link's token off the path; plain ASGI, and for all other paths next to nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http" and (found := _LINK.fullmatch(_path_of(scope))):
            head, rest = f"/links/{found['token']}", found["rest"] or "/"
            scope = {**scope, _STATE: found["token"], "path": rest, "root_path": scope.get("root_path", "") + head}
            send = _unlisted(send)
        await self._app(scope, receive, send)


def _path_of(scope: Scope) -> str:
    """Below the prefix under which the client reached us, which a proxy may have left on the path."""
    path, prefix = str(scope["path"]), str(scope.get("root_path", ""))
    return path.removeprefix(prefix) if prefix and path.startswith(f"{prefix}/") else path


def _unlisted(send: Send) -> Send:
    """Answers that no search engine keeps, wherever it found the link."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["X-Robots-Tag"] = "noindex, nofollow"
        await send(message)

    return sending
