"""Picture or document -> HTTP response with cache headers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from rendermap.frontends.identity import VARY
from rendermap.reply import Picture
from rendermap.request import MapRequest, TileRequest
from rendermap.service import OpenMap, OpenTemplate


@dataclass(frozen=True, slots=True)
class Keep:
    """How long clients may keep a picture.

    max_age_s: None for as long as the service says.  immutable: the address names this very version of the result.
    """

    max_age_s: int | None = None
    immutable: bool = False


AS_USUAL = Keep()
PRIVATE = "private, no-cache"
_SAFE = {"X-Content-Type-Options": "nosniff"}


def etag_of(digest: str) -> str:
    """A picture's ETag.  digest: of its plan, so that it is told before the picture is drawn.

    It is weak (RFC 9110, 8.8.1): the same plan drawn from a dataset that has been prepared since, or packed on another kind of
    machine, shows the same in other bytes.
    """
    return f'W/"{digest}"'


def etag_matches(request: Request, etag: str) -> bool:
    """True when If-None-Match names this entity (RFC 9110, 13.1.2)."""
    header = request.headers.get("if-none-match", "")
    return header.strip() == "*" or names_entity(header, etag)


def names_entity(header: str, etag: str) -> bool:
    """True when a list of entities names this one; weakly is enough on either side."""
    return etag.removeprefix("W/") in [tag.strip().removeprefix("W/") for tag in header.split(",")]


async def drawn_response(request: Request, opened: OpenMap | OpenTemplate, asked: MapRequest, keep: Keep = AS_USUAL) -> Response:
    """The picture asked for; one that the client has is not drawn again."""
    return unchanged_response(request, opened, asked, keep) or picture_response(request, await opened.draw(asked), keep)


def unchanged_response(
    request: Request, opened: OpenMap | OpenTemplate, asked: MapRequest | TileRequest, keep: Keep = AS_USUAL
) -> Response | None:
    """304 when the client names the digest the picture would have, told without drawing it; else None.

    ``*`` asks whether there is a picture at all, which only drawing tells.
    """
    if request.headers.get("if-none-match", "*").strip() == "*" or not opened.is_kept:
        return None
    digest = opened.digest_of(asked)
    if not etag_matches(request, etag_of(digest)):
        return None
    return Response(status_code=304, headers=_picture_headers(digest, opened.picture_max_age_s, keep, is_public=opened.is_public))


def picture_response(request: Request, picture: Picture, keep: Keep = AS_USUAL) -> Response:
    """The picture, or 304 when the client has it; one that is not whole is neither kept nor named, whatever its address says."""
    if not picture.is_kept:
        return Response(picture.body, media_type=picture.media_type, headers={"Cache-Control": "private, no-store", "Vary": VARY} | _SAFE)
    if not picture.is_whole:
        return Response(picture.body, media_type=picture.media_type, headers={"Cache-Control": "no-store"} | _SAFE)
    headers = _picture_headers(picture.digest, picture.max_age_s, keep, is_public=picture.is_public)
    if etag_matches(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(picture.body, media_type=picture.media_type, headers=headers)


def _picture_headers(digest: str, usual_max_age_s: int, keep: Keep, *, is_public: bool) -> dict[str, str]:
    """What not everybody may see is kept by its reader alone, and shown again only after asking whether that may still be."""
    if not is_public:
        return {"ETag": etag_of(digest), "Cache-Control": PRIVATE, "Vary": VARY} | _SAFE
    max_age_s = usual_max_age_s if keep.max_age_s is None else keep.max_age_s
    control = f"public, max-age={max_age_s}, {'immutable' if keep.immutable else 'must-revalidate'}"
    return {"ETag": etag_of(digest), "Cache-Control": control, "Vary": VARY} | _SAFE


def document_response(request: Request, body: bytes, headers: Mapping[str, str]) -> Response:
    """A document, or 304 when the client has these very bytes.  headers: Content-Type and Cache-Control among them."""
    etag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    whole = {**headers, "ETag": etag, **_SAFE}
    if request.method != "POST" and etag_matches(request, etag):
        return Response(status_code=304, headers=whole)
    return Response(body, headers=whole)
