"""The command: rendermap job-worker."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from rendermap.broker import BROKER, JOBS, connect
from rendermap.console import err, out, print_error
from rendermap.errors import RendermapError
from rendermap.gp.engines.engine import Site
from rendermap.gp.machine import take_calls
from rendermap.hosting import FAULTS
from rendermap.options import Config, Jobs, Services
from rendermap.services.reader import Services as Published
from rendermap.session import USAGE, settings_of

SERVICES_S = 0.5


def register(app: typer.Typer) -> None:
    """Adds the command to the command line."""
    app.command("job-worker")(job_worker)


def job_worker(
    broker: Annotated[str, typer.Option("--broker", envvar=BROKER, help="Where calls come from, as redis://host.")],
    at_once: Annotated[int | None, typer.Option("--at-once", min=1, help="Jobs on this machine.", show_default="one per processor")] = None,
    jobs: Jobs = None,
    services: Services = None,
    config: Config = None,
) -> None:
    """Run the jobs of services whose engine is `celery`, for servers on other machines, until told to stop.

    All must see the same jobs directories, under whatever path, in the same order.

    Example: `rendermap job-worker --broker redis://queue.example.org --jobs /gis/jobs --services /gis/styles`
    """
    settings = settings_of(jobs=tuple(jobs or ()), services=services, config=config)
    if not settings.jobs:
        err.print("[red]no jobs directory:[/] give one with --jobs DIR, RENDERMAP_JOBS or jobs = \\[...] in the settings file")
        raise typer.Exit(USAGE)
    count = at_once or os.cpu_count() or 1
    published = Published(settings.services, check_every_s=SERVICES_S)
    site = Site(tuple(folder.absolute() for folder in settings.jobs), published.current, broker)
    try:
        calls = connect(broker, JOBS)
        out.print(f"{count} jobs at once", highlight=False)
        status = take_calls(calls, site, count)
    except RendermapError as error:
        print_error(error)
        raise typer.Exit(FAULTS) from None
    raise typer.Exit(status)
