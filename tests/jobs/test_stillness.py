"""What folders looked like at the last looks tells that they are written to, whatever the clock says."""

from __future__ import annotations

from pathlib import Path

from rendermap.jobs.stillness import Stillness

FOLDER = Path("/jobs/a")


class Clock:
    """Seconds, as a test has them."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_a_change_between_two_looks_is_remembered_for_a_while() -> None:
    """From the look that sees it until the folder has lain still long enough."""
    clock = Clock()
    stillness = Stillness(clock)
    said = []
    for at_s, state in ((100.0, "a"), (101.0, "a"), (101.5, "b"), (102.0, "b"), (103.4, "b"), (103.6, "b"), (104.0, "c"), (106.1, "c")):
        clock.now_s = at_s
        said.append(stillness.has_changed(FOLDER, state, 2.0))
    assert said == [False, False, True, True, True, False, True, False]


def test_a_change_since_a_look_long_ago_says_nothing() -> None:
    """It may have been at any time; nor does the first look of all, or a change in another folder."""
    clock = Clock()
    stillness = Stillness(clock)
    assert not stillness.has_changed(FOLDER, "a", 2.0) and not stillness.has_changed(FOLDER.with_name("b"), "b", 2.0)
    clock.now_s += 60
    assert not stillness.has_changed(FOLDER, "c", 2.0)


def test_with_no_time_to_lie_still_everything_has() -> None:
    """A tool that takes folders as they are is not held up."""
    stillness = Stillness(Clock())
    assert not any(stillness.has_changed(FOLDER, state, 0.0) for state in "abc")
