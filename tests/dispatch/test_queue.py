"""Errands wait in order, so many and for so long."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Gauge

from rendermap.dispatch.queue import Errand, Queue
from rendermap.errors import Busy


class Clock:
    """Seconds, as a test has them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 1000.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now_s)


def anybody(errand: Errand) -> bool:
    """Every errand may begin."""
    del errand
    return True


def run(test: Callable[[Queue], Coroutine[Any, Any, None]]) -> None:
    """With a queue of two places, for ten seconds each."""
    asyncio.run(test(Queue(2, 10.0, Gauge("length", "Errands.", registry=CollectorRegistry()), 1)))


def test_one_errand_too_many_is_refused_and_one_tried_again_never() -> None:
    """What has waited its turn before stands before all others, in a full queue too."""

    async def wait(queue: Queue) -> None:
        first, second, again = Errand(b"1", None), Errand(b"2", None), Errand(b"again", None)
        queue.learn(20.0)
        queue.add(first)
        queue.add(second)
        with pytest.raises(Busy) as raised:
            queue.add(Errand(b"3", None))
        assert "2 drawings" in raised.value.sentence and raised.value.retry_after_s == 3
        queue.add_first(again)
        assert queue.share == 1.5 and [queue.take(anybody), queue.take(anybody), queue.take(anybody), queue.take(anybody)] == [
            again,
            first,
            second,
            None,
        ]

    run(wait)


def test_an_errand_waits_so_long_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Told with the limit; one that is tried again has its whole time anew, however long the first try was."""
    clock = Clock(monkeypatch)

    async def wait(queue: Queue) -> None:
        again, late = Errand(b"again", None), Errand(b"late", None)
        queue.add(again)
        clock.now_s += 9
        assert queue.take(anybody) is again
        clock.now_s += 30
        queue.add(late)
        clock.now_s += 6
        queue.add_first(again)
        clock.now_s += 5
        queue.learn(96.0)
        queue.refuse_overdue()
        assert len(queue) == 1 and not again.answer.done()
        refused = late.answer.exception()
        assert isinstance(refused, Busy) and "10 seconds" in refused.sentence and refused.retry_after_s == 7

    run(wait)


def test_what_nobody_waits_for_any_more_is_passed_over() -> None:
    """An errand whose asker went is not given to a worker."""

    async def wait(queue: Queue) -> None:
        gone, here = Errand(b"gone", None), Errand(b"here", None)
        queue.add(gone)
        queue.add(here)
        gone.answer.cancel()
        assert queue.take(anybody) is here and queue.take(anybody) is None

    run(wait)
