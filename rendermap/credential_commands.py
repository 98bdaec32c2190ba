"""The commands for credentials: link, links, revoke, user, key."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import quote

import typer
from rich.markup import escape

from rendermap.access.grant import Link, Operation
from rendermap.access.realm import RealmInvalid, read_realm
from rendermap.console import err, out, print_error
from rendermap.credentials import (
    LinkWish,
    in_days,
    links_of,
    make_key,
    make_link,
    parse_moment,
    remove_key,
    remove_user,
    revoke_job,
    revoke_link,
    set_user,
    signing_ring,
)
from rendermap.desk import OneJob, layer_choice, parse_bbox
from rendermap.errors import InvalidParameter, RendermapError
from rendermap.hosting import FAULTS
from rendermap.options import Access, Config, Jobs, Services
from rendermap.settings import Settings, SettingsInvalid, read_settings

LEAST_PASSWORD_CHARS = 8
USAGE = 2

Groups = Annotated[list[str] | None, typer.Option("--group", help="A group to belong to. Repeatable.", show_default=False)]
Remove = Annotated[bool, typer.Option("--remove", help="Take it away; what was made with it ends.")]


def register(app: typer.Typer) -> None:
    """Adds the commands to the command line."""
    for command in (link, links, revoke, user, key):
        app.command()(command)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (SettingsInvalid, RealmInvalid) as error:
        err.print(f"{error}", style="red", markup=False, highlight=False)
        raise typer.Exit(USAGE) from None
    except RendermapError as error:
        print_error(error)
        raise typer.Exit(USAGE if isinstance(error, InvalidParameter) else FAULTS) from None


def link(
    job: Annotated[str, typer.Argument(metavar="JOB", help="`[folder/]service/jobId`.")],
    may: Annotated[Operation, typer.Option("--may", help="What may be done at most.")] = Operation.VIEW,
    layers: Annotated[str | None, typer.Option("--layers", help="Layer ids, such as 0,2.", show_default="all")] = None,
    finest_scale: Annotated[
        float | None, typer.Option(help="Nothing more shows beyond, such as 5000.", show_default="the layers' own")
    ] = None,
    bbox: Annotated[
        str | None, typer.Option(help="xmin,ymin,xmax,ymax in --crs; nothing shows outside.", show_default="everywhere")
    ] = None,
    crs: Annotated[str, typer.Option(help="Of --bbox.")] = "EPSG:4326",
    days: Annotated[float, typer.Option(help="How long it is good.")] = 30.0,
    until: Annotated[str | None, typer.Option(help="Until when instead: 2026-12-31.", show_default=False)] = None,
    since: Annotated[str | None, typer.Option("--from", help="From when on.", show_default="now")] = None,
    note: Annotated[str, typer.Option(help="For whom or what, to find it again.")] = "",
    jobs: Jobs = None,
    services: Services = None,
    access: Access = None,
    config: Config = None,
) -> None:
    """Make a signed address for one job, that whoever has it may open until its end.

    Example: `rendermap link Viewshed/j0123 --layers 0 --finest-scale 5000 --until 2026-12-31`
    """
    with _told():
        settings = read_settings(jobs=tuple(jobs or ()), services=services, access=access, config=config)
        now = datetime.now(UTC)
        ends = parse_moment(until, is_end=True) if until else in_days(days, now)
        starts = parse_moment(since) if since else now
        wish = LinkWish(may, layer_choice(layers).ids, finest_scale, parse_bbox(bbox, crs), crs, starts, ends, note)
        one = OneJob.named(job, settings.jobs, settings.services)
        made, token = make_link(settings.access, signing_ring(settings.access, settings.secret_key), one.service, one.job, wish, now)
        _print_link(settings, made, token, one, ends)


def _print_link(settings: Settings, made: Link, token: str, one: OneJob, ends: datetime) -> None:
    root = (settings.public_url or f"http://{settings.host}:{settings.port}").rstrip("/")
    base, service, job_id = f"{root}/links/{token}", quote(one.service.name), quote(one.job.job_id)
    rows = (
        ("page", f"{base}/jobs/{service}/{job_id}"),
        ("ArcGIS", f"{base}/arcgis/rest/services/{service}/MapServer/jobs/{job_id}"),
        ("TileJSON", f"{base}/xyz/{service}/jobs/{job_id}/tilejson.json"),
    )
    ended = f"{ends.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    out.print(f"link {made.id} until {ended}; it is taken back with: rendermap revoke {made.id}", soft_wrap=True)
    if made.bounds.extent_deg:
        sides = ", ".join(f"{side:.6g}" for side in made.bounds.extent_deg)
        out.print(f"shows nothing outside of {sides} degrees (west, south, east, north)", highlight=False, soft_wrap=True)
    for name, address in rows:
        out.print(f"{name:<9} {address}", highlight=False, markup=False, soft_wrap=True)


def links(access: Access = None, config: Config = None) -> None:
    """List the links that were made and have not ended.

    Example: `rendermap links`
    """
    with _told():
        known = links_of(read_settings(access=access, config=config).access)
        now = datetime.now(UTC).timestamp()
        for id_, row in sorted(known.made.items(), key=lambda pair: pair[1].made):
            state = "revoked" if known.is_revoked(id_, row) else "ended" if row.ends <= now else "good"
            layers = "all layers" if row.layers is None else f"layers {','.join(map(str, row.layers))}"
            ends = datetime.fromtimestamp(row.ends, UTC)
            said = f"{id_}  {state:<8}{row.service}/{row.job_id}  {row.operation}, {layers}  until {ends:%Y-%m-%d %H:%M} UTC  {row.note}"
            out.print(said.rstrip(), highlight=False, markup=False, soft_wrap=True)


def revoke(
    link_id: Annotated[
        str | None, typer.Argument(metavar="[LINK]", help="The name of a link, from `rendermap links`.", show_default=False)
    ] = None,
    job: Annotated[
        str | None, typer.Option("--job", help="All links of a job instead: `[folder/]service/jobId`.", show_default=False)
    ] = None,
    access: Access = None,
    config: Config = None,
) -> None:
    """Take a link back, or all links of a job; within a second nobody gets in by them.

    Example: `rendermap revoke Xy3kPq09aZ1b`, or `rendermap revoke --job Viewshed/j0123`
    """
    with _told():
        folder = read_settings(access=access, config=config).access
        if (link_id is None) == (job is None):
            raise InvalidParameter("Name a link, or a job with --job.")
        if link_id is not None:
            made = revoke_link(folder, link_id)
            out.print(f"revoked {link_id} of {made.service}/{made.job_id}", highlight=False, markup=False)
            return
        service, _, job_id = (job or "").rpartition("/")
        if not service:
            raise InvalidParameter("A job is named as [folder/]service/jobId.")
        revoke_job(folder, service, job_id, datetime.now(UTC))
        out.print(f"revoked all links of {job}", highlight=False, markup=False)


def user(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Whom; without it all are listed.", show_default=False)] = None,
    group: Groups = None,
    remove: Remove = False,
    access: Access = None,
    config: Config = None,
) -> None:
    """Let a person sign in with a password, which is asked for; or list everybody who can.

    Example: `rendermap user anna --group planners`
    """
    with _told():
        folder = read_settings(access=access, config=config).access
        if name is None:
            for known, row in sorted(read_realm(folder).users.items()):
                out.print(f"{escape(known):<24}{', '.join(map(escape, row.groups))}".rstrip(), highlight=False)
            return
        _check_name(name)
        if remove:
            remove_user(folder, name)
            return
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        if len(password) < LEAST_PASSWORD_CHARS:
            raise InvalidParameter(f"A password needs at least {LEAST_PASSWORD_CHARS} characters.")
        set_user(folder, name, password, tuple(group or ()))
        out.print(f"{escape(name)} can sign in", highlight=False)


def key(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="For what; without it all are listed.", show_default=False)] = None,
    group: Groups = None,
    days: Annotated[float | None, typer.Option(help="How long it is good.", show_default="for good")] = None,
    remove: Remove = False,
    access: Access = None,
    config: Config = None,
) -> None:
    """Make an API key, which is told this once; or list those there are.

    Example: `rendermap key portal --group planners --days 365`
    """
    with _told():
        folder, now = read_settings(access=access, config=config).access, datetime.now(UTC)
        if name is None:
            for known, row in sorted(read_realm(folder).keys.items()):
                ends = f"until {datetime.fromtimestamp(row.ends, UTC):%Y-%m-%d %H:%M} UTC" if row.ends else "for good"
                out.print(f"{escape(known):<24}{ends:<28}{', '.join(map(escape, row.groups))}".rstrip(), highlight=False)
            return
        _check_name(name)
        if remove:
            remove_key(folder, name)
            return
        out.print(
            make_key(folder, name, tuple(group or ()), in_days(days, now) if days is not None else None), highlight=False, markup=False
        )


def _check_name(name: str) -> None:
    if not name.strip() or not name.isprintable() or len(name) > 200:
        raise InvalidParameter("A name is up to 200 letters that can be printed.")
