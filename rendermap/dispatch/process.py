"""One worker program: started, asked one thing at a time, watched, and killed when it misbehaves."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
import socket
import sys
import time
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType

import structlog

from rendermap.dispatch.connection import Connection
from rendermap.dispatch.nursery import KEPT_WORDS_BYTES, Child, Nursery
from rendermap.dispatch.scratch import COPIES_BYTES, Scratch
from rendermap.dispatch.wire import CHANGED_EXIT, Answer, WireBroken

NURSERY: tuple[str, ...] = (sys.executable, "-P", "-m", "rendermap.render.nursery") if sys.platform == "linux" else ()
"""Elsewhere libraries start threads as they are loaded, and a fork would lack them."""
_OWN_MEMORY = re.compile(rb"^Rss(?:Anon|Shmem):\s*(\d+) kB", re.MULTILINE)
LISTEN_LIMIT_S = 1.0
EXIT_LIMIT_S = 0.25
LOWEST_PRIORITY = 19

# A worker inherits nothing of ours: no secret in our environment is within reach of a hostile dataset.
ENVIRONMENT: Mapping[str, str] = MappingProxyType(
    {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "PROJ_NETWORK": "OFF",
        # A corner of a map beyond what a projection reaches is no error, and would push the true last words out of the log.
        "PROJ_DEBUG": "0",
        "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
        "GDAL_HTTP_MAX_RETRY": "0",
        "GDAL_HTTP_TIMEOUT": "1",
        "GDAL_DRIVER_PATH": "disable",
        "GDAL_VRT_ENABLE_PYTHON": "NO",
        # Megabytes for each of the three GDALs; the machine's own cache holds what was read, and 128 made no tile cheaper.
        "GDAL_CACHEMAX": "32",
        # One worker is one core's work; threads of numeric libraries would only get in each other's way.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "GDAL_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
    }
)

_log = structlog.get_logger("rendermap.dispatch")


class WorkerDied(Exception):
    """The worker is no more.

    cause: ``crash``, ``deadline``, ``memory``, ``abandoned`` (by whoever asked), ``killed`` (from outside, as an operator or the kernel
    does), ``changed`` (by itself, see `wire.CHANGED_EXIT`) or ``gone`` (it was dead before it was asked).  words: the last it printed.
    """

    def __init__(self, cause: str, words: str = "") -> None:
        super().__init__(f"{cause}: {words}" if words else cause)
        self.cause = cause
        self.words = words


@dataclass(frozen=True, slots=True)
class WorkerProgram:
    """How a worker is started and what bounds it.

    argv: the program; it finds its socket as file descriptor 0.  nursery: the program that becomes it, where there is one.
    environment: on top of `ENVIRONMENT`.
    memory_limit_bytes: resident size at which it is killed; the program stops itself hard somewhat above.
    copies_bytes: of all copies of datasets in the scratch folder.  readable: the folders whose datasets it may read; None for all.
    After argv, or nursery, come the memory limit, the limit of copies, the scratch folder, and the readable folders or nothing for all.
    """

    argv: tuple[str, ...] = (sys.executable, "-P", "-m", "rendermap.render.worker")
    nursery: tuple[str, ...] = ()
    memory_limit_bytes: int = 1 << 30
    copies_bytes: int = COPIES_BYTES
    readable: tuple[Path, ...] | None = None
    max_answer_bytes: int = 256 << 20
    start_limit_s: float = 60.0
    environment: Mapping[str, str] = field(default_factory=dict)


class WorkerProcess:
    """A running worker.  Belongs to one event loop; `ask` is never called twice at once."""

    def __init__(self, program: WorkerProgram, process: Process | Child, connection: Connection, room: Path) -> None:
        self.pid = process.pid
        self.answered = 0
        self.busy_since: float | None = None
        self.rss_bytes = 0
        self._program = program
        self._process = process
        self._connection = connection
        self._room = room
        self._cause: str | None = None
        self._words = bytearray()
        self._listener = asyncio.create_task(self._listen())

    @classmethod
    async def start(cls, program: WorkerProgram, scratch: Scratch, nursery: Nursery | None = None) -> WorkerProcess:
        """Start the program and wait until it says that it is ready.  scratch: of the service.  Raises WorkerDied."""
        spawning = asyncio.create_task(cls._spawn(program, scratch, nursery))
        try:
            worker = await asyncio.shield(spawning)
        except asyncio.CancelledError:  # a program half started must not stay behind
            await (await spawning).close()
            raise
        except OSError as error:
            raise WorkerDied("crash", f"cannot be started: {error}") from error
        await worker._await_ready()
        return worker

    @classmethod
    async def _spawn(cls, program: WorkerProgram, scratch: Scratch, nursery: Nursery | None) -> WorkerProcess:
        ours, theirs = socket.socketpair()
        room = scratch.room()
        connection = await Connection.over(ours, program.max_answer_bytes)
        try:
            process = await (nursery.bear(theirs, room) if nursery else _run(program, scratch, theirs, room))
        except BaseException:
            connection.break_off("not started")
            shutil.rmtree(room, ignore_errors=True)
            raise
        finally:
            theirs.close()
        return cls(program, process, connection, room)

    async def _await_ready(self) -> None:
        try:
            async with asyncio.timeout(self._program.start_limit_s):
                answer = await self._connection.answer
            if answer.head.kind != "ready":
                raise WireBroken(f"said {answer.head.kind} before ready")
            if answer.head.reason:
                _tell(answer.head.reason)
        except (TimeoutError, WireBroken) as error:
            died = await self._died(f"not ready: {error}")
            await self.close()
            raise died from error
        except BaseException:
            await self.close()
            raise

    async def ask(self, request: bytes) -> Answer:
        """The answer to a packed plan.  Raises WorkerDied, after which the worker is of no more use."""
        if self._connection.is_broken:
            self.kill("gone")
        self.busy_since = time.monotonic()
        try:
            answer = await self._connection.ask(request)
        except WireBroken as error:
            raise await self._died(str(error)) from error
        finally:
            self.busy_since = None
        self.answered += 1
        return answer

    def kill(self, cause: str) -> None:
        """End the program now; whoever waits for its answer gets WorkerDied with this cause."""
        self._cause = self._cause or cause
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        self._connection.break_off(cause)

    def give_way(self) -> None:
        """From now on everything else on the machine goes first."""
        with contextlib.suppress(ProcessLookupError):
            os.setpriority(os.PRIO_PROCESS, self.pid, LOWEST_PRIORITY)

    async def close(self) -> None:
        """End the program and clear away what it left behind."""
        self.kill("closed")
        await self._ended()
        if isinstance(self._process, Child):
            self._process.close()
        await asyncio.to_thread(shutil.rmtree, self._room, ignore_errors=True)

    @property
    def is_alive(self) -> bool:
        """False once the program has ended or cannot be understood any more."""
        return self._process.returncode is None and not self._connection.is_broken

    def weigh(self) -> int:
        """Resident memory in bytes, as rss_bytes has it from then on; 0 once the program has ended.

        Files that it has mapped do not count: the machine takes their memory back when it needs it.
        """
        try:
            told = Path(f"/proc/{self.pid}/status").read_bytes()
        except OSError:
            told = b""
        self.rss_bytes = sum(int(kilobytes) << 10 for kilobytes in _OWN_MEMORY.findall(told))
        return self.rss_bytes

    async def _died(self, error: str) -> WorkerDied:
        # An exit status of its own tells a crash from a kill from outside.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), EXIT_LIMIT_S)
        if self._cause is None and self._process.returncode == -signal.SIGKILL:
            self._cause = "killed"
        elif self._cause is None and self._process.returncode == CHANGED_EXIT:
            self._cause = "changed"
        self.kill("crash")
        code = await self._ended()
        words = self._words.decode(errors="replace").strip()
        return WorkerDied(self._cause or "crash", f"exit {code}, {error}. {words}".strip())

    async def _ended(self) -> int:
        """The exit status; its last words are heard by then."""
        code = await self._process.wait()
        await asyncio.wait([self._listener], timeout=LISTEN_LIMIT_S)
        self._listener.cancel()
        return code

    async def _listen(self) -> None:
        """Whatever the program and its native libraries print: only the last of it is kept, for the log of a crash."""
        output = self._process.stdout
        assert output is not None
        while chunk := await output.read(4096):
            self._words += chunk
            del self._words[:-KEPT_WORDS_BYTES]


def nursery_of(program: WorkerProgram, scratch: Scratch) -> Nursery | None:
    """Where workers of this program come from; None when each is started anew."""
    if not program.nursery:
        return None
    # SQLite asks for the place of its temporary files as it is loaded, before the worker has a room; it leaves none behind
    environment = {**ENVIRONMENT, **program.environment, "TMPDIR": str(scratch.path)}
    return Nursery((*program.nursery, *_arguments(program, scratch)), environment)


async def _run(program: WorkerProgram, scratch: Scratch, wire: socket.socket, room: Path) -> Process:
    # A session of its own: Ctrl-C in the terminal is for the service, which then ends its workers by closing their sockets.
    return await asyncio.create_subprocess_exec(
        *program.argv,
        *_arguments(program, scratch),
        stdin=wire.fileno(),
        stdout=PIPE,
        stderr=STDOUT,
        cwd="/",
        env={**ENVIRONMENT, **program.environment, "TMPDIR": str(room)},
        start_new_session=True,
    )


@cache
def _tell(shortcoming: str) -> None:
    """Once, and not for every worker."""
    _log.info("workers are less confined than they could be", reason=shortcoming)


def _arguments(program: WorkerProgram, scratch: Scratch) -> tuple[str, ...]:
    limits = str(program.memory_limit_bytes), str(program.copies_bytes)
    return (*limits, str(scratch.path), *(str(folder) for folder in program.readable or ()))
