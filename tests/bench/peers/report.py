"""A run's table and plots."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from matplotlib.figure import Figure as Drawing

from tests.bench.peers.measure import Bench, Figure

OURS = "rendermap"
COLOURS = {OURS: "#1c5f2c", "MapServer": "#466b9f", "QGIS Server": "#ab6c28", "TiTiler": "#9a5fa5"}
UNITS = {"cold": "tiles a second", "sessions": "whole views a second"}


def write(bench: Bench, command: str, machine: str, folder: Path) -> list[Path]:
    """The run as JSON, Markdown and plots."""
    figures = bench.figures
    document = {"command": command, "machine": machine, "memory_mb": bench.memory_mb, "figures": [asdict(f) for f in figures]}
    (folder / "peers.json").write_text(json.dumps(document, indent=1))
    head = f"Made by `{command}` on {machine}.\n\n"
    (folder / "peers.md").write_text(head + "\n\n".join(tables(figures)) + "\n\n" + memory_table(bench.memory_mb) + "\n")
    return [folder / "peers.json", folder / "peers.md", *plots(figures, folder)]


def tables(figures: list[Figure]) -> Iterator[str]:
    """One for each workload and number of clients, then what failed."""
    for workload, clients in tasks(figures):
        here = [f for f in figures if (f.workload, f.clients) == (workload, clients)]
        yield f"### {title(workload, clients)}\n\n{table(here)}"
    failed = [f for f in figures if f.failed]
    if failed:
        rows = (f"| {f.subject} | {f.workload} | {f.clients} | {f.server} | {f.failed.replace('|', ' ')} |" for f in failed)
        yield "### Failed, so not timed\n\n" + "\n".join(["| set | workload | clients | server | why |", "|---|---|---|---|---|", *rows])


def tasks(figures: list[Figure]) -> list[tuple[str, int]]:
    """Workloads and clients, in the order of the run."""
    return list(dict.fromkeys((f.workload, f.clients) for f in figures if f.workload != "pictures"))


def title(workload: str, clients: int) -> str:
    """What a table shows."""
    if workload == "cold":
        return f"Cold addresses, {clients} {'client' if clients == 1 else 'clients'}: tiles a second (p99 ms)"
    if workload == "sessions":
        return f"Map sessions, {clients} people: whole views a second (p99 ms to a whole view)"
    return f"Pictures of {workload} px, {clients} client: pictures a second (p99 ms)"


def table(figures: list[Figure]) -> str:
    """Rows are sets; beside each peer how many times as fast rendermap is."""
    names = [name for name in COLOURS if any(f.server == name for f in figures)]
    lines = ["| set | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for subject in dict.fromkeys(f.subject for f in figures):
        row = {f.server: f for f in figures if f.subject == subject}
        lines.append(f"| {subject} | " + " | ".join(cell(row.get(name), row.get(OURS)) for name in names) + " |")
    return "\n".join(lines)


def cell(figure: Figure | None, ours: Figure | None) -> str:
    """A rate with its p99, and for a peer the ratio."""
    if figure is None:
        return "–"
    if figure.failed:
        return "FAILED"
    said = f"{figure.per_s:.3g} ({figure.p99_ms:.0f})"
    return said if figure is ours or ours is None or ours.failed else f"{said}, **{ours.per_s / figure.per_s:.2f}x**"


def memory_table(memory_mb: dict[str, float]) -> str:
    """What all of a server's processes hold, after the cold addresses of all sets."""
    rows = "\n".join(f"| {name} | {mb:.0f} |" for name, mb in memory_mb.items())
    return f"### Memory after all sets: proportional, MB\n\n| server | MB |\n|---|---|\n{rows}"


def plots(figures: list[Figure], folder: Path) -> list[Path]:
    """A bar chart for each workload."""
    made = []
    for workload in dict.fromkeys(workload for workload, _ in tasks(figures)):
        path = folder / f"peers_{workload.replace(' ', '')}.svg"
        chart([f for f in figures if f.workload == workload], workload).savefig(path)
        made.append(path)
    return made


def chart(figures: list[Figure], workload: str) -> Drawing:
    """Panels by number of clients; groups by set; a bar for each server, with a logarithmic axis since sets differ a hundredfold."""
    clients, subjects = (list(dict.fromkeys(v)) for v in ((f.clients for f in figures), (f.subject for f in figures)))
    names = [name for name in COLOURS if any(f.server == name for f in figures)]
    drawing = Drawing(figsize=(10, 2.8 * len(clients)), layout="constrained")
    for panel, count in zip(drawing.subplots(len(clients), squeeze=False)[:, 0], clients, strict=True):
        for n, name in enumerate(names):
            rates = {f.subject: f.per_s for f in figures if (f.server, f.clients) == (name, count) and not f.failed}
            places = [subjects.index(subject) + (n - (len(names) - 1) / 2) * 0.8 / len(names) for subject in rates]
            panel.bar(places, list(rates.values()), 0.8 / len(names), color=COLOURS[name], label=name)
        panel.set(title=title(workload, count).split(":")[0], ylabel=UNITS.get(workload, "pictures a second"), yscale="log")
        panel.set_xticks(range(len(subjects)), subjects)
        panel.legend(fontsize="small", ncols=len(names))
    return drawing
