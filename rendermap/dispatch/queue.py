"""The errands that wait for a worker: so many, for so long, and none that nobody waits for any more."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from prometheus_client import Gauge

from rendermap.dispatch.wire import Answer
from rendermap.errors import Busy, RendermapError


@dataclass(slots=True, eq=False, repr=False)
class Errand:
    """A packed plan and the answer its asker waits for.

    key: equal for plans that a warm worker does faster.  job: whose data it reads, None for nobody's.  marks: what must have been done
    before for it to be nothing new (`trials`).  queued_at, left_at: when it was last put into the queue, and when its asker
    went away, None while the asker waits; in seconds of a clock that never goes back.
    """

    request: bytes
    key: object
    job: Path | None = None
    marks: tuple[object, ...] = ()
    answer: asyncio.Future[Answer] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    blame: int = 0
    queued_at: float = 0.0
    left_at: float | None = None

    def fail(self, error: RendermapError) -> None:
        """Tell the asker, unless it was told something already or is gone."""
        if not self.answer.done():
            self.answer.set_exception(error)


class Queue:
    """First come, first served.  limit: errands that may wait.  longest_s: for how long each may.  length: shown to the operator.

    workers: that take errands out of it.
    """

    def __init__(self, limit: int, longest_s: float, length: Gauge, workers: int) -> None:
        self._workers = workers
        self._mean_s = 0.05
        self._limit = limit
        self._longest_s = longest_s
        self._length = length
        self._errands: deque[Errand] = deque()

    def __len__(self) -> int:
        return len(self._errands)

    @property
    def share(self) -> float:
        """How full it is, from 0 to 1."""
        return len(self._errands) / self._limit

    @property
    def retry_after_s(self) -> int:
        """When it should be empty, by how long errands took lately."""
        return min(max(math.ceil(len(self._errands) * self._mean_s / self._workers), 1), 60)

    def learn(self, took_s: float) -> None:
        """Tell how long an errand took."""
        self._mean_s += (took_s - self._mean_s) / 16

    def add(self, errand: Errand) -> None:
        """Put an errand last.  Raises Busy, with when to come again, if the queue is full."""
        if len(self._errands) >= self._limit:
            raise Busy(f"The service is busy: {self._limit} drawings wait already. Try again shortly.", retry_after_s=self.retry_after_s)
        errand.queued_at = time.monotonic()
        self._errands.append(errand)
        self._tell()

    def add_first(self, errand: Errand) -> None:
        """Put an errand before all others, however many there are: one that has waited its turn before."""
        errand.queued_at = time.monotonic()
        self._errands.appendleft(errand)
        self._tell()

    def remove(self, errand: Errand) -> None:
        """Give the place of an errand back, if it has one."""
        if errand in self._errands:
            self._errands.remove(errand)
            self._tell()

    def take(self, may_begin: Callable[[Errand], bool]) -> Errand | None:
        """The next errand that somebody waits for and that may begin; None when there is none."""
        self._errands = deque(errand for errand in self._errands if not errand.answer.done())
        found = next(filter(may_begin, self._errands), None)
        if found is not None:
            self._errands.remove(found)
        self._tell()
        return found

    def refuse_overdue(self) -> None:
        """Tell those that have waited too long to come again."""
        latest = time.monotonic() - self._longest_s
        for errand in [errand for errand in self._errands if errand.queued_at < latest]:
            self.remove(errand)
            words = f"The service is busy: this drawing waited {self._longest_s:g} seconds for its turn. Try again shortly."
            errand.fail(Busy(words, retry_after_s=self.retry_after_s))

    def clear(self) -> None:
        """Forget all."""
        self._errands.clear()
        self._tell()

    def _tell(self) -> None:
        self._length.set(len(self._errands))
