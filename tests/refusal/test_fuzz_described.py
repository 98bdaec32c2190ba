"""The short form of `tests.fuzz.described`: a few requests of everything that the OpenAPI document describes, against a real service."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.described import run


@pytest.mark.slow
def test_whatever_is_described_is_answered_without_a_fault(tmp_path: Path) -> None:
    """No fault of the server and no path; pictures, documents and runs of a tool are among what is answered, and refusals."""
    report = run(tmp_path, 3, seed=3)
    assert not report.violations, "\n".join(report.lines())
    good = {name for name, found in report.outcomes.items() if found["200"] + found["303"]}
    for part in ("export", "query", "find", "legend", "submitJob", "execute", "tilejson.json"):
        assert any(name.endswith(part) for name in good), "\n".join(report.lines())
    assert sum(found["400"] + found["esri 400"] for found in report.outcomes.values()) > 5
