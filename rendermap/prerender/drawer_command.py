"""The command: rendermap prerender-worker."""

from __future__ import annotations

from typing import Annotated

import typer

from rendermap.assembly import build, shared_key
from rendermap.broker import BROKER, connect
from rendermap.console import err, out, print_error, print_settings_fault
from rendermap.errors import RendermapError
from rendermap.hosting import FAULTS
from rendermap.options import Config, Jobs, Services, help_of
from rendermap.prerender.drawer import started, take_orders
from rendermap.prerender.orders import Seal
from rendermap.session import USAGE, settings_of
from rendermap.settings import SettingsInvalid


def register(app: typer.Typer) -> None:
    """Adds the command to the command line."""
    app.command("prerender-worker")(prerender_worker)


def prerender_worker(
    broker: Annotated[str, typer.Option("--broker", envvar=BROKER, help="Where orders come from, as redis://host.")],
    workers: Annotated[int | None, typer.Option("--workers", help=help_of("workers"), show_default="one per processor")] = None,
    jobs: Jobs = None,
    services: Services = None,
    config: Config = None,
) -> None:
    """Draw tiles for `rendermap prerender --celery`, which may run on another machine, until told to stop.

    Pictures go into the cache that all share: cache_dir, redis_url or cache_s3 of the settings.

    Example: `rendermap prerender-worker --broker redis://queue.example.org --jobs /gis/jobs --services /gis/styles`
    """
    settings = settings_of(jobs=tuple(jobs or ()), services=services, config=config, workers=workers)
    if not settings.keeps_outside:
        err.print("[red]nothing would stay:[/] give cache_dir, redis_url or cache_s3 in the settings")
        raise typer.Exit(USAGE)
    try:
        orders, assembled = connect(broker), build(settings, keeps_all=True)
        seal = Seal(shared_key(settings, assembled.doorkeeper))
        with started(assembled) as draw:
            out.print(f"{settings.workers} drawing processes take orders", highlight=False)
            status = take_orders(orders, seal, draw)
    except SettingsInvalid as error:
        print_settings_fault(error)
        raise typer.Exit(USAGE) from None
    except RendermapError as error:
        print_error(error)
        raise typer.Exit(FAULTS) from None
    raise typer.Exit(status)
