"""The engine of this machine: tools run in processes of their own, so many at once for each service, the others wait their turn.

A job belongs to the server that holds its claim (`gp.claims`).  Its document is written by one at a time: by that server until the tool's
process starts, then by the program that watches the tool, and by the server again once that has ended.  A server that finds a claim
without a lock takes it up: a job that waited goes on waiting, one that ran is failed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import structlog
from pydantic import JsonValue

from rendermap.chore import Chore
from rendermap.errors import Broken, JobNotFound, NotSupported, RendermapError
from rendermap.gp.claims import Claim, ask_to_cancel, find_orders, make_claim, take_claim
from rendermap.gp.engines.engine import Place
from rendermap.gp.engines.none import ELSEWHERE
from rendermap.gp.line import Line
from rendermap.gp.orders import JobOrder
from rendermap.gp.tool_order import ToolOrder
from rendermap.gp.tool_program import ToolProgram
from rendermap.jobs import manifest
from rendermap.jobs.document import DocumentStatus
from rendermap.jobs.job import JobStatus
from rendermap.services.datatypes import is_dataset_type
from rendermap.services.service import Direction, Service, Task, service_named, task_named

LOOKS_EVERY_S = 1.0
TAKES_UP_EVERY = 10
"""Looks between those for jobs whose server is gone."""
STOPS_S = 5.0
STOPPED = (JobStatus.FAILED, "The server was stopped while the job ran.")
LOST = (JobStatus.FAILED, "The process of the tool ended unexpectedly.")
WITHDRAWN = (JobStatus.FAILED, "The service does not run this task any more.")
CANCELLED = (JobStatus.CANCELLED, "The job was cancelled.")

_log = structlog.get_logger("rendermap.gp")


@dataclass(slots=True, eq=False)
class Held:
    """A job that this server is in charge of.

    program: while it runs.  last_word: how it ends where no program has said so, and why; None where it does not, and waits for others.
    """

    claim: Claim
    program: ToolProgram | None = None
    task: asyncio.Task[None] | None = None
    is_cancelled: bool = False
    last_word: tuple[JobStatus, str] | None = LOST


class LocalEngine:
    """Belongs to one event loop."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._lines: dict[str, Line[Held]] = {}
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
        self._held, self._lines, self._unwritten = {}, {}, []

    async def submit(self, order: JobOrder) -> str:
        """A new job, which waits for its turn.  Raises NotSupported where nothing runs the task, Busy, TooMany, Broken."""
        if not (order.task.tool or order.task.command):
            raise NotSupported(details=(ELSEWHERE,))
        line = self._line(order.service.name)
        line.instances = order.service.running.instances
        with line.room(order.client, order.service.running.queue):
            claim = await asyncio.to_thread(self._make, order)
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
            for jobs_dir in self._place.jobs_dirs:
                await asyncio.to_thread(ask_to_cancel, jobs_dir, job_id)

    # --- from order to end -----------------------------------------------------------------------------------------

    def _make(self, order: JobOrder) -> Claim:
        """Writes to the disk, and may block."""
        jobs_dir = self._place.jobs_dirs[0]
        try:
            claim = make_claim(jobs_dir, order)
            try:
                manifest.submit(
                    jobs_dir,
                    service=order.service.name,
                    task=order.task.name,
                    inputs=order.inputs,
                    owner=order.owner,
                    private=order.is_private,
                    job_id=claim.job_id,
                )
            except BaseException:
                claim.settle()
                raise
        except OSError as error:
            raise Broken("The job could not be made.", reason=str(error)) from error
        return claim

    def _line(self, service: str) -> Line[Held]:
        return self._lines.setdefault(service, Line())

    def _hold(self, claim: Claim) -> None:
        held = self._held[claim.job_id] = Held(claim)
        line = self._line(claim.note.service)
        line.waiting.add(claim.note.client, held)
        self._advance(line)

    def _advance(self, line: Line[Held]) -> None:
        """Begin what there is room for."""
        while not self._is_stopping and (held := line.take()):
            held.task = asyncio.create_task(self._run(held, line), name=f"rendermap-job-{held.claim.job_id}")

    async def _run(self, held: Held, line: Line[Held]) -> None:
        try:
            await self._work(held)
        except (OSError, RendermapError) as error:
            _log.error("a tool could not be started", job_id=held.claim.job_id, reason=str(error))
        finally:
            held.program = None
            await self._settle(held)
            line.running.discard(held)
            self._advance(line)

    async def _work(self, held: Held) -> None:
        order = await asyncio.to_thread(self._order_of, held.claim)
        if order is None or held.is_cancelled or self._is_stopping:
            held.last_word = WITHDRAWN if order is None else CANCELLED if held.is_cancelled else None
            return
        program = held.program = await ToolProgram.start(order)
        if held.is_cancelled:
            program.cancel()
        if self._is_stopping:
            program.leave()
        if words := await program.ended():
            _log.warning("a tool failed", service=order.service, task=order.task, job_id=held.claim.job_id, words=words)

    def _order_of(self, claim: Claim) -> ToolOrder | None:
        """None where the service runs the task no more.  Reads the disk.  Raises JobNotFound, JobUnreadable."""
        service = service_named(self._place.services(), claim.note.service)
        task = task_named(service, claim.note.task) if service and service.running.engine == "local" else None
        if service is None or task is None or not (task.tool or task.command):
            return None
        return _tool_order(claim, service, task, manifest.resume(claim.root).inputs)

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
        for name, service in (await asyncio.to_thread(self._place.services)).items():
            line = self._line(name)
            line.instances = service.running.instances
            self._advance(line)

    async def _take_up(self) -> None:
        for claim in await asyncio.to_thread(lambda: tuple(self._left_behind())):
            self._hold(claim)

    def _left_behind(self) -> Iterable[Claim]:
        """Claims to jobs that wait and whose server is gone; those that ran are failed.  Reads and writes the disk, and may block."""
        for path in find_orders(self._place.jobs_dirs):
            claim = None if path.stem in self._held else take_claim(path)
            if claim is None:
                continue
            try:
                if _waits(claim):
                    yield claim
                else:
                    _finish(Held(claim, last_word=STOPPED))
            except (OSError, RendermapError) as error:
                _log.error("a job that was left behind cannot be taken up", job_id=claim.job_id, reason=str(error))
                claim.leave()


