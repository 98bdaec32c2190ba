"""The short form of `tests.bench.soak`: three quarters of a minute instead of an hour."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from rendermap.imaging.png import write_palette, write_rgba
from tests.bench.soak import Tally, judged, soak

SECONDS = 45.0


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.skipif(sys.platform != "linux", reason="finds the workers and weighs them in /proc")
def test_under_load_nothing_is_wrong_lost_or_kept(tmp_path: Path) -> None:
    """While jobs arrive, run again and end and workers are killed: pictures are those a calm service draws, all requests are answered."""
    tally, table = soak(tmp_path, SECONDS)
    assert judged(tally) == [], "\n".join(table)
    assert tally.kills >= 3 and tally.compared >= 3 and tally.pictures > 300, "\n".join(table)


def test_what_is_wrong_is_seen() -> None:
    """Growing memory, faults, and nothing to compare."""
    flat, growing = [(100.0, 200.0)] * 40, [(100.0 + 4 * n, 200.0) for n in range(40)]
    assert judged(Tally(compared=1, memory_mb=flat)) == []
    assert [fault.split(":")[0] for fault in judged(Tally(compared=1, memory_mb=growing))] == ["memory"]
    assert judged(Tally(compared=1, memory_mb=flat, faults=["lost: x"])) == ["lost: x"]
    assert judged(Tally(memory_mb=flat)) == ["nothing could be compared"]


def test_two_pictures_of_one_etag_are_told_apart() -> None:
    """The same pixels in other bytes are counted and no fault; one pixel is a fault that says how far it is off, and where it was seen."""
    pixels = np.full((8, 8, 4), 200, np.uint8)
    changed = pixels.copy()
    changed[3, 4, 1] = 197
    tally = Tally()
    for path, body in (("/a", write_rgba(pixels)), ("/b", write_rgba(pixels)), ("/c", write_palette(pixels)), ("/d", write_rgba(changed))):
        tally.see('W/"x"', body, path)
    (fault,) = tally.faults
    assert tally.repacked == 1
    assert fault.startswith("wrong: /d: ") and "1 of 64 pixels differ, by up to 3" in fault and fault.endswith("the first was /a")
