"""What the command line prints: tables and cards for people at a terminal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.filesize import decimal
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table as Grid
from rich.text import Text

from rendermap.errors import RendermapError
from rendermap.geo.crs import crs_of
from rendermap.jobs.job import Layer
from rendermap.limits import spelled
from rendermap.reply import JobCard, LegendLayer, MapCard
from rendermap.retention import Step, Swept
from rendermap.symbology.describe import describe_style
from rendermap.symbology.facts import Measures, RasterFacts, VectorFacts
from rendermap.symbology.readers.table import NamedStyle

out = Console()
err = Console(stderr=True)

_COLOR = re.compile(r"#[0-9a-f]{6}")
_STATUS_COLOR = {"succeeded": "green", "failed": "red", "timed_out": "red", "cancelled": "yellow"}


def _time(moment: datetime | None) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S") if moment else ""


def print_error(error: RendermapError) -> None:
    """What went wrong, its details, and the reason that only an operator is told."""
    err.print(error.sentence, style="red", markup=False, highlight=False, soft_wrap=True)
    for detail in error.details:
        err.print(f"  {detail}", markup=False, highlight=False, soft_wrap=True)
    if error.reason:
        err.print(error.reason, style="dim", markup=False, highlight=False, soft_wrap=True)


def print_note(text: str) -> None:
    """Something that whoever runs the command should know, and that stops nothing."""
    err.print(text, style="yellow", markup=False, highlight=False, soft_wrap=True)


def print_faults(card: MapCard) -> None:
    """The layers of a map that do not draw, and why."""
    for layer in card.layers:
        if layer.fault:
            print_note(f"{layer.name}: {layer.fault}")


def print_tiles_ahead(count: int, before: int, tile_s: float, tile_bytes: float) -> None:
    """How many tiles there are to draw, and what that comes to by those that were drawn first.  before: drawn in another run."""
    known = f", {spelled(before)} of them drawn before" if before else ""
    wait = _lasting((count - before) * tile_s)
    err.print(f"{spelled(count)} tiles{known}; about {wait}, {spelled_bytes(int(count * tile_bytes))}", highlight=False)


def tile_progress() -> Progress:
    """A bar that tells how many are done and how long the others take."""
    return Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=err)


def spelled_bytes(count: int) -> str:
    """``1.2 MB``."""
    return decimal(count)


def _lasting(seconds: float) -> str:
    minutes = seconds / 60
    if minutes < 1:
        return f"{max(round(seconds), 1)} s"
    return f"{round(minutes)} min" if minutes < 90 else f"{minutes / 60:.1f} h"


def print_settings_fault(error: Exception) -> None:
    """Something an operator said that cannot be."""
    err.print(f"settings: {error}", style="red", markup=False, highlight=False)


def print_jobs(cards: Sequence[JobCard]) -> None:
    """One line per job, newest first; never folded, so that a job's name can be copied and searched for."""
    names = [f"{card.service}/{card.job_id}" for card in cards]
    width = max(map(len, names), default=0)
    for name, card in zip(names, cards, strict=True):
        color = _STATUS_COLOR.get(card.status, "blue")
        message = next((text for kind, text in reversed(card.messages) if kind == "error"), "")
        layers = sum(1 for r in card.results if r.layer_id is not None)
        told = f"{layers} layers" if layers else ""
        line = f"{name:<{width}}  [{color}]{card.status:<9}[/]  {_time(card.finished):<19}  {told:<9}  {escape(message)}"
        out.print(line.rstrip(), highlight=False, soft_wrap=True)


def print_swept(swept: Sequence[Swept], *, is_trial: bool) -> None:
    """One line per job that a sweep did something with, and how many they are."""
    names = [f"{one.service}/{one.job_id}" for one in swept]
    width = max(map(len, names), default=0)
    for name, one in zip(names, swept, strict=True):
        color = "red" if one.step is Step.FAILED else "blue"
        since = _time(datetime.fromtimestamp(one.since, UTC)) if one.since else ""
        out.print(f"{name:<{width}}  [{color}]{one.step:<9}[/]  {since}".rstrip(), highlight=False, soft_wrap=True)
    counted = ", ".join(f"{count} {step}" for step in Step if (count := sum(one.step is step for one in swept)))
    out.print(f"{'would be: ' if is_trial and counted else ''}{counted or 'nothing is due'}", highlight=False)


