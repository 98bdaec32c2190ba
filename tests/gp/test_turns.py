"""Clients take turns, and each client's own wait in the order they came; so do servers."""

from pathlib import Path

from rendermap.gp.slots import Share
from rendermap.gp.turns import Turns


def test_nobody_holds_the_others_up() -> None:
    """Who has a hundred waiting is asked as often as who has one."""
    turns: Turns[str] = Turns()
    for name in ("a1", "a2", "a3", "b1", "c1", "b2"):
        turns.add(name[0], name)
    assert [turns.take() for _ in range(7)] == ["a1", "b1", "c1", "a2", "b2", "a3", None]


def test_who_comes_back_is_behind_those_who_wait() -> None:
    """To have nothing waiting for a moment gives no second turn."""
    turns: Turns[str] = Turns()
    turns.add("a", "a1")
    turns.add("b", "b1")
    assert turns.take() == "a1"
    turns.add("a", "a2")
    assert [turns.take(), turns.take()] == ["b1", "a2"]


def test_what_is_removed_waits_no_more() -> None:
    """And its client is forgotten with the last."""
    turns: Turns[str] = Turns()
    turns.add("a", "a1")
    assert turns.remove("a", "a1") and not turns.remove("a", "a1") and not turns.remove("b", "a1")
    assert (len(turns), turns.of("a"), turns.take()) == (0, 0, None)


def test_a_server_is_told_that_another_stands_in_line(tmp_path: Path) -> None:
    """And stands in line itself where it wants another slot; whoever has got one, or leaves, stands there no more."""
    first, second = Share(tmp_path, "A/B"), Share(tmp_path, "A/B")
    slot = first.take(1)
    assert slot is not None and second.take(1) is None
    assert first.give(slot, wants_another=True)
    slot = second.take(1)
    assert slot is not None and second.give(slot, wants_another=False)
    first.leave()
    slot = second.take(2)
    assert slot is not None and not second.give(slot, wants_another=True)
