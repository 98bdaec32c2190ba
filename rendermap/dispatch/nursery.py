"""Workers by forking: one program has in memory what all need and becomes a worker when one is wanted.

A worker is ready in a fiftieth of the time of a new program, and shares with the others what none of them changes.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rendermap.dispatch.birth import BORN, EVENT

KEPT_WORDS_BYTES = 8000


@dataclass(frozen=True, slots=True)
class _Output:
    """Our end of what a worker prints."""

    reader: asyncio.StreamReader
    transport: asyncio.ReadTransport


class Child:
    """A worker that the nursery has borne, as far as `asyncio.subprocess.Process` is needed of it."""

    def __init__(self, pid: int, output: _Output) -> None:
        self.pid = pid
        self.stdout = output.reader
        self._output = output
        self.returncode: int | None = None
        self._ended = asyncio.Event()

    def end(self, status: int) -> None:
        """It is no more."""
        self.returncode = status
        self._ended.set()

    async def wait(self) -> int:
        """The exit status, once there is one."""
        await self._ended.wait()
        assert self.returncode is not None
        return self.returncode

    def close(self) -> None:
        """Hear no more of what it printed."""
        self._output.transport.close()


class Nursery:
    """The program, started when the first worker is wanted, and again when it has died.  Belongs to one event loop."""

    def __init__(self, argv: tuple[str, ...], environment: Mapping[str, str]) -> None:
        self._argv, self._environment = argv, environment
        self._turn = asyncio.Lock()
        self._process: Process | None = None
        self._wire: socket.socket | None = None
        self._living: dict[int, Child] = {}
        self._birth: asyncio.Future[Child] | None = None
        self._output: _Output | None = None

    async def bear(self, wire: socket.socket, room: Path) -> Child:
        """A worker at the other end of a wire.  room: its own folder.  Raises OSError with the program's words when none comes."""
        async with self._turn:
            said, output = os.pipe()
            try:
                self._output = await _hear_of(said)
                return await self._order(wire.fileno(), output, room)
            except BaseException:
                if self._output is not None:
                    self._output.transport.close()
                raise
            finally:
                os.close(output)

    async def close(self) -> None:
        """End the program; workers that live still end with it."""
        if self._process is not None:
            self._lose()
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def _order(self, wire: int, output: int, room: Path) -> Child:
        if self._wire is None:
            await self._start()
        assert self._wire is not None and self._process is not None
        self._birth = asyncio.get_running_loop().create_future()
        socket.send_fds(self._wire, [os.fsencode(room)], [wire, output])
        try:
            return await self._birth
        except EOFError:
            assert self._process.stdout is not None
            words = (await self._process.stdout.read())[-KEPT_WORDS_BYTES:].decode(errors="replace").strip()
            raise OSError(words or f"the nursery ended with {await self._process.wait()}") from None

    async def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                *self._argv,
                stdin=theirs.fileno(),
                stdout=PIPE,
                stderr=STDOUT,
                cwd="/",
                env=dict(self._environment),
                start_new_session=True,
            )
        ours.setblocking(False)
        self._wire = ours
        asyncio.get_running_loop().add_reader(ours.fileno(), self._hear)

    def _hear(self) -> None:
        assert self._wire is not None
        try:
            event = self._wire.recv(EVENT.size)
        except BlockingIOError:
            return
        except OSError:
            event = b""
        if not event:
            self._lose()
            return
        what, pid, status = EVENT.unpack(event)
        if what == BORN and self._output is not None:
            self._living[pid] = Child(pid, self._output)
            self._settle(self._living[pid])
        elif (child := self._living.pop(pid, None)) is not None:
            child.end(status)
        else:
            self._settle(OSError(f"a worker ended at its birth with {status}"))

    def _settle(self, birth: Child | Exception) -> None:
        """Whoever waits for a worker has it, or the reason why not."""
        if self._birth is None or self._birth.done():
            return
        if isinstance(birth, Child):
            self._birth.set_result(birth)
        else:
            self._birth.set_exception(birth)

    def _lose(self) -> None:
        """The program is gone, and with it, by the kernel, all workers."""
        if self._wire is None:
            return
        asyncio.get_running_loop().remove_reader(self._wire.fileno())
        self._wire.close()
        self._wire = None
        for child in self._living.values():
            child.end(-signal.SIGKILL)
        self._living.clear()
        self._settle(EOFError())


async def _hear_of(pipe: int) -> _Output:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(pipe, "rb", 0))
    return _Output(reader, transport)
