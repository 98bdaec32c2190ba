"""What engines share whose jobs this server itself looks after: so many run at once for each service, the others wait their turn.

A job belongs to the server that holds its claim (`gp.claims`).  Its document is written by one at a time: by that server until the tool's
process starts, then by the program that watches the tool, and by the server again once that has ended.  A server that finds a claim
without a lock takes it up: a job that waited goes on waiting, one that ran is failed.

Servers over one jobs directory have their slots in common (`gp.slots`).  One that gives back a slot for which another stands in line lets
that one go first.
"""

from __future__ import annotations

import asyncio
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import structlog

from rendermap.chore import Chore
from rendermap.errors import NotSupported, RendermapError
from rendermap.gp.charge import CANCELLED, LOST, WITHDRAWN, finish, is_to_be_done, make_job
from rendermap.gp.claims import Claim, ask_to_cancel, find_orders, note_of, take_claim
from rendermap.gp.engines.engine import Beginning, Program, Site
from rendermap.gp.engines.none import ELSEWHERE
from rendermap.gp.line import Line
from rendermap.gp.orders import JobOrder
from rendermap.gp.slots import Share
from rendermap.jobs.job import JobStatus
from rendermap.services.service import Service, service_named

LOOKS_EVERY_S = 1.0
TAKES_UP_EVERY = 10
"""Looks between those for jobs whose server is gone."""
STOPS_S = 5.0
ALL_TAKEN, ANOTHER_FIRST = 1, 2
"""Looks until a slot is tried for again: those of the other server are as far apart as one's own, and come in between."""

_log = structlog.get_logger("rendermap.gp")


@dataclass(slots=True, eq=False)
class Held:
    """A job that this server is in charge of.

    slot: file descriptor, from the moment it is to run.  program: while it runs.  last_word: how it ends where no program has said so, and
    why; None where it does not, and waits for others.
    """

    claim: Claim
    slot: int = -1
    program: Program | None = None
    task: asyncio.Task[None] | None = None
    is_cancelled: bool = False
    last_word: tuple[JobStatus, str] | None = LOST


