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
# text as text and no dates: small files, the same for the same figures
SETTINGS = {"svg.fonttype": "none", "svg.hashsalt": OURS, "font.family": "sans-serif", "font.size": 9}


def draw_workloads(figures: list[Figure], folder: Path) -> list[Path]:
    """A bar chart for each workload."""
    made = []
    for workload in dict.fromkeys(workload for workload, _ in tasks(figures)):
        path = folder / f"peers_{workload.replace(' ', '')}.svg"
        with mpl.rc_context(SETTINGS):
            chart([f for f in figures if f.workload == workload]).savefig(path, metadata={"Date": None})
        made.append(path)
    return made


def chart(figures: list[Figure]) -> Drawing:
    """Panels by number of clients; groups by set; a bar for each server, with a logarithmic axis since sets differ a hundredfold."""
    panels = tasks(figures)
    drawing = Drawing(figsize=(8, 2.4 * len(panels)), layout="constrained")
    for panel, (workload, clients) in zip(drawing.subplots(len(panels), squeeze=False)[:, 0], panels, strict=True):
        here = [f for f in figures if f.clients == clients and not f.failed]
        subjects, names = list(dict.fromkeys(f.subject for f in here)), [name for name in NAMES if any(f.server == name for f in here)]
        for n, name in enumerate(names):
            heights = {f.subject: f.p50_ms if workload == "appears" else f.per_s for f in here if f.server == name}
            places = [subjects.index(subject) + (n - (len(names) - 1) / 2) * 0.8 / len(names) for subject in heights]
            panel.bar(places, list(heights.values()), 0.8 / len(names), color=COLOURS[name], label=name)
        panel.set(title=title(workload, clients).removesuffix(" (p99 ms)"), yscale="log")
        panel.set_xticks(range(len(subjects)), subjects)
        rule(panel)
    handles, labels = drawing.axes[0].get_legend_handles_labels()
    drawing.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False)
    return drawing


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
        drawing = Drawing(figsize=(8, 2.4), layout="constrained")
        panel = drawing.subplots()
        for label, values in (("a tile", [g.tile_ms for g in grown]), ("all in one picture", [g.whole_ms for g in grown])):
            panel.plot([g.features for g in grown], values, marker="o", label=label)
        panel.set(title="Growth: ms over number of features", xscale="log", yscale="log")
        rule(panel)
        panel.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        panel.legend(fontsize="small", frameon=False)
        drawing.savefig(path, metadata={"Date": None})
    return path
