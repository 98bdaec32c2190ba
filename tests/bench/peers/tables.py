"""Figures as Markdown tables: rows are sets, columns are servers, beside each peer how many times as fast rendermap is."""

from __future__ import annotations

import math

from tests.bench.peers.growth import Grown
from tests.bench.peers.measure import OURS, Figure
from tests.bench.peers.quiet import Quiet

PEERS = ("MapServer", "QGIS Server", "TiTiler")
NAMES = (OURS, *PEERS, "rendermap behind nginx", "nginx, a plain file")
"""The last two are no peers: what nginx makes of kept pictures."""
BEHIND, EVEN = 0.95, 1.05


def tasks(figures: list[Figure]) -> list[tuple[str, int]]:
    """Workloads and clients, in the order of the run."""
    return list(dict.fromkeys((f.workload, f.clients) for f in figures if f.workload != "pictures"))


def title(workload: str, clients: int) -> str:
    """What a table shows."""
    said = {
        "appears": "A dataset appears: ms to its first picture, less is better",
        "unprepared": "The next pictures, before anything is prepared: tiles a second (p99 ms)",
        "cold": f"Single tiles, {clients} {'client' if clients == 1 else 'clients'}: tiles a second (p99 ms)",
        "sessions": f"Map sessions, {clients} people: whole views a second (p99 ms to a whole view)",
        "kept": f"The same tile again, {clients} connections: pictures a second (p99 ms)",
    }
    return said.get(workload, f"Pictures of {workload} px, {clients} client: pictures a second (p99 ms)")


def servers(figures: list[Figure]) -> list[str]:
    """Those that have figures, ours first."""
    return [name for name in NAMES if any(f.server == name for f in figures)]


def table(figures: list[Figure]) -> str:
    """The figures of one workload and number of clients."""
    names = servers(figures)
    lines = ["| set | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for subject in dict.fromkeys(f.subject for f in figures):
        row = {f.server: f for f in figures if f.subject == subject}
        lines.append(f"| {subject} | " + " | ".join(cell(row.get(name), row.get(OURS)) for name in names) + " |")
    return "\n".join(lines)


def cell(figure: Figure | None, ours: Figure | None) -> str:
    """A rate with its p99, or a time; and for a peer the ratio."""
    if figure is None:
        return "–"
    if figure.failed:
        return "failed"
    said = f"{figure.p50_ms:.0f}" if figure.workload == "appears" else f"{rate(figure.per_s)} ({figure.p99_ms:,.0f})"
    times = ratio(figure, ours)
    return said if times is None or figure is ours else f"{said}, {verdict(times)}"


def rate(value: float) -> str:
    """Three digits that mean something, written out: `0.292`, `24.5`, `20,300`."""
    rounded = float(f"{value:.3g}")
    return f"{rounded:,.0f}" if rounded >= 100 else f"{rounded:g}"


def ratio(figure: Figure, ours: Figure | None) -> float | None:
    """How many times as fast as this server rendermap is; None where either has no figure."""
    if ours is None or figure.server not in PEERS or ours.failed or figure.failed:
        return None
    return figure.p50_ms / ours.p50_ms if figure.workload == "appears" else ours.per_s / figure.per_s


def verdict(times: float) -> str:
    """A ratio in words that hide no defeat."""
    if times < BEHIND:
        return f"**{as_times(times)}, ahead of us**"
    return as_times(times) if times > EVEN else "even"


def as_times(times: float) -> str:
    """`0.45x`, `2.3x`, `118x`: as many digits as mean something."""
    return f"{times:.2f}x" if times < 1 else f"{times:.1f}x" if times < 10 else f"{times:.0f}x"


def prepared_table(prepared: dict[str, Quiet]) -> str:
    """What is done behind the first pictures."""
    rows = "\n".join(f"| {name} | {quiet.seconds:.1f} | {quiet.peak_mb:.0f} |" for name, quiet in prepared.items())
    return f"### Preparing behind the first pictures\n\n| set | s | memory of all processes meanwhile, MB |\n|---|---|---|\n{rows}"


def memory_table(memory_mb: dict[str, float]) -> str:
    """What all of a server's processes hold, after the single tiles of all sets."""
    rows = "\n".join(f"| {name} | {mb:,.0f} |" for name, mb in memory_mb.items())
    return f"### Memory after all sets: proportional, MB\n\n| server | MB |\n|---|---|\n{rows}"


def growth_table(grown: list[Grown]) -> str:
    """A row for each size."""
    columns = (
        "features",
        "first picture, ms",
        "prepared in, s",
        "with at most, MB",
        "a tile, ms (CPU)",
        "all in a tile, ms",
        "all in 256 px, ms",
    )
    head = "| " + " | ".join(columns) + " |"
    rows = [
        f"| {g.features:,} | {said(g.first_ms)} | {g.prepare_s:.1f} | {g.peak_mb:.0f} "
        f"| {said(g.tile_ms, 1)} ({g.tile_cpu_ms:.1f}) | {said(g.whole_tile_ms)} | {said(g.whole_ms)} |"
        for g in grown
    ]
    return "\n".join([head, "|---" * len(columns) + "|", *rows])


def said(value: float, digits: int = 0) -> str:
    """A figure, or that there is none."""
    return "refused" if math.isnan(value) else f"{value:.{digits}f}"