class QueuedEngine(ABC):
    """Belongs to one event loop.  own: engines of service.toml whose jobs it takes up where they were left behind."""

    own: ClassVar[frozenset[str]]

    def __init__(self, site: Site) -> None:
        self._site = site
        self._lines: dict[str, Line[Held]] = {}
        self._shares: dict[str, Share] = {}
        self._beginnings: set[asyncio.Task[None]] = set()
        self._held: dict[str, Held] = {}
        self._unwritten: list[Held] = []
        self._is_stopping = False
        self._chore = Chore(self._look, "rendermap-jobs")

    async def start(self) -> None:
        """Take up what other servers have left."""
        self._is_stopping = False
        await self._look_at_services()
        await self._take_up()
        self._chore.begin()

    async def stop(self) -> None:
        """End what runs, and leave what waits to others, or to the next start."""
        self._is_stopping = True
        await self._chore.stop()
        if self._beginnings:
            await asyncio.wait(self._beginnings)
        running = {held.task: held for held in self._held.values() if held.task}
        for held in running.values():
            if held.program:
                held.program.leave()
        if running:
            _, late = await asyncio.wait(running, timeout=STOPS_S)
            for task in late:
                if program := running[task].program:
                    program.kill()
            await asyncio.wait(running)
        for held in self._held.values():
            held.claim.leave()
        for share in self._shares.values():
            share.leave()
        self._held, self._lines, self._shares, self._unwritten = {}, {}, {}, []

    async def submit(self, order: JobOrder) -> str:
        """A new job, which waits for its turn.  Raises NotSupported where nothing runs the task, Busy, TooMany, Broken."""
        if not self._is_run(order):
            raise NotSupported(details=(ELSEWHERE,))
        line = self._line(order.service.name)
        line.instances = order.service.running.instances
        with line.room(order.client, order.service.running.queue):
            claim = await asyncio.to_thread(make_job, self._site.jobs_dirs[0], order)
        if self._is_stopping:
            claim.leave()
        else:
            self._hold(claim)
        return claim.job_id

    async def cancel(self, service: Service, job_id: str) -> None:
        """End a job of this server at once, and leave word for the server of another."""
        del service
        if held := self._held.get(job_id):
            await self._cancel(held)
            return
        with suppress(OSError):
            for jobs_dir in self._site.jobs_dirs:
                await asyncio.to_thread(ask_to_cancel, jobs_dir, job_id)

    # --- what runs the tasks ---------------------------------------------------------------------------------------

    @abstractmethod
    def _is_run(self, order: JobOrder) -> bool:
        """False where nothing runs the task."""

    @abstractmethod
    def _beginning(self, claim: Claim) -> Beginning | None:
        """None where the service runs the task no more.  Reads the disk, and may block.  Raises JobNotFound, JobUnreadable."""

    # --- from order to end -----------------------------------------------------------------------------------------

    def _line(self, service: str) -> Line[Held]:
        return self._lines.setdefault(service, Line())

    def _share(self, service: str) -> Share:
        return self._shares.setdefault(service, Share(self._site.jobs_dirs[0], service))

    def _hold(self, claim: Claim) -> None:
        held = self._held[claim.job_id] = Held(claim)
        self._line(claim.note.service).waiting.add(claim.note.client, held)
        self._advance(claim.note.service)

    def _advance(self, service: str) -> None:
        """Begin what there is room for."""
        line = self._line(service)
        while not self._is_stopping and line.may_begin:
            line.beginning += 1
            task = asyncio.create_task(self._begin(service, line))
            self._beginnings.add(task)
            task.add_done_callback(self._beginnings.discard)

    async def _begin(self, service: str, line: Line[Held]) -> None:
        """The next, unless other servers run as many as may."""
        slot = None
        try:
            slot = await asyncio.to_thread(self._share(service).take, line.instances)
        except OSError as error:
            _log.error("a job cannot begin", service=service, reason=str(error))
        line.beginning -= 1
        held = line.take() if slot is not None and not self._is_stopping else None
        if held and slot is not None:
            held.slot = slot
            held.task = asyncio.create_task(self._run(held, line), name=f"rendermap-job-{held.claim.job_id}")
        elif slot is not None:
            os.close(slot)
        else:
            line.pauses = ALL_TAKEN

    async def _run(self, held: Held, line: Line[Held]) -> None:
        try:
            await self._work(held)
        except (OSError, RendermapError) as error:
            _log.error("a tool could not be started", job_id=held.claim.job_id, reason=str(error))
        finally:
            held.program = None
            await self._settle(held)
            await self._give_slot(held, line)
            line.running.discard(held)
            self._advance(held.claim.note.service)

    async def _give_slot(self, held: Held, line: Line[Held]) -> None:
        wants_another = len(line.waiting) > 0
        try:
            is_awaited = await asyncio.to_thread(self._share(held.claim.note.service).give, held.slot, wants_another)
        except OSError as error:
            _log.error("whether another server waits cannot be seen", reason=str(error))
        else:
            if is_awaited and wants_another:
                line.pauses = ANOTHER_FIRST

    async def _work(self, held: Held) -> None:
        begin = await asyncio.to_thread(self._beginning, held.claim)
        if begin is None or held.is_cancelled or self._is_stopping:
            held.last_word = WITHDRAWN if begin is None else CANCELLED if held.is_cancelled else None
            return
        program = held.program = await begin()
        if held.is_cancelled:
            program.cancel()
        if self._is_stopping:
            program.leave()
        if words := await program.ended():
            note = held.claim.note
            _log.warning("a tool failed", service=note.service, task=note.task, job_id=held.claim.job_id, exception=words)

    async def _settle(self, held: Held) -> None:
        """The job's last word, where nobody has said it; where it cannot be written now, it is later."""
        try:
            await asyncio.to_thread(_finish, held)
        except (OSError, RendermapError) as error:
            _log.error("the end of a job could not be written", job_id=held.claim.job_id, reason=str(error))
            self._unwritten.append(held)
        else:
            self._held.pop(held.claim.job_id, None)

    async def _cancel(self, held: Held) -> None:
        held.is_cancelled = True
        note = held.claim.note
        if self._line(note.service).waiting.remove(note.client, held):
            held.last_word = CANCELLED
            await self._settle(held)
            return
        if held.program:
            held.program.cancel()
        if held.task:
            await asyncio.wait([held.task], timeout=STOPS_S)

    # --- looking after ---------------------------------------------------------------------------------------------

    async def _look(self) -> None:
        looks = 0
        while True:
            await asyncio.sleep(LOOKS_EVERY_S)
            looks += 1
            for held in await asyncio.to_thread(_asked_to_cancel, tuple(self._held.values())):
                await self._cancel(held)
            unwritten, self._unwritten = self._unwritten, []
            for held in unwritten:
                await self._settle(held)
            await self._look_at_services()
            if looks % TAKES_UP_EVERY == 0:
                await self._take_up()

    async def _look_at_services(self) -> None:
        for name, service in (await asyncio.to_thread(self._site.services)).items():
            self._line(name).instances = service.running.instances
        for name, line in tuple(self._lines.items()):
            line.pauses = max(line.pauses - 1, 0)
            if name in self._shares and not len(line.waiting):
                self._shares[name].leave()
            self._advance(name)

    async def _take_up(self) -> None:
        for claim in await asyncio.to_thread(lambda: tuple(self._left_behind())):
            self._hold(claim)

    def _is_anothers(self, path: Path) -> bool:
        """True for a job that another engine is to run."""
        note = note_of(path)
        service = service_named(self._site.services(), note.service) if note else None
        return (service.running.engine if service else "none") not in self.own

    def _left_behind(self) -> Iterable[Claim]:
        """Claims to jobs that wait and whose server is gone; those that ran are finished.  Reads and writes the disk, and may block."""
        for path in find_orders(self._site.jobs_dirs):
            claim = None if path.stem in self._held or self._is_anothers(path) else take_claim(path)
            if claim and is_to_be_done(claim):
                yield claim


def _finish(held: Held) -> None:
    """Writes to the disk, and may block.  Raises OSError, JobUnreadable."""
    if held.last_word is None:
        held.claim.leave()
    else:
        finish(held.claim, *held.last_word)


def _asked_to_cancel(held: Iterable[Held]) -> list[Held]:
    return [one for one in held if one.claim.is_to_be_cancelled]
