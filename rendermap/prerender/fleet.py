"""Machines that draw orders of tiles: told what to draw, and waited for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from rendermap.broker import DRAWINGS, KEPT_S
from rendermap.console import print_note
from rendermap.errors import Broken
from rendermap.prerender.orders import Order, Report, Seal

AHEAD = 64
"""Orders that wait for a machine or are drawn; enough for some thirty machines, and few enough to be forgotten without harm."""

LOOKS_EVERY_S = 0.1
STALLED_S = 30.0
"""When nothing has come for so long, a machine may have died with what it had taken: all that is missing is ordered again."""

SOONEST_S, LULLS = 6.0, 3
"""Sooner, when it is so many times longer than nothing has come before."""

ANSWERS_WITHIN_S = 1.0
RETRIED = {"max_retries": 3, "interval_start": 0.2, "interval_step": 0.5}


@dataclass(slots=True, eq=False)
class _Errand:
    """An order and all times it was sent: what comes first counts."""

    order: Order
    sent: list[Any] = field(default_factory=list)


@dataclass(slots=True)
class _Lull:
    """The time in which nothing has come.  limit_s: when it is too long."""

    most_s: float
    limit_s: float
    longest_s: float = 0.0
    began: float = field(default_factory=time.monotonic)

    @property
    def is_too_long(self) -> bool:
        return time.monotonic() - self.began > self.limit_s

    def end(self) -> None:
        """Something has come."""
        now = time.monotonic()
        self.longest_s = max(self.longest_s, now - self.began)
        self.limit_s, self.began = min(self.most_s, max(SOONEST_S, LULLS * self.longest_s)), now

    def bear(self) -> None:
        """All was ordered again; ever more rarely, for while no machine is there orders pile up."""
        self.limit_s, self.began = 2 * self.limit_s, time.monotonic()


class Fleet:
    """app: see `broker.connect`."""

    def __init__(self, app: Any, seal: Seal, stalled_s: float = STALLED_S) -> None:
        self._app = app
        self._seal = seal
        self._stalled_s = stalled_s

    async def draw(self, orders: Iterator[Order]) -> AsyncIterator[tuple[Order, Report]]:
        """Each order when it is done.  Raises Broken where one cannot be done, or the broker cannot be reached."""
        errands: list[_Errand] = []
        await self._tell_if_alone()
        lull = _Lull(self._stalled_s, self._stalled_s)
        while await self._send_more(orders, errands) or errands:
            for errand, report in await asyncio.to_thread(self._finished, errands):
                errands.remove(errand)
                yield errand.order, report
                lull.end()
            if errands and lull.is_too_long:
                await self._tell_if_alone()
                for errand in errands:
                    await asyncio.to_thread(self._send, errand)
                lull.bear()
            await asyncio.sleep(LOOKS_EVERY_S)

    async def _send_more(self, orders: Iterator[Order], errands: list[_Errand]) -> bool:
        """False when there are no more."""
        while len(errands) < AHEAD:
            order = next(orders, None)
            if order is None:
                return False
            errands.append(_Errand(order))
            await asyncio.to_thread(self._send, errands[-1])
        return True

    async def _tell_if_alone(self) -> None:
        """What was ordered waits for a machine."""
        if not await asyncio.to_thread(self._ask, partial(self._app.control.ping, timeout=ANSWERS_WITHIN_S, limit=1)):
            print_note("No machine answers: start `rendermap prerender-worker` with the same broker.")

    # --- in threads --------------------------------------------------------------------------------------------------

    def _send(self, errand: _Errand) -> None:
        text = self._seal.order_text(errand.order)
        errand.sent.append(self._ask(partial(self._app.send_task, DRAWINGS, (text,), expires=KEPT_S, retry=True, retry_policy=RETRIED)))

    def _finished(self, errands: list[_Errand]) -> list[tuple[_Errand, Report]]:
        """Those that were done since the last look."""
        found = ((errand, next((sent for sent in errand.sent if self._ask(sent.ready)), None)) for errand in errands)
        return [(errand, self._report(sent)) for errand, sent in found if sent is not None]

    def _report(self, sent: Any) -> Report:
        said = sent.get(propagate=False)
        sent.forget()
        if isinstance(said, Exception):
            raise Broken("A machine could not draw.", reason=repr(said))
        report = self._seal.report(said)
        if report.fault:
            raise Broken(report.fault)
        return report

    def _ask(self, question: partial[Any]) -> Any:
        """Raises Broken where nobody answers."""
        try:
            return question()
        except Exception as error:  # of the three libraries on the way to the broker each has its own
            raise Broken("The broker cannot be reached.", reason=type(error).__name__) from error
