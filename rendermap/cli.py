"""The command line: serve, demo, style, inspect, check, jobs, sweep; other commands are in rooms of their own."""

from __future__ import annotations

import asyncio
import inspect as signatures
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from rendermap import __version__, credential_commands, job_worker_command, picture_commands
from rendermap.access.grant import OPERATOR
from rendermap.assembly import Assembled, build
from rendermap.console import (
    err,
    out,
    print_document,
    print_error,
    print_jobs,
    print_layer,
    print_map,
    print_settings_fault,
    print_style,
    print_swept,
)
from rendermap.desk import (
    dataset_at,
    named_styles,
    written_style,
)
from rendermap.dispatch.plan import InspectPlan, measure_plan
from rendermap.errors import BadRequest, Broken, LayerNotFound, RendermapError
from rendermap.hosting import FAULTS, run_server
from rendermap.jobs.job import DataSource, JobStatus
from rendermap.options import Config, Jobs, Services, help_of, settings_options
from rendermap.prerender import command as prerender_command
from rendermap.prerender import drawer_command
from rendermap.request import JobRequest, LegendRequest
from rendermap.retention import Step
from rendermap.session import OK, USAGE, run, settings_of
from rendermap.settings import Settings, SettingsInvalid
from rendermap.symbology.defaults import default_needs, default_style
from rendermap.symbology.style import Style
from rendermap.symbology.writers.table import STYLE_WRITERS

app = typer.Typer(
    help="Draws the results of finished geoprocessing jobs and serves them as pictures.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)

credential_commands.register(app)
prerender_command.register(app)
drawer_command.register(app)
job_worker_command.register(app)


def main() -> None:
    """Entry point; exit status 0 done, 1 something could not be done, 2 wrongly asked."""
    try:
        app()
    except SettingsInvalid as error:
        print_settings_fault(error)
        sys.exit(USAGE)


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        out.print(f"rendermap {__version__}", highlight=False)
        raise typer.Exit


def serve(**given: Any) -> None:
    """Serve the maps of finished jobs.

    Example: `rendermap serve --jobs /data/arcgisjobs --services ./styles --host 0.0.0.0 --port 8080`
    """
    given["jobs"] = tuple(given["jobs"] or ())
    settings = settings_of(**given)
    _demand_jobs(settings)
    run_server(settings)


def _demand_jobs(settings: Settings) -> None:
    if not settings.jobs:
        err.print("[red]no jobs directory:[/] give one with --jobs DIR, RENDERMAP_JOBS or jobs = \\[...] in the settings file")
        raise typer.Exit(USAGE)


_options = settings_options()
serve.__signature__ = signatures.Signature(_options)  # type: ignore[attr-defined]
serve.__annotations__ = {option.name: option.annotation for option in _options}
app.command()(serve)


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="Write one picture per job and protocol into build/demo/ and stop.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Make the jobs anew.")] = False,
    folder: Annotated[Path, typer.Option("--folder", help="Where the jobs and pictures go.")] = Path("build/demo"),
    services: Services = None,
    host: Annotated[str | None, typer.Option(help=help_of("host"), show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help=help_of("port"), show_default="8080")] = None,
) -> None:
    """Run real geoprocessing on real elevation data and show its result maps.

    Example: `rendermap demo`, then open the address it prints.  `rendermap demo --once` writes pictures and stops.
    """
    from rendermap.demo.run import run_demo

    settings = settings_of(jobs=(folder / "jobs",), services=services, host=host, port=port)
    raise typer.Exit(run_demo(settings, folder, once=once, fresh=fresh, serve=run_server))


picture_commands.register(app)  # here, in the order of the help


@app.command()
def style(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A layer file.", exists=True, dir_okay=False)],
    layer: Annotated[str | None, typer.Option("--layer", help="One layer of a file that holds several.", show_default="all")] = None,
    to: Annotated[
        str | None, typer.Option("--to", help=f"Write it in another language: {' or '.join(STYLE_WRITERS.names)}.", show_default=False)
    ] = None,
) -> None:
    """Print how a layer file was understood: what is drawn by what, and what cannot be drawn as it says.

    Example: `rendermap style hazard.lyrx`, or `rendermap style hazard.lyrx --to sld > hazard.sld`
    """
    try:
        for named in named_styles(file, layer):
            print_style(named) if to is None else print_document(written_style(named, to))
    except RendermapError as error:
        print_error(error)
        raise typer.Exit(USAGE if isinstance(error, BadRequest | LayerNotFound) else FAULTS) from None


