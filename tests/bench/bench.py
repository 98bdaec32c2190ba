"""`make bench`: our own service, as ratios to Mapnik called directly and to the last release; fails past 130 % of that.

CPU time, so that what else the machine does adds little; median of rounds in which all take turns; what fails is measured once more.

`make bench ARGS=--record` makes this run the last release.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from rendermap import __version__
from tests.bench.cases import CASES, ONCE, ROOT, SETS, Room, direct, warm
from tests.bench.peers import data
from tests.bench.peers.rendermap import Rendermap
from tests.bench.peers.servers import Yard, together
from tests.bench.ratios import MOST_OF_LAST, Pair, Release, Verdict, compare, measure_twice, read_release, typical, write_release

LAST = Path(__file__).with_name("last_release.json")
DIRECTLY = ("hex40k", "pts100k", "ramp4k", "cover4k")
ROUNDS = 5
Measure = Callable[[list[str]], dict[str, float]]
console = Console(highlight=False)


def main(arguments: list[str], measure: Measure | None = None, last: Path = LAST) -> int:
    """Exit status 1 when a case is past 130 % of the last release, or is no longer measured."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--record", action="store_true", help="this run is the last release from now on")
    asked = parser.parse_args(arguments)
    with ExitStack() as stack:
        measure = measure or stack.enter_context(measuring())
        if asked.record:
            write_release(last, Release(__version__, measure(list(CASES))))
            return 0
        release = read_release(last)
        verdicts = compare(measure_twice(measure, list(CASES), release), release)
    console.print(report(verdicts, release))
    return int(any(verdict.fails for verdict in verdicts))


@contextmanager
def measuring() -> Iterator[Measure]:
    """Data, server and Mapnik, all there and warm: cases by name -> their ratios."""
    yard = Yard(ROOT / "build" / "bench" / "own")
    for subject in SETS.values():
        data.make(subject, yard.data, yard.folder("downloads"))
    shutil.rmtree(yard.folder("rendermap"))
    server = Rendermap(yard)
    # what is drawn ahead would be counted with whatever is measured meanwhile, or spare it
    server.environment = {"RENDERMAP_DRAW_AHEAD_S": "0"}
    server.configure(list(SETS.values()))
    with together([server]), ExitStack() as stack:
        room = Room(server, {name: stack.enter_context(direct(SETS[name], yard.data)) for name in DIRECTLY})
        warm(room)
        yield lambda cases: take_turns(room, cases)


def take_turns(room: Room, cases: list[str]) -> dict[str, float]:
    """The typical ratio of each, over rounds in which all take turns."""
    rounds: dict[str, list[Pair]] = {case: [] for case in cases}
    for turn in track(range(ROUNDS), "rounds", console=console):
        for case, pairs in rounds.items():
            if not (turn and case in ONCE):
                pairs.append(CASES[case](room))
    return {case: typical(pairs) for case, pairs in rounds.items()}


def report(verdicts: list[Verdict], release: Release) -> Table:
    """A row for each case."""
    table = Table("case", "ours / measure", f"of {release.version}", f"at most {MOST_OF_LAST:.0%}")
    for verdict in verdicts:
        ratio = "not measured" if verdict.ratio is None else f"{verdict.ratio:.3f}"
        share = "new" if verdict.share is None else f"{verdict.share:.0%}"
        table.add_row(verdict.case, ratio, share, "[red]past it[/]" if verdict.fails else "[green]kept[/]")
    return table


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
