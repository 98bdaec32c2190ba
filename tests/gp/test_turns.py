"""Clients take turns, and each client's own wait in the order they came."""

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
