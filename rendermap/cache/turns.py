"""Whose turn it is to make a thing, among processes that know nothing of each other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

Leave = Callable[[], Awaitable[None]]

LONGEST_WAIT_S = 5.0
"""Nobody waits longer for another's picture, though it is being made: a second drawing is cheaper than a user who waits."""


class Turns(Protocol):
    """One process at a time has the turn of a key.  A turn that is lost costs a second making, and nothing else."""

    async def take(self, key: str) -> Leave | None:
        """What gives the turn back; None, at once, while another has it."""
        ...


async def leave_nothing() -> None:
    """Gives back a turn that was never taken."""


class FreeTurns:
    """See `Turns`; of those who share nothing that knows turns, where everybody has one."""

    async def take(self, key: str) -> Leave | None:
        """The turn."""
        del key
        return leave_nothing
