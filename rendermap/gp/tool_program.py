"""A tool while it runs, as the server has it: the program that watches it, and a pipe to that."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType

from rendermap.gp.tool_order import ROOM, ToolOrder

ARGV = (sys.executable, "-P", "-m", "rendermap.gp.tool_process")
ENVIRONMENT: Mapping[str, str] = MappingProxyType(
    {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "PROJ_NETWORK": "OFF",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
)
"""Nothing of the server's own: no secret of its environment is within reach of a tool."""
KEPT_WORDS_BYTES = 16_384
READ_BYTES = 4096


class ToolProgram:
    """Belongs to one event loop.  Its end, of whatever kind, is the end of the job."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, order: ToolOrder) -> ToolProgram:
        """Begin a job.  Raises OSError."""
        # a session of its own: Ctrl-C in the terminal is for the server
        room = str(order.root / ROOM)
        process = await asyncio.create_subprocess_exec(
            *ARGV,
            stdin=PIPE,
            stdout=DEVNULL,
            stderr=PIPE,
            cwd="/",
            env={**ENVIRONMENT, "HOME": room, "TMPDIR": room},
            pass_fds=(order.claim,),
            start_new_session=True,
        )
        program = cls(process)
        program._say(order.model_dump_json().encode() + b"\n")
        return program

    def cancel(self) -> None:
        """Have the tool ended because somebody wants it."""
        self._say(b"cancel\n")

    def leave(self) -> None:
        """Have the tool ended because the server stops."""
        if self._process.stdin:
            self._process.stdin.close()

    def kill(self) -> None:
        """End it in whatever state."""
        with suppress(ProcessLookupError):
            # the guard, which kills the program that watches, and then what the tool has started
            os.kill(self._process.pid, signal.SIGTERM)

    async def ended(self) -> str:
        """What it had to say for the log, when it and its tool are no more."""
        words, output = bytearray(), self._process.stderr
        assert output is not None
        while chunk := await output.read(READ_BYTES):
            words += chunk
            del words[:-KEPT_WORDS_BYTES]
        await self._process.wait()
        return words.decode(errors="replace").strip()

    def _say(self, words: bytes) -> None:
        if self._process.stdin:
            with suppress(ConnectionError):
                self._process.stdin.write(words)
