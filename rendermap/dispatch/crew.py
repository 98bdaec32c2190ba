"""The crew: worker programs, each of which does one errand at a time; what crashes, hangs or grows is contained here.

An errand whose worker dies under it is given to another worker once; more often only when the worker was killed from outside.
A worker that died is replaced at once, while the others go on.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from rendermap.dispatch.nursery import Nursery
from rendermap.dispatch.process import WorkerDied, WorkerProcess, WorkerProgram, nursery_of
from rendermap.dispatch.queue import Errand, Queue
from rendermap.dispatch.scratch import Scratch, keep_swept, make_scratch, sweep_scratch
from rendermap.dispatch.secrecy import hide_memory
from rendermap.dispatch.trials import FATAL, Trials
from rendermap.dispatch.verdicts import BLAME, GIVEN_UP_AT, verdict_of
from rendermap.dispatch.wire import Answer
from rendermap.errors import Busy, RenderCrashed, RenderFailed
from rendermap.telemetry import Metrics

STARTS_TRIED = 2
WATCH_S = 0.1
WORN_SHARE = 0.75
"""Share of the memory limit above which a worker is replaced between plans rather than killed during the next."""
SLOWEST_RESTART_S = 5.0
ABANDONED_S = 2.0
"""A drawing may run on for so long when nobody waits for it any more: most end within it, and a worker is dear to start."""

_log = structlog.get_logger("rendermap.dispatch")


@dataclass(slots=True, eq=False)
class _Idle:
    """A worker without work.  keys: what it did last."""

    worker: WorkerProcess
    call: asyncio.Future[Errand]
    keys: deque[object] = field(default_factory=deque)


class Crew:
    """Workers and the queue before them.  Belongs to one event loop.

    size: how many programs run.  program: what is started; its memory limit bounds each.  deadline_s: for one try at one errand, from when
    a worker takes it.  plans_per_worker: a worker is replaced after so many, 0 for never.
    """

    def __init__(self, size: int, program: WorkerProgram, queue: Queue, deadline_s: float, plans_per_worker: int, metrics: Metrics) -> None:
        self._size = size
        self._program = program
        self._queue = queue
        self._deadline_s = deadline_s
        self._plans_per_worker = plans_per_worker
        self._metrics = metrics
        self._trials = Trials(size, lambda: len(self._workers))
        self._running: dict[WorkerProcess, Errand] = {}
        self._idle: dict[WorkerProcess, _Idle] = {}
        self._workers: set[WorkerProcess] = set()
        self._unanswered: set[Errand] = set()
        self._jobs: set[Path] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._closings: set[asyncio.Task[None]] = set()
        self._first: asyncio.Future[None] | None = None
        self._scratch: Scratch | None = None
        self._nursery: Nursery | None = None

    # --- life --------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start the workers; returns when the first is ready.  Raises RenderCrashed when none comes up: it is to be stopped then."""
        await asyncio.to_thread(sweep_scratch)
        try:
            self._scratch = await asyncio.to_thread(make_scratch)
        except OSError as error:
            raise RenderCrashed("The service cannot write to its scratch folder.", reason=str(error)) from error
        hide_memory()
        self._nursery = nursery_of(self._program, self._scratch)
        self._first = asyncio.get_running_loop().create_future()
        self._tasks = [asyncio.create_task(self._tend(self._scratch), name=f"rendermap-worker-{n}") for n in range(self._size)]
        self._tasks.append(asyncio.create_task(self._watch(), name="rendermap-watch"))
        self._tasks.append(asyncio.create_task(keep_swept(self._scratch, self._jobs), name="rendermap-sweep"))
        await self._first

    async def stop(self, drain_s: float) -> None:
        """Wait for the errands that run or wait, then end the workers.  What is left after drain_s is told to come again."""
        if answers := [errand.answer for errand in self._unanswered]:
            await asyncio.wait(answers, timeout=drain_s)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*self._closings)
        if self._nursery is not None:
            await self._nursery.close()
        for errand in self._unanswered:
            errand.fail(Busy())
        self._tasks.clear()
        self._queue.clear()
        if self._scratch is not None:
            await asyncio.to_thread(self._scratch.clear)
            self._scratch = None

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the workers that are up."""
        return tuple(worker.pid for worker in self._workers)

    @property
    def is_free(self) -> bool:
        """True while a worker has nothing to do, and nothing waits for one."""
        return bool(self._idle) and not len(self._queue)

    async def hire(self) -> WorkerProcess:
        """A worker beside the crew, whoever hires it ends it.  Raises WorkerDied."""
        assert self._scratch
        return await WorkerProcess.start(self._program, self._scratch, self._nursery)

    # --- the queue ---------------------------------------------------------------------------------------------------

    async def do(self, errand: Errand) -> Answer:
        """Have an errand done by the next worker that is free.  Raises Busy, RenderTimeout, RenderCrashed, RenderFailed."""
        if self._trials.may_begin(errand) and (idle := self._pick(errand.key)) is not None:
            self._give(idle, errand)
        else:
            self._queue.add(errand)
        self._unanswered.add(errand)
        if errand.job is not None:
            self._jobs.add(errand.job)
        try:
            return await errand.answer
        finally:
            # An asker that went away gives its place in the queue back; a drawing that has begun may end, if it is soon.
            self._unanswered.discard(errand)
            self._queue.remove(errand)
            if errand.answer.cancelled():
                errand.left_at = time.monotonic()

    def _pick(self, key: object) -> _Idle | None:
        """An idle worker, one that is warm for this key if there is one; never waits for a warm one."""
        warm = (idle for idle in self._idle.values() if key is not None and key in idle.keys)
        return next(warm, None) or next(iter(self._idle.values()), None)

    def _give(self, idle: _Idle, errand: Errand) -> None:
        del self._idle[idle.worker]
        self._trials.begin(errand)
        idle.call.set_result(errand)

    def _hand_out(self) -> None:
        """Give those that wait to idle workers, now that more of them may begin."""
        while self._idle and (errand := self._queue.take(self._trials.may_begin)) is not None:
            idle = self._pick(errand.key)
            assert idle is not None
            self._give(idle, errand)

    # --- the workers -------------------------------------------------------------------------------------------------

    async def _tend(self, scratch: Scratch) -> None:
        """Keep one place filled for as long as the pool lives."""
        failures = 0
        while True:
            try:
                worker = await WorkerProcess.start(self._program, scratch, self._nursery)
            except Exception as error:
                failures += 1
                await self._bear(error, failures)
                continue
            failures = 0
            try:
                await self._employ(worker)
            except Exception:
                _log.exception("worker dismissed", pid=worker.pid)
            finally:
                self._dismiss(worker)

    def _dismiss(self, worker: WorkerProcess) -> None:
        """Clear a worker away beside the start of the next."""
        self._workers.discard(worker)
        self._metrics.workers_ready.set(len(self._workers))
        closing = asyncio.create_task(worker.close())
        self._closings.add(closing)
        closing.add_done_callback(self._closings.discard)

    async def _bear(self, error: Exception, failures: int) -> None:
        """A worker that does not even come up is tried again ever more slowly; the first of all fails the start."""
        _log.error("worker does not start", reason=str(error), failures=failures, exc_info=not isinstance(error, WorkerDied))
        if self._first and not self._first.done() and failures >= STARTS_TRIED:
            self._first.set_exception(RenderCrashed("The service has no workers.", reason=str(error)))
        await asyncio.sleep(min(0.1 * 2**failures, SLOWEST_RESTART_S))

    async def _employ(self, worker: WorkerProcess) -> None:
        """Give a worker errands until it dies or is worn."""
        self._workers.add(worker)
        self._metrics.workers_ready.set(len(self._workers))
        if self._first and not self._first.done():
            self._first.set_result(None)
        keys: deque[object] = deque(maxlen=8)
        while True:
            try:
                errand = await self._next(worker, keys)
                await self._run(worker, errand)
            except WorkerDied as died:
                _log.warning("worker replaced", cause=died.cause, words=died.words, pid=worker.pid, answered=worker.answered)
                self._metrics.worker_restarts.labels(died.cause).inc()
                return
            if errand.key is not None and errand.key not in keys:
                keys.append(errand.key)
            if self._is_worn(worker):
                self._metrics.worker_restarts.labels("worn").inc()
                return

    async def _next(self, worker: WorkerProcess, keys: deque[object]) -> Errand:
        if (errand := self._queue.take(self._trials.may_begin)) is not None:
            self._trials.begin(errand)
            return errand
        idle = _Idle(worker, asyncio.get_running_loop().create_future(), keys)
        self._idle[worker] = idle
        try:
            return await idle.call
        finally:
            self._idle.pop(worker, None)

    async def _run(self, worker: WorkerProcess, errand: Errand) -> None:
        began = time.perf_counter()
        self._running[worker] = errand
        try:
            answer = await worker.ask(errand.request)
            self._trials.end(errand, None)
        except WorkerDied as died:
            self._workers.discard(worker)  # what is handed out now must not count on it
            was_suspect = self._trials.is_suspect(errand)
            self._trials.end(errand, died.cause)
            self._again(errand, died, is_last=was_suspect)
            raise
        except Exception as error:
            self._trials.end(errand, "gone")
            errand.fail(RenderFailed(reason=repr(error)))
            raise
        finally:
            del self._running[worker]
            self._hand_out()
        self._queue.learn(time.perf_counter() - began)
        if not errand.answer.done():
            errand.answer.set_result(answer)

    def _again(self, errand: Errand, died: WorkerDied, *, is_last: bool) -> None:
        """On another worker, before all others; after the second crash, hang or growth no more, and after the first of a suspected job."""
        errand.blame += BLAME[died.cause]
        if errand.answer.done():
            return
        if errand.blame >= GIVEN_UP_AT or (is_last and died.cause in FATAL):
            errand.fail(verdict_of(died, self._deadline_s, self._program.memory_limit_bytes))
        elif self._trials.may_begin(errand) and (idle := self._pick(None)) is not None:
            self._give(idle, errand)
        else:
            self._queue.add_first(errand)

    def _is_worn(self, worker: WorkerProcess) -> bool:
        full = 0 < self._plans_per_worker <= worker.answered
        return full or worker.rss_bytes > WORN_SHARE * self._program.memory_limit_bytes

    async def _watch(self) -> None:
        """Native code cannot be asked to stop: a worker past its deadline or its memory, or that nobody waits for, is killed.

        A dead idle one is let go, and plans that waited too long are told to come again.
        """
        while True:
            await asyncio.sleep(WATCH_S)
            self._queue.refuse_overdue()
            for worker in tuple(self._workers):
                try:
                    self._look_after(worker)
                except Exception:
                    _log.exception("worker not looked after", pid=worker.pid)

    def _look_after(self, worker: WorkerProcess) -> None:
        if worker.busy_since is not None and time.monotonic() - worker.busy_since > self._deadline_s:
            worker.kill("deadline")
        elif self._is_abandoned(worker):
            worker.kill("abandoned")
        elif worker.weigh() > self._program.memory_limit_bytes:
            worker.kill("memory")
        if not worker.is_alive and (idle := self._idle.pop(worker, None)) is not None:
            idle.call.set_exception(WorkerDied("gone"))

    def _is_abandoned(self, worker: WorkerProcess) -> bool:
        errand = self._running.get(worker)
        return errand is not None and errand.left_at is not None and time.monotonic() - errand.left_at > ABANDONED_S
