"""A run's ratios beside those of the last release: what has become slower, and by how much.

A ratio is our CPU time by that of a measure that met the same machine in the same run, so machines and their load cancel out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

MOST_OF_LAST = 1.30


@dataclass(frozen=True, slots=True)
class Pair:
    """One round of one case: what we and the measure took, in the same unit.  Raises ValueError where the measure took nothing."""

    ours: float
    measure: float

    def __post_init__(self) -> None:
        if self.measure <= 0:
            raise ValueError("a measure that takes nothing measures nothing")

    @property
    def ratio(self) -> float:
        return self.ours / self.measure


@dataclass(frozen=True, slots=True)
class Release:
    """What was recorded.  ratios: by the name of the case."""

    version: str
    ratios: dict[str, float]

    def of(self, cases: list[str]) -> Release:
        """These cases alone."""
        return Release(self.version, {case: ratio for case, ratio in self.ratios.items() if case in cases})


@dataclass(frozen=True, slots=True)
class Verdict:
    """A case beside the last release.  ratio: None when it was not measured.  share: of the last release's, None when that has none."""

    case: str
    ratio: float | None
    share: float | None

    @property
    def fails(self) -> bool:
        """Slower than allowed, or gone without a new record."""
        return self.ratio is None or (self.share is not None and self.share > MOST_OF_LAST)


def typical(rounds: Iterable[Pair]) -> float:
    """The middle ratio: ratios are taken round by round, so that a drifting machine cancels out."""
    return median(pair.ratio for pair in rounds)


def compare(ratios: dict[str, float], last: Release) -> list[Verdict]:
    """Every case of this run and of the last release; a new one has no share."""
    names = dict.fromkeys([*ratios, *last.ratios])
    return [Verdict(name, ratios.get(name), _share(ratios.get(name), last.ratios.get(name))) for name in names]


def _share(ratio: float | None, last: float | None) -> float | None:
    return None if ratio is None or last is None else ratio / last


def measure_twice(measure: Callable[[list[str]], dict[str, float]], cases: list[str], last: Release) -> dict[str, float]:
    """Ratios by case; those that would fail are measured once more, and the better one counts: noise only ever adds."""
    ratios = measure(cases)
    late = [verdict.case for verdict in compare(ratios, last) if verdict.fails and verdict.case in ratios]
    again = measure(late) if late else {}
    return {case: min(ratio, again.get(case, ratio)) for case, ratio in ratios.items()}


def read_release(path: Path) -> Release:
    """The last release's record.  Raises OSError, ValueError or KeyError when it is none."""
    said = json.loads(path.read_text(encoding="utf-8"))
    return Release(str(said["version"]), {str(case): float(ratio) for case, ratio in said["ratios"].items()})


def write_release(path: Path, release: Release) -> None:
    """Record a release, to be committed."""
    rounded = Release(release.version, {case: round(ratio, 3) for case, ratio in release.ratios.items()})
    path.write_text(json.dumps(asdict(rounded), indent=2) + "\n", encoding="utf-8")
