"""Figures as small SVG plots."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import LogLocator, StrMethodFormatter

from tests.bench.peers.growth import Grown
from tests.bench.peers.measure import OURS, Figure
from tests.bench.peers.tables import NAMES, tasks, title

COLOURS = dict(zip(NAMES, ("#1c5f2c", "#466b9f", "#ab6c28", "#9a5fa5", "#68ab5f", "#b3ac9f"), strict=True))
MARKERS = dict(zip(NAMES, "osD^vP", strict=True))
AXES = {"appears": "ms\nless is better"}
# text as text and no dates: small files, the same for the same figures
SETTINGS = {"svg.fonttype": "none", "svg.hashsalt": OURS, "font.family": "sans-serif", "font.size": 9}


def draw_workloads(figures: list[Figure], folder: Path) -> list[Path]:
    """A chart for each workload."""
    made = []
    for workload in dict.fromkeys(workload for workload, _ in tasks(figures)):
        path = folder / f"peers_{workload.replace(' ', '')}.svg"
        with mpl.rc_context(SETTINGS):
            chart([f for f in figures if f.workload == workload]).savefig(path, metadata={"Date": None})
        made.append(path)
    return made


def chart(figures: list[Figure]) -> Drawing:
    """Panels by number of clients; places by set; a dot for each server: on a logarithmic axis only its height says something."""
    panels = tasks(figures)
    drawing = Drawing(figsize=(9, 2.7 * len(panels) + 0.4), layout="constrained")
    for panel, (workload, clients) in zip(drawing.subplots(len(panels), squeeze=False)[:, 0], panels, strict=True):
        dots(panel, [f for f in figures if f.clients == clients and not f.failed])
        said, _, unit = title(workload, clients).partition(": ")
        panel.set(title=said, yscale="log", ylabel=AXES.get(workload, f"{unit.partition(' (')[0]}\nmore is better"))
        rule(panel)
    handles = {label: handle for panel in drawing.axes for handle, label in zip(*panel.get_legend_handles_labels(), strict=True)}
    drawing.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=3 if len(handles) > 4 else 4, frameon=False)
    return drawing


def dots(panel: Axes, figures: list[Figure]) -> None:
    """One for each figure, those of a set beside each other."""
    subjects, names = list(dict.fromkeys(f.subject for f in figures)), [name for name in NAMES if any(f.server == name for f in figures)]
    for n, name in enumerate(names):
        heights = {f.subject: f.p50_ms if f.workload == "appears" else f.per_s for f in figures if f.server == name}
        places = [subjects.index(subject) + (n - (len(names) - 1) / 2) * 0.5 / len(names) for subject in heights]
        panel.plot(places, list(heights.values()), MARKERS[name], color=COLOURS[name], label=name, markersize=7)
    panel.set_xticks(range(len(subjects)), subjects)
    panel.set_xlim(-0.6, len(subjects) - 0.4)
    panel.margins(y=0.12)


def rule(panel: Axes) -> None:
    """A logarithmic axis with round numbers, and quiet lines to read them off by."""
    panel.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    panel.yaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))
    panel.minorticks_off()
    panel.grid(axis="y", color="#d9d9d9", linewidth=0.6)
    panel.set_axisbelow(True)
    panel.spines[["top", "right", "left"]].set_visible(False)
    panel.tick_params(length=0)


def draw_growth(grown: list[Grown], folder: Path) -> Path:
    """A tile of a zoom that shows as many features at every size, and all features in one picture."""
    path = folder / "growth.svg"
    with mpl.rc_context(SETTINGS):
        drawing = Drawing(figsize=(9, 2.8), layout="constrained")
        panel = drawing.subplots()
        for label, marker, values in (
            ("a tile that shows as many at every size", "o", [g.tile_ms for g in grown]),
            ("all in one picture", "s", [g.whole_ms for g in grown]),
        ):
            panel.plot([g.features for g in grown], values, marker, label=label)
        panel.set(xscale="log", yscale="log", xlabel="features", ylabel="ms\nless is better")
        rule(panel)
        panel.set_xticks([g.features for g in grown])
        panel.minorticks_off()
        panel.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        panel.margins(x=0.15, y=0.15)
        drawing.legend(loc="outside upper center", ncols=2, frameon=False)
        drawing.savefig(path, metadata={"Date": None})
    return path
