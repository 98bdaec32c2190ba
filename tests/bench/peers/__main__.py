"""`make bench-peers`: rendermap beside MapServer, QGIS Server and TiTiler, on the same data with the same symbology."""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from rendermap import __version__
from tests.bench.peers import data, growth, page, report
from tests.bench.peers.mapserver import MapServer
from tests.bench.peers.measure import FULL, OURS, SMALL, STAGES, Bench
from tests.bench.peers.qgis_server import QgisServer
from tests.bench.peers.rendermap import Rendermap
from tests.bench.peers.servers import Server, Yard
from tests.bench.peers.sets import SETS
from tests.bench.peers.titiler import TiTiler

ROOT = Path(__file__).parents[3]
BUILD, DOCS = ROOT / "build" / "bench", ROOT / "docs"
SERVERS: dict[str, type[Server]] = {"rendermap": Rendermap, "mapserver": MapServer, "qgis": QgisServer, "titiler": TiTiler}
console = Console(highlight=False, soft_wrap=True)


def main(arguments: list[str]) -> int:
    """Exit status 1 when rendermap itself failed somewhere."""
    asked = parse(arguments)
    # so that servers go with whoever started them
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    yard = Yard(BUILD / "peers")
    run = report.Run(command(arguments), machine(), today(), __version__)
    failed = False
    if asked.growth:
        report.write_growth(growth.measure(Rendermap(yard), asked.most, console.print), run, BUILD)
    elif not asked.measured:
        failed = compare(asked, yard, run)
    if asked.page:
        for path in page.write(BUILD, DOCS):
            console.print(path)
    return int(failed)


def compare(asked: argparse.Namespace, yard: Yard, run: report.Run) -> bool:
    """Measures all servers; True when rendermap itself failed somewhere."""
    subjects = [SETS[name] for name in asked.sets]
    for subject in subjects:
        console.print(f"data: {subject.name}")
        data.make(subject, yard.data, yard.folder("downloads"))
    servers = [SERVERS[name](yard) for name in asked.servers]
    for server in servers:
        server.configure(subjects)
    bench = Bench(servers, SMALL if asked.small else FULL, console.print)
    bench.run(subjects, tuple(asked.stages))
    for path in report.write(bench, run, BUILD):
        console.print(path)
    return any(figure.failed for figure in bench.figures if figure.server == OURS)


def parse(arguments: list[str]) -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(prog="make bench-peers", description=__doc__)
    parser.add_argument("--small", action="store_true", help="short rounds: some minutes")
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS), help="only these")
    parser.add_argument("--servers", nargs="+", choices=list(SERVERS), default=list(SERVERS), help="only these")
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=list(STAGES), help="only these")
    parser.add_argument("--growth", action="store_true", help="instead: rendermap alone over ever more features")
    parser.add_argument("--most", type=int, default=10_000_000, help="features of the largest set of --growth")
    parser.add_argument("--page", action="store_true", help="write docs/performance.md anew")
    parser.add_argument("--measured", action="store_true", help="measure nothing; with --page: from what the last runs measured")
    return parser.parse_args(arguments)


def command(arguments: list[str]) -> str:
    """As it was typed."""
    return " ".join(["make bench-peers", *([f'ARGS="{" ".join(arguments)}"'] if arguments else [])])


def today() -> str:
    """The day of the run."""
    return datetime.now(UTC).date().isoformat()


def machine() -> str:
    """What the run ran on."""
    model = [line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return f"{os.cpu_count()} x {model[0] if model else platform.machine()}, {memory_gb:.0f} GB"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
