"""The manual says of every case of the attack list where it is tried, and that place is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
MANUAL = (ROOT / "docs" / "security.md").read_text(encoding="utf-8").partition("### The attack list, case by case")[2]
CASES = {f"{group}{number}" for group, last in (("A", 10), ("B", 7), ("C", 6), ("D", 10), ("E", 6)) for number in range(1, last + 1)}


def test_every_case_has_a_line() -> None:
    """Forty-odd cases in five groups, each once."""
    named = [case.strip() for row in re.findall(r"^\| ([A-E][^|]*)\|", MANUAL, re.MULTILINE) for case in row.split(",")]
    assert sorted(named) == sorted(CASES)


def test_every_place_is_there() -> None:
    """Names without a folder are of `tests/refusal`."""
    named = set(re.findall(r"`((?:[a-z_]+/)*[a-z_]+(?:\.py)?)`", MANUAL)) - {"public_url", "tests/refusal/"}
    places = [(ROOT / name, ROOT / "tests" / "refusal" / name) for name in named]
    assert len(places) > 40 and [inside.name for path, inside in places if not path.exists() and not inside.exists()] == []
