"""Damages good files at random and looks what the service makes of them: ``python -m tests.fuzz.files --count 10000 --seed 1``.

Ends with status 1 when the service does what it must never do: an error outside the tree, a file's fault put on the asker, a path in a
sentence, an answer that does not come.  Workers may die of a file; how many did is told.  The same count and seed make the same files.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import resource
import sys
import tempfile
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import structlog

from rendermap.telemetry import Metrics
from tests.fuzz.house import House, Violation, open_house, write
from tests.fuzz.mutations import damaged, damaged_text
from tests.fuzz.seeds import Seed, write_seeds
from tests.fuzz.trees import damaged_tree

SHARES = {"dataset": 70, "layer file": 22, "service": 4, "document": 4}
TEXTS = frozenset((".lyrx", ".json", ".sld", ".qml", ".xml", ".toml", ".geojson", ".csv", ".asc", ".prj", ".hdr"))


@dataclass
class Report:
    """What came of it.

    outcomes: the numbers of the cases, by kind of file and outcome.  violations: (number of the case, name of its seed, what happened).
    """

    outcomes: dict[str, dict[str, list[int]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    violations: list[tuple[int, str, str]] = field(default_factory=list)
    unforeseen: Counter[str] = field(default_factory=Counter)
    restarts: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    def note(self, reason: str | None) -> None:
        """Count an error that no reader foresaw, by the last line of ours in its traceback and what was raised."""
        if reason and "Traceback" in reason:
            lines = reason.strip().splitlines()
            places = [line.strip() for line in lines if "/rendermap/" in line]
            self.unforeseen[f"{places[-1].rpartition('/')[2] if places else '?'}: {lines[-1][:160]}"] += 1

    def lines(self) -> Iterator[str]:
        """For people."""
        for kind, outcomes in sorted(self.outcomes.items()):
            yield f"{kind}: {sum(map(len, outcomes.values()))}"
            for outcome, numbers in sorted(outcomes.items(), key=lambda row: -len(row[1])):
                yield f"  {len(numbers):6d}  {outcome}  (such as {', '.join(map(str, numbers[:3]))})"
        yield "workers replaced: " + (", ".join(f"{count} {cause}" for cause, count in sorted(self.restarts.items())) or "none")
        yield from (f"  unforeseen in a worker, {count} times: {line}" for line, count in self.unforeseen.most_common(30))
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        total = sum(len(numbers) for outcomes in self.outcomes.values() for numbers in outcomes.values())
        yield f"{total} files in {self.seconds:.0f} s; the service's own process had {peak_mb} MB at most"
        yield f"violations: {len(self.violations)}"
        yield from (f"  case {number} ({seed}): {what}" for number, seed, what in self.violations)


def case(seeds: list[Seed], seed: int, number: int) -> tuple[Seed, dict[str, bytes], Random]:
    """The files of one case, and the chance to ask by."""
    chance = Random(f"{seed}/{number}")
    kind = chance.choices(list(SHARES), list(SHARES.values()))[0]
    same = [each for each in seeds if each.kind == kind]
    good, other = chance.choice(same), chance.choice(same)
    files = dict(good.files)
    for name in chance.choices(list(files), [len(content) ** 0.5 + 1 for content in files.values()], k=chance.choice((1, 1, 1, 2))):
        files[name] = _damaged(chance, name, files[name], chance.choice(list(other.files.values())))
    if len(files) > 1 and chance.random() < 0.05:
        del files[chance.choice(list(files))]
    return good, files, chance


def _damaged(chance: Random, name: str, content: bytes, other: bytes) -> bytes:
    if Path(name).suffix not in TEXTS or chance.random() < 0.1:
        return damaged(chance, content, other)
    if chance.random() < 0.7 and (changed := damaged_tree(chance, name, content)) is not None:
        return changed
    text = damaged_text(chance, content.decode("utf-8", "replace"), other[:100_000].decode("utf-8", "replace"))
    return text.encode("utf-8", "surrogatepass")


async def fuzz(room: Path, seeds: list[Seed], numbers: list[int], seed: int, workers: int, deadline_s: float) -> Report:
    """Try the cases of these numbers.  room: an empty folder."""
    report, began, waiting = Report(), time.monotonic(), iter(numbers)
    _listen(report)
    turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
    async with open_house(room / "house", seeds, workers, deadline_s, report.note) as house:

        async def work() -> None:
            for number in waiting:
                good, files, chance = case(seeds, seed, number)
                # files of one name take turns
                async with turns[good.name if good.kind == "dataset" else good.main]:
                    await _try(house, report, number, good, files, chance)

        await asyncio.gather(*(work() for _ in range(workers + 1)))
        report.restarts = _restarts(house.assembled.metrics)
    report.seconds = time.monotonic() - began
    return report


async def _try(house: House, report: Report, number: int, good: Seed, files: dict[str, bytes], chance: Random) -> None:
    try:
        report.outcomes[good.kind][await house.try_files(good, files, chance)].append(number)
    except Violation as violation:
        report.violations.append((number, good.name, str(violation)))
    except Exception:
        report.violations.append((number, good.name, traceback.format_exc()))


def _listen(report: Report) -> None:
    """Hear from the service's log what no reader foresaw, and print nothing."""

    def hear(logger: Any, method: str, event: MutableMapping[str, Any]) -> str:
        report.note(str(event.get("reason") or event.get("exception") or ""))
        raise structlog.DropEvent

    structlog.configure(processors=[hear], logger_factory=structlog.ReturnLoggerFactory())
    logging.disable(logging.CRITICAL)


def _restarts(metrics: Metrics) -> dict[str, int]:
    samples = (sample for family in metrics.worker_restarts.collect() for sample in family.samples if sample.name.endswith("_total"))
    return {sample.labels["cause"]: int(sample.value) for sample in samples}


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="how many files")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="the number of the one case to try")
    parser.add_argument("--keep", type=Path, help="folder to write the files of that case to")
    parser.add_argument("--also", type=Path, nargs="*", default=[], help="further rasters to damage")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--deadline", type=float, default=3.0, help="seconds that a worker may draw")
    asked = parser.parse_args()
    numbers = list(range(asked.count)) if asked.only is None else [asked.only]
    with tempfile.TemporaryDirectory(prefix="rendermap-fuzz-") as made, tempfile.TemporaryDirectory(prefix="rendermap-fuzz-") as room:
        seeds = write_seeds(Path(made), asked.also)
        if asked.keep:
            write(asked.keep, case(seeds, asked.seed, numbers[0])[1])
        report = asyncio.run(fuzz(Path(room), seeds, numbers, asked.seed, asked.workers, asked.deadline))
    print(*report.lines(), sep="\n")
    sys.exit(bool(report.violations))


if __name__ == "__main__":
    main()
