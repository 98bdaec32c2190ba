"""The commands that draw one picture: draw and legend."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rendermap.access.grant import OPERATOR
from rendermap.assembly import Assembled
from rendermap.console import (
    err,
    out,
    print_error,
    print_faults,
)
from rendermap.desk import (
    TriedStyle,
    format_of,
    layer_choice,
    parse_bbox,
    parse_color,
    parse_dpi,
    parse_size,
    require_layers,
    view_for,
    write,
)
from rendermap.errors import BadRequest
from rendermap.imaging.formats import FORMATS
from rendermap.options import Config, Jobs, Services
from rendermap.request import JobRequest, LayerChoice, LegendRequest, LegendSheetRequest, MapRequest
from rendermap.session import USAGE, run, settings_of
from rendermap.symbology.style import Classification

JobName = Annotated[
    str, typer.Argument(metavar="JOB-OR-DATASET", help="`[folder/]service/jobId`, or the path of a job folder or of one dataset.")
]
StyleFile = Annotated[
    Path | None,
    typer.Option("--style", help="A layer file to draw with instead of the service's.", show_default=False, exists=True, dir_okay=False),
]
StyleLayer = Annotated[str | None, typer.Option("--style-layer", help="Which layer of a file with several.", show_default="the first")]
Classes = Annotated[
    Classification, typer.Option("--classification", help="Whether a tried style's classes come from the file or from the data.")
]
Layers = Annotated[str | None, typer.Option("--layers", help="Layer ids to draw, such as 0,2.", show_default="those visible by default")]


def register(app: typer.Typer) -> None:
    """Adds the commands to the command line."""
    for command in (draw, legend):
        app.command()(command)


def draw(
    job: JobName,
    output: Annotated[Path, typer.Option("-o", "--output", help="Picture to write.")] = Path("map.png"),
    bbox: Annotated[str | None, typer.Option(help="xmin,ymin,xmax,ymax in --crs.", show_default="the whole result")] = None,
    size: Annotated[str, typer.Option(help="width,height in pixels.")] = "1024,768",
    crs: Annotated[str | None, typer.Option(help="Such as EPSG:3857.", show_default="the map's own")] = None,
    layers: Layers = None,
    format: Annotated[str | None, typer.Option("--format", help=f"One of {', '.join(FORMATS.names)}.", show_default="by the name")] = None,
    dpi: Annotated[float, typer.Option(help="Dots per inch: 192 draws every symbol twice as large in pixels.")] = 96.0,
    background: Annotated[str | None, typer.Option(help="Such as #ffffff.", show_default="transparent")] = None,
    style: StyleFile = None,
    style_layer: StyleLayer = None,
    classification: Classes = Classification.AUTO,
    jobs: Jobs = None,
    services: Services = None,
    config: Config = None,
) -> None:
    """Draw a job's map, or one dataset, into a file.

    Example: `rendermap draw Terrain/LandslideHazard/j0123 -o hazard.png --size 1600,1200 --crs EPSG:3857`

    Example: `rendermap draw scratch.gdb/Parcels --style parcels.lyrx -o parcels.png` tries a style without any service.
    """
    settings = settings_of(jobs=tuple(jobs or ()), services=services, config=config, workers=1)
    choice, tried = _choice(layers), _tried(style, style_layer, classification)

    async def work(assembled: Assembled, request: JobRequest) -> None:
        opened = await assembled.service.open(request)
        card = opened.card
        view = view_for(card, parse_size(size), crs, parse_bbox(bbox, crs or card.crs), parse_dpi(dpi))
        require_layers(choice, card)
        asked = MapRequest(request, view, choice, format or format_of(output), parse_color(background))
        picture = await opened.draw(asked)
        write(output, picture.body)
        print_faults(card)
        out.print(f"{output}  {picture.width_px} x {picture.height_px}  {view.crs}{'  [yellow]empty[/]' if picture.empty else ''}")
        _print_warnings(assembled, tried)

    run(settings, job, work, tried, choice)


def _choice(layers: str | None) -> LayerChoice:
    try:
        return layer_choice(layers)
    except BadRequest as error:
        print_error(error)
        raise typer.Exit(USAGE) from None


def _tried(file: Path | None, layer: str | None, classification: Classification) -> TriedStyle | None:
    return TriedStyle(file.resolve(), layer, classification.value) if file else None


def _print_warnings(assembled: Assembled, tried: TriedStyle | None) -> None:
    """What a tried style says that is not drawn as it says."""
    named = assembled.library.style_for(tried.file, tried.layer) if tried else None
    for warning in named.warnings if named else ():
        err.print(f"{warning}", style="yellow", markup=False, highlight=False, soft_wrap=True)


def legend(
    job: Annotated[
        str | None, typer.Argument(metavar="[JOB-OR-DATASET]", help="As for `draw`; with --style it may be left out.", show_default=False)
    ] = None,
    output: Annotated[Path, typer.Option("-o", "--output", help="Picture to write.")] = Path("legend.png"),
    layers: Layers = None,
    dpi: Annotated[float, typer.Option(help="Dots per inch.")] = 96.0,
    dark: Annotated[bool, typer.Option("--dark", help="For a dark page.")] = False,
    style: StyleFile = None,
    style_layer: StyleLayer = None,
    classification: Classes = Classification.AUTO,
    jobs: Jobs = None,
    services: Services = None,
    config: Config = None,
) -> None:
    """Draw a job's legend into a file, or what a layer file says before there is any data.

    Example: `rendermap legend Viewshed/j0123 -o legend.png --dpi 192`

    Example: `rendermap legend --style hazard.lyrx -o legend.png`
    """
    settings = settings_of(jobs=tuple(jobs or ()), services=services, config=config, workers=1)
    choice, tried = _choice(layers), _tried(style, style_layer, classification)
    if job is None and tried is None:
        err.print("[red]nothing to draw a legend of:[/] name a job, a dataset, or a layer file with --style")
        raise typer.Exit(USAGE)

    async def work(assembled: Assembled, request: JobRequest) -> None:
        asked = LegendSheetRequest(LegendRequest(request, choice, parse_dpi(dpi)), format_of(output), dark)
        service = assembled.service
        opened = await service.open(request) if job else await service.open_template(request.service, OPERATOR)
        picture = await opened.legend_sheet(asked)
        write(output, picture.body)
        out.print(f"{output}  {picture.width_px} x {picture.height_px}")
        _print_warnings(assembled, tried)

    run(settings, job, work, tried, choice)
