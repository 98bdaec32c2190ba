"""The command: rendermap prerender."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from rendermap.assembly import Assembled
from rendermap.broker import BROKER, connect
from rendermap.console import err, out, print_error, print_note, spelled_bytes
from rendermap.desk import layer_choice
from rendermap.errors import RendermapError
from rendermap.hosting import FAULTS
from rendermap.limits import MEGABYTE, spelled
from rendermap.options import Config, Jobs, Services, help_of
from rendermap.prerender.archive import parse_tile_format, write_archive, zxy_of
from rendermap.prerender.cover import parse_degrees, parse_zooms
from rendermap.prerender.draft import Draft, draft_path
from rendermap.prerender.drawing import faults_of
from rendermap.prerender.work import MOST_UNASKED, Drawn, Wish, draw_tiles
from rendermap.request import JobRequest
from rendermap.session import USAGE, run, settings_of
from rendermap.settings import Settings

STOPPED = 130
"""Exit status after Ctrl-C, as shells have it."""


def register(app: typer.Typer) -> None:
    """Adds the command to the command line."""
    app.command()(prerender)


def prerender(
    job: Annotated[str, typer.Argument(metavar="JOB", help="`[folder/]service/jobId`; with --to also the path of a job folder.")],
    zoom: Annotated[str | None, typer.Option("--zoom", help="Such as 0-14, or 12.", show_default="as TileJSON tells")] = None,
    bbox: Annotated[str | None, typer.Option(help="west,south,east,north in degrees.", show_default="the whole result")] = None,
    layers: Annotated[
        str | None, typer.Option("--layers", help="Layer ids to draw, such as 0,2.", show_default="those visible by default")
    ] = None,
    format: Annotated[str, typer.Option("--format", help="png, webp, avif or jpg.")] = "png",
    to: Annotated[
        Path | None, typer.Option("--to", help="PMTiles archive to write.", show_default="the cache of pictures", dir_okay=False)
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help=f"Draw more than {spelled(MOST_UNASKED)} tiles too.")] = False,
    celery: Annotated[
        str | None, typer.Option("--celery", envvar=BROKER, help="Broker of machines that draw, as redis://host.", show_default="draw here")
    ] = None,
    workers: Annotated[int | None, typer.Option("--workers", help=help_of("workers"), show_default="one per processor")] = None,
    jobs: Jobs = None,
    services: Services = None,
    config: Config = None,
) -> None:
    """Draw a job's tiles before anybody asks: into the cache of pictures, or into an archive that any static host can serve.

    A run that was ended goes on where it was when the same command is given again.

    Example: `rendermap prerender Terrain/LandslideHazard/j0123 --zoom 0-14 --to hazard.pmtiles`
    """
    settings = settings_of(jobs=tuple(jobs or ()), services=services, config=config, workers=workers)
    with _told():
        zooms, box = parse_zooms(zoom) if zoom else None, parse_degrees(bbox) if bbox else None
        broker = connect(celery) if celery else None
        wish = Wish(zooms, box, layer_choice(layers), parse_tile_format(format), to, yes, broker)
        if broker or to is None:
            _demand_shared(settings, job)
        _fill(settings, job, wish) if to is None else _archive(settings, job, wish, to)


def _demand_shared(settings: Settings, job: str) -> None:
    """Ends the command where nobody else could find the pictures."""
    if not settings.keeps_outside:
        err.print("[red]nothing would stay:[/] give cache_dir, redis_url or cache_s3 in the settings, or an archive with --to FILE.pmtiles")
        raise typer.Exit(USAGE)
    if Path(job).exists():
        err.print("[red]nobody would ask for these:[/] name a published job as \\[folder/]service/jobId, or give --to FILE.pmtiles")
        raise typer.Exit(USAGE)


def _fill(settings: Settings, job: str, wish: Wish) -> None:
    """Into the cache, where services that share it find them."""

    async def work(assembled: Assembled, request: JobRequest) -> tuple[Drawn, int]:
        drawn = await draw_tiles(assembled, request, wish)
        return drawn, drawn.faults + faults_of(assembled)

    with _stoppable("What is drawn is in the cache; the same command passes it over."):
        drawn, faults = run(settings, job, work)
    out.print(f"{spelled(drawn.cover.count)} tiles  {spelled_bytes(drawn.bytes)}")
    if settings.cache_dir and drawn.bytes > settings.cache_dir_mb * MEGABYTE:
        print_note(f"They are more than the {settings.cache_dir_mb} MB of cache_dir_mb: the first are gone again.")
    if faults:
        err.print(f"The cache failed {faults} times, and not all tiles are kept. Give the command again.", style="red")
        raise typer.Exit(FAULTS)


def _archive(settings: Settings, job: str, wish: Wish, target: Path) -> None:
    """Into an archive, by way of a draft beside it.

    The cache is left alone, for what an archive is made of would drive out what people ask for; but it is where other machines put theirs.
    """
    own = settings if wish.broker else settings.model_copy(update={"cache_dir": None, "redis_url": None, "cache_s3": None})
    with _stoppable(f"What is drawn is in {draft_path(target)}; the same command goes on from there."):
        drawn = run(own, job, partial(draw_tiles, wish=wish))
        if drawn.was_written:
            print_note("Nothing has changed since this archive was written.")
        else:
            _bind(drawn, target)
    out.print(f"{target}  {spelled_bytes(target.stat().st_size)}", highlight=False)


def _bind(drawn: Drawn, target: Path) -> None:
    """The archive, of what the draft holds; the draft is gone then."""
    with closing(Draft(draft_path(target), drawn.identity)) as draft:
        tiles = ((tile_id, body) for tile_id, body in draft.tiles() if drawn.cover.has(*zxy_of(tile_id)))
        write_archive(target, tiles, drawn.about)
    draft_path(target).unlink()


@contextmanager
def _stoppable(how_to_go_on: str) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        print_note(f"Stopped. {how_to_go_on}")
        raise typer.Exit(STOPPED) from None


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except RendermapError as error:
        print_error(error)
        raise typer.Exit(USAGE) from None
