"""Picture or document -> HTTP response with cache headers."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from rendermap.reply import Picture


def etag_matches(request: Request, etag: str) -> bool:
    """True when If-None-Match names this entity (RFC 9110, 13.1.2)."""
    header = request.headers.get("if-none-match", "")
    return header.strip() == "*" or etag in [tag.strip().removeprefix("W/") for tag in header.split(",")]


def picture_response(request: Request, picture: Picture, *, immutable: bool = False) -> Response:
    """The picture, or 304 when the client has it.

    immutable: the address names this very version of the result, so it may be kept for as long as the picture lives.
    """
    etag = f'"{picture.digest}"'
    keep = f"public, max-age={picture.max_age_s}, immutable" if immutable else f"public, max-age={picture.max_age_s}, must-revalidate"
    headers = {"ETag": etag, "Cache-Control": keep, "X-Content-Type-Options": "nosniff"}
    if etag_matches(request, etag):
        return Response(status_code=304, headers=headers)
    return Response(picture.body, media_type=picture.media_type, headers=headers)