def print_map(card: MapCard, legend: Sequence[LegendLayer]) -> None:
    """A job's layers as they will be drawn."""
    out.print(f"[bold]{escape(card.title)}[/]  {card.service.name}/{card.job_id}", highlight=False)
    out.print(f"map CRS {_crs(card.crs)}   extent {_box(card.bbox.corners)}")
    entries = {layer.id: layer for layer in legend}
    for layer in card.layers:
        if layer.fault:
            out.print(f"  {layer.id}  {escape(layer.name)}: [red]{escape(layer.fault)}[/]", highlight=False)
            continue
        labels = ", ".join(e.label for e in entries[layer.id].entries if e.label) if layer.id in entries else ""
        out.print(f"  {layer.id}  {escape(layer.name)}  [dim]{layer.geometry or layer.kind}[/]  {escape(labels)}", highlight=False)


def print_layer(layer: Layer, measures: Sequence[tuple[str, Measures]], style: str) -> None:
    """What a dataset is and how it would be read."""
    facts = layer.facts
    grid = Grid(box=None, show_header=False, pad_edge=False)
    grid.add_column(style="dim")
    grid.add_column(overflow="fold")
    grid.add_row("dataset", escape(layer.source.path.name + (f"/{layer.source.member}" if layer.source.member else "")))
    grid.add_row("format", f"{layer.driver}, drawn by the {layer.reader} reader")
    grid.add_row("CRS", _crs(layer.crs) if layer.crs else "not said")
    grid.add_row("extent", _box(layer.bbox.corners) if layer.bbox else "empty")
    if isinstance(facts, VectorFacts):
        grid.add_row("type", f"{facts.geometry.value}s, {facts.count:,} features")
        grid.add_row("fields", escape("\n".join(f"{f.name}  {f.kind.value}" for f in facts.fields)) or "none")
    else:
        _add_raster(grid, facts)
    for name, m in measures:
        numbers = _numbers(m) if m.minimum is not None else f"{m.count} values"
        grid.add_row(f"statistics of {escape(name)}", numbers + ("" if m.exact else " (from a sample)"))
    grid.add_row("style if none is given", style)
    for note in layer.notes:
        grid.add_row("note", escape(note))
    out.print(grid)


def print_style(named: NamedStyle) -> None:
    """How a layer of a layer file was understood."""
    out.print(named.name or "layer", style="bold", markup=False, highlight=False)
    for depth, line in describe_style(named.style):
        text = Text("  " * (depth + 1) + line)
        text.highlight_regex(_COLOR, lambda found: f"bold {found[:7]}")
        out.print(text, soft_wrap=True)
    for warning in named.warnings:
        out.print(f"  warning  {warning}", style="yellow", markup=False, highlight=False, soft_wrap=True)


def print_document(text: str) -> None:
    """A document as it is, to be kept in a file."""
    out.print(text, markup=False, highlight=False, soft_wrap=True, emoji=False)


def _numbers(m: Measures) -> str:
    told = (f"{v:.6g}" if v is not None else "?" for v in (m.minimum, m.maximum, m.mean, m.deviation))
    return "{} to {}, mean {}, deviation {}".format(*told)


def _add_raster(grid: Grid, facts: RasterFacts) -> None:
    grid.add_row("type", f"raster, {facts.width} x {facts.height} cells of {facts.pixel[0]:g} x {facts.pixel[1]:g}")
    for number, band in enumerate(facts.bands[:8], 1):
        nodata = "" if band.nodata is None else f", nodata {band.nodata:g}"
        palette = f", {len(band.palette)} colours" if band.palette else ""
        grid.add_row(f"band {number}", f"{band.dtype}, {band.interpretation}{nodata}{palette}")
    grid.add_row("overviews", "yes" if facts.has_overviews else "no")


def _crs(name: str) -> str:
    return f"{name}  {crs_of(name).name}" if len(name) < 20 else crs_of(name).name


def _box(box: tuple[float, float, float, float]) -> str:
    return ", ".join(f"{v:.10g}" for v in box)
