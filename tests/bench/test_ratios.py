"""`make bench` fails for what has become slower than the last release allows, and for nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from rendermap import __version__
from tests.bench.bench import LAST, USAGE, main
from tests.bench.cases import CASES
from tests.bench.ratios import Pair, Release, compare, measure_twice, read_release, typical, write_release


def status(tmp_path: Path, *runs: dict[str, float]) -> int:
    """Exit status of `make bench` where the last release took a tile as Mapnik does; runs: what each turn at it measures."""
    last = tmp_path / "last.json"
    write_release(last, Release("1.0", {"tile": 1.0, "export": 0.5}))
    turns = iter(runs)

    def measure(cases: list[str]) -> dict[str, float]:
        said = next(turns)
        return {case: said[case] for case in said if cases == list(CASES) or case in cases}

    return main([], measure, last)


@pytest.mark.parametrize(("tile", "fails"), [(1.31, 1), (1.29, 0), (0.2, 0)])
def test_past_130_percent_fails(tmp_path: Path, tile: float, fails: int) -> None:
    """131 % of the last release fails and 129 % does not; nor does what has become faster."""
    run = {"tile": tile, "export": 0.5}
    assert status(tmp_path, run, run) == fails


def test_noise_gets_a_second_turn(tmp_path: Path) -> None:
    """A case that was slow once and is not again does not fail; the others are not measured again."""
    assert status(tmp_path, {"tile": 2.0, "export": 0.5}, {"tile": 1.1}) == 0
    asked: list[list[str]] = []

    def measure(cases: list[str]) -> dict[str, float]:
        asked.append(cases)
        return dict.fromkeys(cases, 2.0)

    assert measure_twice(measure, ["a", "b"], Release("1.0", {"a": 1.0, "b": 2.0})) == {"a": 2.0, "b": 2.0}
    assert asked == [["a", "b"], ["a"]]


def test_a_case_that_is_gone_fails_and_a_new_one_does_not(tmp_path: Path) -> None:
    """Nobody gets past the bench by measuring less."""
    assert status(tmp_path, {"tile": 1.0}) == 1
    assert status(tmp_path, {"tile": 1.0, "export": 0.5, "new": 99.0}) == 0


def test_a_slower_machine_cancels_out() -> None:
    """Ratios are taken round by round: a machine that is twice as slow in one of them changes nothing, nor does a single bad round."""
    assert typical([Pair(2, 1), Pair(4, 2), Pair(4.2, 2)]) == 2
    assert typical([Pair(2, 1), Pair(2, 1), Pair(90, 1)]) == 2
    with pytest.raises(ValueError, match="measures nothing"):
        Pair(1, 0)


def test_record_makes_the_run_the_last_release(tmp_path: Path) -> None:
    """What was recorded is what the next run is held against."""
    last = tmp_path / "last.json"
    ratios = dict.fromkeys(CASES, 1.5)
    assert main(["--record"], lambda _: ratios, last) == 0
    assert read_release(last).ratios == ratios
    assert main([], lambda _: dict.fromkeys(CASES, 1.96), last) == 1
    assert main([], lambda _: dict.fromkeys(CASES, 1.94), last) == 0


def test_a_version_is_recorded_once(tmp_path: Path) -> None:
    """What has become slower within a version cannot be recorded away, nor a part of the cases or a short run be a release."""
    last = tmp_path / "last.json"
    for arguments in (["--record", "--only", "tile"], ["--record", "--rounds", "1"]):
        assert main(arguments, lambda _: dict.fromkeys(CASES, 1.0), last) == USAGE and not last.exists()
    assert main(["--record"], lambda _: dict.fromkeys(CASES, 1.0), last) == 0
    assert main(["--record"], lambda _: dict.fromkeys(CASES, 9.0), last) == USAGE
    assert read_release(last).ratios == dict.fromkeys(CASES, 1.0)
    write_release(last, Release("0.0.1", {"tile": 5.0}))
    assert main(["--record"], lambda _: dict.fromkeys(CASES, 9.0), last) == 0 and read_release(last).version == __version__


def test_some_cases_alone(tmp_path: Path) -> None:
    """Only those are measured, and the others are not missed."""
    last = tmp_path / "last.json"
    write_release(last, Release("1.0", dict.fromkeys(CASES, 1.0)))
    asked: list[str] = []

    def measure(cases: list[str]) -> dict[str, float]:
        asked.extend(cases)
        return dict.fromkeys(cases, 1.0)

    assert main(["--only", "tile, p"], measure, last) == 0 and asked == ["tile, polygons", "tile, points"]
    assert main(["--only", "nothing of this name"], measure, last) == USAGE


def test_the_committed_record_is_of_these_cases() -> None:
    """A case that is renamed or added is recorded with it."""
    assert all(verdict.share is not None and not verdict.fails for verdict in compare(read_release(LAST).ratios, read_release(LAST)))
    assert set(read_release(LAST).ratios) == set(CASES)
