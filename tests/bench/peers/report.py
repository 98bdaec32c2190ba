"""A run's figures kept as JSON, and as tables that people can read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.bench.peers.growth import Grown
from tests.bench.peers.measure import Bench, Figure
from tests.bench.peers.plots import draw_growth, draw_workloads
from tests.bench.peers.quiet import Quiet
from tests.bench.peers.tables import growth_table, memory_table, prepared_table, table, tasks, title

MEASURED, GROWN = "peers.json", "growth.json"


@dataclass(frozen=True, slots=True)
class Run:
    """What made the figures."""

    command: str
    machine: str
    date: str
    version: str

    def __str__(self) -> str:
        return f"Made by `{self.command}` with rendermap {self.version} on {self.machine}, {self.date}."


@dataclass(frozen=True, slots=True)
class Measured:
    """A run's figures, read again."""

    run: Run
    figures: list[Figure]
    memory_mb: dict[str, float]
    prepared: dict[str, Quiet]


def write(bench: Bench, run: Run, folder: Path) -> list[Path]:
    """The run as JSON, Markdown and plots."""
    document = {"run": asdict(run), "memory_mb": bench.memory_mb, "prepared": bench.prepared, "figures": bench.figures}
    (folder / MEASURED).write_text(json.dumps(document, indent=1, default=asdict))
    said = [str(run), *tables(bench.figures), prepared_table(bench.prepared), memory_table(bench.memory_mb)]
    (folder / "peers.md").write_text("\n\n".join(said) + "\n")
    return [folder / MEASURED, folder / "peers.md", *draw_workloads(bench.figures, folder)]


def write_growth(grown: list[Grown], run: Run, folder: Path) -> None:
    """The run as JSON, Markdown and a plot."""
    (folder / GROWN).write_text(json.dumps({"run": asdict(run), "grown": [asdict(g) for g in grown]}, indent=1))
    (folder / "growth.md").write_text(f"{run}\n\n{growth_table(grown)}\n")
    draw_growth(grown, folder)


def read(folder: Path) -> Measured:
    """The last run.  Raises FileNotFoundError when there was none."""
    said = json.loads((folder / MEASURED).read_text())
    return Measured(
        Run(**said["run"]),
        [Figure(**figure) for figure in said["figures"]],
        said["memory_mb"],
        {name: Quiet(**quiet) for name, quiet in said["prepared"].items()},
    )


def read_growth(folder: Path) -> tuple[Run, list[Grown]]:
    """The last run.  Raises FileNotFoundError when there was none."""
    said: dict[str, Any] = json.loads((folder / GROWN).read_text())
    return Run(**said["run"]), [Grown(**grown) for grown in said["grown"]]


def tables(figures: list[Figure]) -> Iterator[str]:
    """One for each workload and number of clients, then what failed."""
    for workload, clients in tasks(figures):
        here = [f for f in figures if (f.workload, f.clients) == (workload, clients)]
        yield f"### {title(workload, clients)}\n\n{table(here)}"
    failed = [f for f in figures if f.failed]
    if failed:
        rows = (f"| {f.subject} | {f.workload} | {f.clients} | {f.server} | {f.failed.replace('|', ' ')} |" for f in failed)
        yield "### Failed, so not timed\n\n" + "\n".join(["| set | workload | clients | server | why |", "|---|---|---|---|---|", *rows])
