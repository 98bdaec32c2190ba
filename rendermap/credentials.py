"""What the command line makes and takes back: links, people, API keys."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rendermap.access.doorkeeper import KEY_PREFIX
from rendermap.access.grant import Bounds, Link, Operation
from rendermap.access.keyring import KeyRing
from rendermap.access.links import new_id, to_token
from rendermap.access.passwords import hash_password
from rendermap.access.realm import (
    ApiKey,
    LinksDocument,
    MadeLink,
    User,
    job_name,
    read_realm,
    write_keys,
    write_links,
    write_secrets,
    write_users,
)
from rendermap.errors import InvalidParameter, LayerNotFound, NotFound
from rendermap.geo.bbox import BBox
from rendermap.geo.crs import parse_crs
from rendermap.geo.turns import place_in_degrees
from rendermap.jobs.job import Job
from rendermap.services.layering import to_ogc
from rendermap.services.service import Service

LONGEST_DAYS = 3660


@dataclass(frozen=True, slots=True)
class LinkWish:
    """What a link is wanted for.

    layer_ids: () for all.  finest_scale: as ArcGIS counts, at 96 dpi.  bbox: in crs, easting first.  starts, ends: with their time zones.
    """

    operation: Operation
    layer_ids: tuple[int, ...]
    finest_scale: float | None
    bbox: BBox | None
    crs: str
    starts: datetime
    ends: datetime
    note: str = ""


def make_link(folder: Path, ring: KeyRing, service: Service, job: Job, wish: LinkWish, now: datetime) -> tuple[Link, str]:
    """A signed link and its token, remembered in the access folder.  Raises InvalidParameter, InvalidBbox, LayerNotFound."""
    if wish.ends <= wish.starts or wish.ends <= now:
        raise InvalidParameter("The link would have ended before it begins.")
    if not {layer.id for layer in service.layers}.issuperset(wish.layer_ids):
        raise LayerNotFound(f"There is no such layer; there are {', '.join(f'{layer.id} {layer.name}' for layer in service.layers)}.")
    link = Link(
        new_id(), service.name, job.job_id, frozenset(wish.layer_ids) or None, wish.operation,
        Bounds(_checked_scale(wish.finest_scale), _to_degrees(wish.bbox, wish.crs)), int(now.timestamp()), int(wish.starts.timestamp()),
        int(wish.ends.timestamp()),
    )  # fmt: skip
    token = to_token(link, ring)
    links = read_realm(folder).links
    row = MadeLink(
        service=link.service, job_id=link.job_id, operation=link.operation.value, layers=wish.layer_ids or None, made=link.made,
        ends=link.ends, note=wish.note,
    )  # fmt: skip
    kept = {id_: old for id_, old in links.made.items() if old.ends > now.timestamp()}
    write_links(folder, links.model_copy(update={"made": {**kept, link.id: row}}))
    return link, token


def signing_ring(folder: Path, given: tuple[str, ...]) -> KeyRing:
    """The keys given, else of the access folder; the first is made where there is none."""
    found = given or read_realm(folder).secrets
    if not found:
        found = (secrets.token_hex(32),)
        write_secrets(folder, found)
    return KeyRing(found)


def revoke_link(folder: Path, id_: str) -> MadeLink:
    """Take a link back.  Raises NotFound for one that was not made here."""
    links = read_realm(folder).links
    made = links.made.get(id_)
    if made is None:
        raise NotFound("There is no such link.")
    write_links(folder, links.model_copy(update={"revoked": tuple(dict.fromkeys((*links.revoked, id_)))}))
    return made


def revoke_job(folder: Path, service: str, job_id: str, now: datetime) -> None:
    """Take back every link of a job that was made until now."""
    links = read_realm(folder).links
    write_links(folder, links.model_copy(update={"jobs": {**links.jobs, job_name(service, job_id): int(now.timestamp())}}))


def links_of(folder: Path) -> LinksDocument:
    """All links made and revoked."""
    return read_realm(folder).links


def set_user(folder: Path, name: str, password: str, groups: tuple[str, ...]) -> None:
    """A person, new or with another password; tokens of the old one end."""
    write_users(folder, {**read_realm(folder).users, name: User(password=hash_password(password), groups=groups)})


def remove_user(folder: Path, name: str) -> None:
    """Tokens end with the person.  Raises NotFound."""
    users = dict(read_realm(folder).users)
    if users.pop(name, None) is None:
        raise NotFound("There is no such person.")
    write_users(folder, users)


def make_key(folder: Path, name: str, groups: tuple[str, ...], ends: datetime | None) -> str:
    """A new API key, told once and kept as its digest; one of the same name is replaced."""
    key = KEY_PREFIX + secrets.token_urlsafe(32)
    row = ApiKey(digest=hashlib.sha256(key.encode()).hexdigest(), groups=groups, ends=int(ends.timestamp()) if ends else None)
    write_keys(folder, {**read_realm(folder).keys, name: row})
    return key


def remove_key(folder: Path, name: str) -> None:
    """Raises NotFound."""
    keys = dict(read_realm(folder).keys)
    if keys.pop(name, None) is None:
        raise NotFound("There is no such key.")
    write_keys(folder, keys)


def parse_moment(text: str, *, is_end: bool = False) -> datetime:
    """A date or a time as ISO 8601 has them, in UTC where no zone is said; of a date its beginning or end.  Raises InvalidParameter."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidParameter("A time is written as 2026-12-31 or 2026-12-31T12:00:00+01:00.") from None
    if len(text) <= len("2026-12-31") and is_end:
        moment += timedelta(days=1)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def in_days(days: float, now: datetime) -> datetime:
    """Raises InvalidParameter for no time or more than ten years."""
    if not 0 < days <= LONGEST_DAYS:
        raise InvalidParameter(f"days must be more than 0 and at most {LONGEST_DAYS}.")
    return now + timedelta(days=days)


def _checked_scale(esri_scale: float | None) -> float | None:
    if esri_scale is not None and not esri_scale > 0:
        raise InvalidParameter("The finest scale must be more than 0.")
    return to_ogc(esri_scale) if esri_scale else None


def _to_degrees(box: BBox | None, crs: str) -> tuple[float, float, float, float] | None:
    if box is None:
        return None
    return place_in_degrees(box, parse_crs(crs)).corners
