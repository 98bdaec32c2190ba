"""A task while another server runs it: begun there, asked after less and less often, and dismissed when it is not wanted any more.

The job's document is written here alone.  A server that is dismissed may go on with its work; for us the job is over.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx

from rendermap.errors import RendermapError
from rendermap.gp.last_words import STOPPED
from rendermap.gp.ogcapi.remote_order import Execution, RemoteOrder, execution_of
from rendermap.gp.ogcapi.results import Results
from rendermap.gp.ogcapi.server import ANYTHING, WORDS_CHARS, RemoteFault, Server, Unreachable
from rendermap.jobs import manifest
from rendermap.jobs.manifest import Run

FIRST_PAUSE_S, LONGEST_PAUSE_S, GROWTH = 0.2, 5.0, 1.4
DISMISSES_S = 3.0
SILENT_S = 60.0
"""A server that does not answer is asked again for so long."""
MOST_MESSAGES = 1000
BROKEN = "The results could not be taken in."
_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
_UNDER_WAY = frozenset(("accepted", "running"))


class RemoteProgram:
    """Belongs to one event loop."""

    def __init__(self, order: RemoteOrder, run: Run, server: Server) -> None:
        self._order = order
        self._run = run
        self._server = server
        self._job: httpx.URL | None = None
        self._is_under_way = False
        self._said: list[str] = []
        self._percent: float | None = None
        self._end: Callable[[], None] | None = None
        self._is_killed = False
        self._work = asyncio.create_task(self._do(), name=f"rendermap-remote-{run.job_id}")

    @classmethod
    async def start(cls, order: RemoteOrder) -> RemoteProgram:
        """Begin a job.  Raises OSError, JobNotFound, JobUnreadable."""
        run = await asyncio.to_thread(manifest.resume, order.root)
        await asyncio.to_thread(run.begin)
        try:
            server = await asyncio.to_thread(Server, order.url)
        except RemoteFault as fault:
            raise OSError(fault.reason) from fault
        return cls(order, run, server)

    def cancel(self) -> None:
        """Have it ended because somebody wants it."""
        self._stop(self._run.cancel)

    def leave(self) -> None:
        """Have it ended because the server stops."""
        self._stop(lambda: self._run.fail(STOPPED))

    def kill(self) -> None:
        """End it without a word to the other server."""
        self._is_killed = True
        self.leave()

    async def ended(self) -> str:
        """What there is to say for the log, when the job is over."""
        await asyncio.wait([self._work], timeout=self._order.time_limit_s)
        if not self._work.done():
            self._stop(self._run.time_out)
            await asyncio.wait([self._work])
        end, words = self._end_of_work()
        try:
            # before the other server is told: it may take its time
            await asyncio.to_thread(end)
            await self._dismiss()
        finally:
            await self._server.close()
        return words

    # --- the work ----------------------------------------------------------------------------------------------------

    async def _do(self) -> None:
        description = await self._server.document(self._server.at(f"processes/{self._order.process}"))
        execution = execution_of(self._order, description)
        results = Results(self._server, self._order, self._run, execution.names)
        if await self._begin(execution, results):
            return
        assert self._job
        await self._wait()
        async with self._server.asked("GET", self._server.below(self._job, "results"), headers=ANYTHING, is_patient=True) as response:
            await results.take(response)

    async def _begin(self, execution: Execution, results: Results) -> bool:
        """True where the server did the work at once and answered with the results."""
        address = self._server.at(f"processes/{self._order.process}/execution")
        headers = {"Prefer": "respond-async", **ANYTHING}
        async with self._server.asked("POST", address, body=execution.body, headers=headers, is_patient=True) as response:
            if response.status_code not in (201, 202):
                await results.take(response)
                return True
            if not (location := response.headers.get("location")):
                raise RemoteFault("The server that runs the task did not say where its job is.")
            self._job, self._is_under_way = self._server.at(location, response.url), True
        return False

    async def _wait(self) -> None:
        """Until it has the results.  Raises RemoteFault where it will have none."""
        pause_s, heard = FIRST_PAUSE_S, time.monotonic()
        assert self._job
        while True:
            try:
                told = await self._server.document(self._job)
            except Unreachable:
                if time.monotonic() - heard > SILENT_S:
                    raise
            else:
                heard = time.monotonic()
                if await self._is_done(told):
                    return
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * GROWTH, LONGEST_PAUSE_S)

    async def _is_done(self, told: dict[str, Any]) -> bool:
        status, words = str(told.get("status")), self._words(told.get("message"))
        self._is_under_way = status in _UNDER_WAY
        if status == "failed":
            raise RemoteFault(f"The task failed: {words}" if words else "The task failed.")
        if status == "dismissed":
            raise RemoteFault("The server that runs the task dismissed it.")
        if status != "successful" and not self._is_under_way:
            raise RemoteFault("The server gave an answer that cannot be understood.", f"status {status[:40]}")
        await asyncio.to_thread(self._tell, words, told.get("progress"))
        return status == "successful"

    def _tell(self, words: str, percent: object) -> None:
        """Writes to the disk, and may block."""
        is_known = isinstance(percent, int | float) and not isinstance(percent, bool) and 0 <= percent <= 100
        if words and words not in self._said[-1:] and len(self._said) < MOST_MESSAGES:
            self._said.append(words)
            self._run.message(words)
        if is_known and (told := float(percent)) != self._percent:  # type: ignore[arg-type]
            self._percent = told
            self._run.progress(words, told)

    def _words(self, message: object) -> str:
        """What the other server says, without addresses, which are nobody's business here."""
        return _ADDRESS.sub("[address]", message)[:WORDS_CHARS].strip() if isinstance(message, str) else ""

    # --- the end -----------------------------------------------------------------------------------------------------

    def _stop(self, end: Callable[[], None]) -> None:
        if not self._work.done():
            self._end = self._end or end
            self._work.cancel()

    def _end_of_work(self) -> tuple[Callable[[], None], str]:
        """The last word in the job's document, and what the log is told."""
        if self._work.cancelled():
            return self._end or (lambda: self._run.fail(STOPPED)), ""
        error = self._work.exception()
        if error is None:
            return self._run.succeed, ""
        if isinstance(error, RemoteFault):
            words = self._words(error.words)
            return lambda: self._run.fail(words), f"{words} {error.reason}".strip()
        return lambda: self._run.fail(BROKEN), f"{type(error).__name__}: {error}"

    async def _dismiss(self) -> None:
        """Politeness: whether it is heeded changes nothing here."""
        if self._job and self._is_under_way and not self._is_killed:
            with suppress(TimeoutError, RemoteFault, RendermapError):
                async with asyncio.timeout(DISMISSES_S), self._server.asked("DELETE", self._job):
                    pass
