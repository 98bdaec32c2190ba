"""docs/performance.md: its tables are written anew from the last runs, its words stay."""

from __future__ import annotations

import re
from pathlib import Path

from tests.bench.peers.bars import bars_table
from tests.bench.peers.measure import OURS, Figure
from tests.bench.peers.plots import draw_growth, draw_workloads
from tests.bench.peers.report import Measured, read, read_growth
from tests.bench.peers.tables import (
    BEHIND,
    PEERS,
    as_times,
    growth_table,
    memory_table,
    prepared_table,
    ratio,
    servers,
    table,
    tasks,
    title,
)

PAGE, PICTURES = "performance.md", "performance"
PLACE = re.compile(r"(<!-- begin (?P<name>[a-z]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def write(measured: Path, docs: Path) -> list[Path]:
    """The page and its plots from the runs whose JSON lies in `measured`; a part that has not been measured stays as it is."""
    folder = docs / PICTURES
    folder.mkdir(exist_ok=True)
    last = read(measured)
    parts, made, grown = parts_of(last), draw_workloads(last.figures, folder), []
    try:
        run, grown = read_growth(measured)
    except FileNotFoundError:
        pass
    else:
        parts["growth"] = f"{growth_table(grown)}\n\n![Growth]({PICTURES}/growth.svg)\n\n{run}"
        made.append(draw_growth(grown, folder))
    parts["bars"] = bars_table(last, grown)
    page = docs / PAGE
    page.write_text(fill(page.read_text(encoding="utf-8"), parts), encoding="utf-8")
    return [page, *made]


def fill(page: str, parts: dict[str, str]) -> str:
    """The page with those parts between their marks.  Raises KeyError for a part that the page has no place for."""
    places = {found["name"] for found in PLACE.finditer(page)}
    if strangers := set(parts) - places:
        raise KeyError(f"the page has no place for {', '.join(sorted(strangers))}")
    return PLACE.sub(lambda m: m[0] if m["name"] not in parts else f"{m[1]}\n{parts[m['name']]}\n\n{m[3]}", page)


def parts_of(last: Measured) -> dict[str, str]:
    """By the name of its place."""
    workloads = {"appears": "first", "unprepared": "first", "cold": "tiles", "sessions": "sessions", "kept": "kept"}
    parts: dict[str, list[str]] = {}
    for workload, clients in tasks(last.figures):
        here = [f for f in last.figures if (f.workload, f.clients) == (workload, clients)]
        parts.setdefault(workloads.get(workload, "exports"), []).append(f"### {title(workload, clients)}\n\n{table(here)}")
    for workload in dict.fromkeys(workload for workload, _ in tasks(last.figures)):
        plot = f"![{workload}]({PICTURES}/peers_{workload.replace(' ', '')}.svg)"
        parts[workloads.get(workload, "exports")].append(plot)
    said = {name: "\n\n".join(texts) for name, texts in parts.items()}
    return said | {
        "summary": summary(last.figures),
        "run": str(last.run),
        "prepared": prepared_table(last.prepared).partition("\n\n")[2],
        "memory": memory_table(last.memory_mb).partition("\n\n")[2],
    }


def summary(figures: list[Figure]) -> str:
    """For each peer the least and the most that rendermap is ahead, by workload; and where a peer is ahead."""
    peers = [name for name in servers(figures) if name in PEERS]
    lines = ["| | " + " | ".join(peers) + " |", "|---" * (len(peers) + 1) + "|"]
    for workload, clients in tasks(figures):
        row = [span(times_of(figures, workload, clients, peer)) for peer in peers]
        lines.append(f"| {title(workload, clients).partition(':')[0]} | " + " | ".join(row) + " |")
    return "\n".join(lines)


def times_of(figures: list[Figure], workload: str, clients: int, peer: str) -> list[tuple[float, str]]:
    """Ratios with their sets, the least first."""
    here = [f for f in figures if (f.workload, f.clients) == (workload, clients)]
    ours = {f.subject: f for f in here if f.server == OURS}
    every = [(ratio(f, ours.get(f.subject)), f.subject) for f in here if f.server == peer]
    return sorted((times, subject) for times, subject in every if times is not None)


def span(times: list[tuple[float, str]]) -> str:
    """From the least to the most, with the set that is the least."""
    if not times:
        return "–"
    least, most = (as_times(times[n][0]) for n in (0, -1))
    least = f"**{least}**" if times[0][0] < BEHIND else least
    return least if len(times) == 1 else f"{least} ({times[0][1]}) to {most}"
