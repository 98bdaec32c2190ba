"""Signed links: an address that holds, signed, which job, which layers, what may be done, how closely, where and until when."""

from __future__ import annotations

import secrets

from rendermap.access.grant import LEVELS, Bounds, Link
from rendermap.access.keyring import KeyRing, SignatureInvalid

PURPOSE = "link"
PREFIX = "rml_"
"""What is signed may begin with a dot, and web servers like to hide such paths."""
LONGEST_CHARS = 2000


def new_id() -> str:
    """A name for a link, by which it can be revoked."""
    return secrets.token_urlsafe(9)


def to_token(link: Link, ring: KeyRing) -> str:
    """The link as one segment of a path."""
    return PREFIX + ring.sign(PURPOSE, [
        link.id, link.service, link.job_id, None if link.layer_ids is None else sorted(link.layer_ids), LEVELS.index(link.operation),
        link.bounds.finest_scale_denominator, link.bounds.extent_deg, link.made, link.starts, link.ends,
    ])  # fmt: skip


def from_token(token: str, ring: KeyRing) -> Link:
    """The link, whether its time has come or gone.  Raises SignatureInvalid."""
    if len(token) > LONGEST_CHARS or not token.startswith(PREFIX):
        raise SignatureInvalid
    id_, service, job_id, layers, level, scale, extent, made, starts, ends = ring.read(PURPOSE, token.removeprefix(PREFIX))
    west, south, east, north = extent or (0, 0, 0, 0)
    bounds = Bounds(scale, (west, south, east, north) if extent else None)
    return Link(id_, service, job_id, None if layers is None else frozenset(layers), LEVELS[level], bounds, made, starts, ends)
