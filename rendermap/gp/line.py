"""The jobs of one service that wait and run, and how many there may be."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from rendermap.errors import Busy, TooMany
from rendermap.gp.turns import Turns

RETRY_AFTER_S = 30

T = TypeVar("T", bound=Hashable)


def demand_room(waiting: int, of_client: int, most: int, free: int) -> None:
    """Raises Busy when more than most would wait, TooMany when half of those would be the client's own.  free: that may run at once."""
    if waiting >= most + free:
        raise Busy("Too many jobs are waiting. Try again later.", retry_after_s=RETRY_AFTER_S)
    if of_client >= max(most // 2, 1) + free:
        raise TooMany("Too many of your jobs are waiting. Try again later.", retry_after_s=RETRY_AFTER_S)


class Line(Generic[T]):
    """instances: jobs at once.  beginning: jobs that are about to be taken.  pauses: looks to come before any is."""

    def __init__(self, instances: int = 1) -> None:
        self.instances = instances
        self.waiting: Turns[T] = Turns()
        self.running: set[T] = set()
        self.beginning = self.pauses = 0
        self._coming: list[str] = []

    @property
    def may_begin(self) -> bool:
        """True while there is room for one more, and one that waits for it."""
        return not self.pauses and len(self.running) + self.beginning < self.instances and len(self.waiting) > self.beginning

    @contextmanager
    def room(self, client: str, most: int) -> Iterator[None]:
        """Kept while a job is being made.  Raises as `demand_room`."""
        free = max(self.instances - len(self.running), 0)
        demand_room(len(self.waiting) + len(self._coming), self.waiting.of(client) + self._coming.count(client), most, free)
        self._coming.append(client)
        try:
            yield
        finally:
            self._coming.remove(client)

    def take(self) -> T | None:
        """The next, which runs from now on; None when nothing waits or there is no room."""
        item = self.waiting.take() if len(self.running) < self.instances else None
        if item is not None:
            self.running.add(item)
        return item