def _tool_order(claim: Claim, service: Service, task: Task, values: Mapping[str, JsonValue]) -> ToolOrder:
    outputs = [parameter for parameter in task.parameters if parameter.direction is Direction.OUTPUT]
    drawn = {layer.parameter for layer in task.layers}
    return ToolOrder(
        root=claim.root,
        claim=claim.descriptor,
        folder=service.folder.absolute(),
        service=service.name,
        task=task.name,
        tool=task.tool,
        command=task.command,
        inputs=tuple(parameter.name for parameter in task.parameters if parameter.direction is Direction.INPUT),
        outputs=tuple(parameter.name for parameter in outputs),
        datasets=frozenset(p.name for p in outputs if p.name in drawn or is_dataset_type(p.data_type)),
        values=dict(values),
        environment=claim.note.environment,
        time_limit_s=service.running.time_limit_s,
    )


def _waits(claim: Claim) -> bool:
    """False for a job that has begun, is over, was never made or has been removed.  Raises JobUnreadable."""
    with suppress(JobNotFound):
        return manifest.resume(claim.root).status == DocumentStatus.SUBMITTED
    return False


def _finish(held: Held) -> None:
    """Writes to the disk, and may block.  Raises OSError, JobUnreadable."""
    if held.last_word is None:
        held.claim.leave()
        return
    how, words = held.last_word
    with suppress(JobNotFound):
        run = manifest.resume(held.claim.root)
        if not run.is_over:
            (run.cancel if how is JobStatus.CANCELLED else run.fail)(words)
    held.claim.settle()


def _asked_to_cancel(held: Iterable[Held]) -> list[Held]:
    return [one for one in held if one.claim.is_to_be_cancelled]