@app.command()
def inspect(
    what: Annotated[str, typer.Argument(metavar="DATASET-OR-JOB", help="A dataset's path (`x.gdb/name` for one in a container) or a job.")],
    jobs: Jobs = None,
    services: Services = None,
    config: Config = None,
) -> None:
    """Say what rendermap sees in a dataset or a job, and how it would be read.

    Example: `rendermap inspect scratch/scratch.gdb/outWatershed`
    """
    settings = settings_of(jobs=tuple(jobs or ()), services=services, config=config, workers=1)
    dataset = dataset_at(what)

    async def look(assembled: Assembled, source: DataSource) -> None:
        layer = await assembled.pool.inspect(InspectPlan(source))
        wanted = default_needs(layer.facts)
        measures = {need: await assembled.pool.measure(measure_plan(layer, need)) for need in wanted}
        style = default_style(layer.facts, measures, layer.source.path.stem)
        named = [(need.field or f"band {need.band}", m) for need, m in measures.items()]
        print_layer(layer, named, type(style.theme).__name__.lower())

    async def describe(assembled: Assembled, request: JobRequest) -> None:
        if dataset is not None:
            return await look(assembled, dataset)
        card = await assembled.service.job(request)
        print_jobs([card])
        if card.status == JobStatus.SUCCEEDED:
            opened = await assembled.service.open(request)
            print_map(opened.card, await opened.legend(LegendRequest(request)))
        for output in assembled.finder.find(request.service, request.job_id).outputs:
            if output.source is not None:
                out.print(f"\n[bold]{escape(output.name)}[/]", highlight=False)
                try:
                    await look(assembled, output.source)
                except Broken as error:
                    print_error(error)

    run(settings, None if dataset else what, describe)


@app.command()
def check(services: Services = None, config: Config = None) -> None:
    """Read every service and layer file and report what is wrong; exit status 1 if anything is.

    Example: `rendermap check --services ./styles`
    """
    from rendermap.review import review

    settings = settings_of(services=services, config=config)
    found = review(settings.services)
    faults = [*found.faults, *(run(settings, None, partial(_engine_faults, found.engine)) if found.engine else ())]
    for warning in found.warnings:
        out.print(f"[yellow]warning[/] {escape(warning)}", highlight=False, soft_wrap=True)
    for fault in faults:
        out.print(f"[red]fault[/]   {escape(fault)}", highlight=False, soft_wrap=True)
    out.print(f"{found.services} services, {len(faults)} faults, {len(found.warnings)} warnings")
    raise typer.Exit(FAULTS if faults else OK)


async def _engine_faults(styles: Sequence[tuple[Path, Style]], assembled: Assembled, _: JobRequest) -> list[str]:
    """What the engine itself says of its own styles; it works in the workers only."""
    from rendermap.review import swatch_plan

    faults = []
    for file, own in styles:
        try:
            await assembled.pool.legend(swatch_plan(own))
        except Broken as error:
            faults.append(f"{file}: {error.reason or error.sentence}")
    return faults


@app.command("jobs")
def list_jobs(
    service: Annotated[str | None, typer.Argument(help="`[folder/]service`; all when left out.")] = None,
    jobs: Jobs = None,
    services: Services = None,
    config: Config = None,
    limit: Annotated[int, typer.Option(help="At most so many.")] = 50,
) -> None:
    """List jobs, newest first.

    Example: `rendermap jobs --jobs /data/arcgisjobs`
    """
    settings = settings_of(jobs=tuple(jobs or ()), services=services, config=config, workers=1)
    _demand_jobs(settings)
    for folder in settings.jobs:
        if not folder.is_dir():
            err.print(f"{folder}: there is no such folder", style="yellow", markup=False, highlight=False)
    try:
        print_jobs(asyncio.run(build(settings).service.jobs(OPERATOR, service, limit)))
    except RendermapError as error:
        print_error(error)
        raise typer.Exit(FAULTS) from None


@app.command()
def sweep(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    jobs: Jobs = None,
    services: Services = None,
    config: Config = None,
) -> None:
    """End the jobs whose lifetime is over, and remove what is left of those that ended a while ago.

    Exit status 1 if something could not be removed.  A running service does the same by itself, every five minutes.

    Example: `rendermap sweep --dry-run --jobs /data/arcgisjobs`
    """
    settings = settings_of(jobs=tuple(jobs or ()), services=services, config=config, workers=1)
    _demand_jobs(settings)
    retention = build(settings).retention
    assert retention
    swept = retention.sweep(is_trial=dry_run)
    print_swept(swept, is_trial=dry_run)
    raise typer.Exit(FAULTS if any(one.step is Step.FAILED for one in swept) else OK)
