"""`make bench-peers`: rendermap beside MapServer, QGIS Server and TiTiler, on the same data with the same symbology."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from pathlib import Path

from rich.console import Console

from tests.bench.peers import data, report
from tests.bench.peers.mapserver import MapServer
from tests.bench.peers.measure import FULL, SMALL, Bench
from tests.bench.peers.qgis_server import QgisServer
from tests.bench.peers.rendermap import Rendermap
from tests.bench.peers.servers import Server, Yard
from tests.bench.peers.sets import SETS
from tests.bench.peers.titiler import TiTiler

BUILD = Path(__file__).parents[3] / "build" / "bench"
SMALL_SETS = ("counties", "hex200k", "dem8k_cog", "lc8k_cog")
SERVERS: dict[str, type[Server]] = {"rendermap": Rendermap, "mapserver": MapServer, "qgis": QgisServer, "titiler": TiTiler}
console = Console(highlight=False, soft_wrap=True)


def main(arguments: list[str]) -> int:
    """Exit status 1 when rendermap itself failed somewhere."""
    asked = parse(arguments)
    subjects = [SETS[name] for name in asked.sets or (SMALL_SETS if asked.small else SETS)]
    yard = Yard(BUILD / "peers")
    for subject in subjects:
        console.print(f"data: {subject.name}")
        data.make(subject, yard.data, yard.folder("downloads"))
    servers = [SERVERS[name](yard) for name in asked.servers]
    for server in servers:
        server.configure(subjects)
    bench = Bench(servers, SMALL if asked.small else FULL, console.print)
    bench.run(subjects)
    command = " ".join(["make bench-peers", *([f'ARGS="{" ".join(arguments)}"'] if arguments else [])])
    for path in report.write(bench, command, machine(), BUILD):
        console.print(path)
    return int(any(figure.failed for figure in bench.figures if figure.server == report.OURS))


def parse(arguments: list[str]) -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(prog="make bench-peers", description=__doc__)
    parser.add_argument("--small", action="store_true", help="four sets and short rounds: some minutes")
    parser.add_argument("--sets", nargs="+", choices=list(SETS), help="only these")
    parser.add_argument("--servers", nargs="+", choices=list(SERVERS), default=list(SERVERS), help="only these")
    return parser.parse_args(arguments)


def machine() -> str:
    """What the run ran on."""
    model = [line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return f"{os.cpu_count()} x {model[0] if model else platform.machine()}, {memory_gb:.0f} GB"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
