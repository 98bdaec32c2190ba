"""`make bench`: our own service, as ratios to Mapnik called directly and to the last release; fails past 130 % of that.

CPU time, so that what else the machine does adds little; median of rounds in which all take turns; what fails is measured once more.

`make bench ARGS=--record` makes this run the last release, once for each version.
`make bench ARGS="--only tile --rounds 1"` is a short look at the cases whose names have that word.
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
from tests.bench.cases import CASES, ONCE, ROOT, SETS, UNITS, Room, direct, warm
from tests.bench.peers import data
from tests.bench.peers.rendermap import Rendermap
from tests.bench.peers.servers import Yard, together
from tests.bench.ratios import MOST_OF_LAST, Pair, Release, Verdict, compare, measure_twice, read_release, typical, write_release

LAST = Path(__file__).with_name("last_release.json")
DIRECTLY = ("hex40k", "pts100k", "ramp4k", "cover4k")
ROUNDS = 5
USAGE = 2
Measure = Callable[[list[str]], dict[str, float]]
console = Console(highlight=False)


def main(arguments: list[str], measure: Measure | None = None, last: Path = LAST) -> int:
    """Exit status 1 when a case is past 130 % of the last release, or is no longer measured; 2 for what cannot be asked."""
    asked = parse(arguments)
    cases = [case for case in CASES if asked.only in case]
    if fault := fault_of(asked, cases, last):
        console.print(fault)
        return USAGE
    with ExitStack() as stack:
        measure = measure or stack.enter_context(measuring(asked.rounds))
        if asked.record:
            write_release(last, Release(__version__, measure(cases)))
            return 0
        release = read_release(last)
        if asked.only:
            release = release.of(cases)
        verdicts = compare(measure_twice(measure, cases, release), release)
    console.print(report(verdicts, release))
    return int(any(verdict.fails for verdict in verdicts))


def parse(arguments: list[str]) -> argparse.Namespace:
    """record, only, rounds."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--record", action="store_true", help="this run is the last release from now on")
    parser.add_argument("--only", default="", metavar="WORD", help="the cases whose names have this word")
    parser.add_argument("--rounds", type=int, default=ROUNDS, choices=range(1, 100), metavar="N", help=f"turns of each case ({ROUNDS})")
    return parser.parse_args(arguments)


def fault_of(asked: argparse.Namespace, cases: list[str], last: Path) -> str:
    """Why that cannot be, or nothing.

    A version is recorded once: else each slowdown could be recorded away, and the bench would hold today against today.
    """
    if not cases:
        return f"No case has this word in its name. They are: {'; '.join(CASES)}"
    if asked.record and (asked.only or asked.rounds < ROUNDS):
        return "A release is recorded whole."
    if asked.record and last.exists() and read_release(last).version == __version__:
        return f"{__version__} is recorded already. Another version is recorded when there is one."
    return ""


@contextmanager
def measuring(rounds: int) -> Iterator[Measure]:
    """Data, server and Mapnik, all there and warm: cases by name -> their ratios."""
    yard = Yard(ROOT / "build" / "bench" / "own")
    console.print("making the data, and starting the service and Mapnik")
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
        yield lambda cases: take_turns(room, cases, rounds)


def take_turns(room: Room, cases: list[str], count: int) -> dict[str, float]:
    """The typical ratio of each, over rounds in which all take turns."""
    rounds: dict[str, list[Pair]] = {case: [] for case in cases}
    for turn in track(range(count), "rounds", console=console):
        for case, pairs in rounds.items():
            if not (turn and case in ONCE):
                pairs.append(CASES[case](room))
    return {case: typical(pairs) for case, pairs in rounds.items()}


def report(verdicts: list[Verdict], release: Release) -> Table:
    """A row for each case."""
    table = Table("case", "ratio", "is ours by that of", f"of {release.version}", f"at most {MOST_OF_LAST:.0%}")
    for verdict in verdicts:
        ratio = "not measured" if verdict.ratio is None else f"{verdict.ratio:.3f}"
        share = "new" if verdict.share is None else f"{verdict.share:.0%}"
        table.add_row(verdict.case, ratio, UNITS.get(verdict.case, ""), share, "[red]past it[/]" if verdict.fails else "[green]kept[/]")
    return table


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
