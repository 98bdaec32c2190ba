"""The program that watches one tool: started by name for one job, with its order as the first line of standard input.

It forks the process that runs the tool, hears what that prints and tells, ends it when its time is over, its files take too much of the
disk or the server says so, and is the only one to write the job's document from the moment it starts until it ends; before and after, the
server is.  Whatever the tool leaves running is ended with it; a guard above it does so should it be killed (`tool_guard`).  Further lines
on standard input are words of the server; its end means that the server is gone.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path

from rendermap.errors import RendermapError
from rendermap.gp.last_words import LOST, STOPPED
from rendermap.gp.listening import Ear
from rendermap.gp.tool_call import ToolUnfit
from rendermap.gp.tool_child import UNFIT, Ends, become_tool, ended_with
from rendermap.gp.tool_disk import takes_more
from rendermap.gp.tool_guard import GUARD_IS_GONE, end_all, go_under_guard
from rendermap.gp.tool_order import ROOM, ToolOrder
from rendermap.gp.tool_outputs import outputs_left
from rendermap.jobs import manifest
from rendermap.jobs.manifest import Run, Told
from rendermap.removal import remove_folder

CANCEL = b"cancel"
TOO_MUCH = "The files of the tool take more room together than they may, or lie too deep in folders."
MB = 1 << 20
MEASURES_EVERY_S = 2.0
MEASURES_SELDOM = 20
"""Times as long as measuring took there is at least between: with a million files it takes seconds."""
WRITES_EVERY_S = 0.25
DRAINS_S = 0.5
"""For the last words of a tool that has ended."""
LONGEST_PAUSE_S = 60.0
READ_BYTES = 65_536


def main() -> None:
    """Do one job.  Exit status 0, whatever became of the job, as long as its document says it."""
    go_under_guard()
    order, rest = read_order()
    run = manifest.resume(order.root)
    room = order.root / ROOM
    room.mkdir(exist_ok=True)
    run.begin()
    try:
        Watch(run, order).watch(rest)
    finally:
        _remove(room)


def read_order() -> tuple[ToolOrder, bytes]:
    """The first line of standard input, and what has come of the next."""
    text = b""
    while b"\n" not in text:
        chunk = os.read(0, READ_BYTES)
        if not chunk:
            raise SystemExit("no order")
        text += chunk
    line, _, rest = text.partition(b"\n")
    return ToolOrder.model_validate_json(line), rest


class Watch:
    """Over one tool."""

    def __init__(self, run: Run, order: ToolOrder) -> None:
        self._run = run
        self._order = order
        self._ear = Ear(order)
        self._selector = selectors.DefaultSelector()
        self._end: str | None = None
        self._ends_at = time.monotonic() + order.time_limit_s
        self._writes_at = 0.0
        self._measures_at = time.monotonic() + MEASURES_EVERY_S
        self._bell, rope = socket.socketpair()
        rope.setblocking(False)
        self._rope = rope
        for number in (signal.SIGCHLD, GUARD_IS_GONE):
            signal.signal(number, lambda *_: None)
        signal.set_wakeup_fd(rope.fileno(), warn_on_full_buffer=False)
        self._ends = Ends.open()
        self._pid = self._fork()

    def _fork(self) -> int:
        pid = os.fork()
        if pid == 0:
            become_tool(self._order, self._run, self._ends)
        with suppress(OSError):
            # both sides do it, so that neither goes on before it is done
            os.setpgid(pid, pid)
        self._ends.keep_reading()
        return pid

    def watch(self, words: bytes) -> None:
        """Until nothing of the tool is left, and its document says what became of it.  words: of the server, that have come by now."""
        for descriptor in (0, self._bell.fileno(), *self._ends.reading):
            os.set_blocking(descriptor, False)
            self._selector.register(descriptor, selectors.EVENT_READ)
        self._heed(words)
        while (status := self._status()) is None:
            for key, _ in self._selector.select(self._pause_s()):
                self._hear(key.fd)
            self._look_at_clock()
            self._look_at_disk()
            if time.monotonic() >= self._writes_at:
                self._write()
        end_all()
        self._drain()
        if self._takes_too_much():
            self._end = self._end or "full"
        self._conclude(status)

    def _status(self) -> int | None:
        """The exit status, negative for a signal; None while it runs.  The rest of its group is ended before its number is free again."""
        if os.waitid(os.P_PID, self._pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return None
        self._kill()
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])

    def _pause_s(self) -> float:
        until = min(self._ends_at, self._measures_at, self._writes_at if self._ear.has_news else float("inf"))
        return min(max(until - time.monotonic(), 0.0), LONGEST_PAUSE_S)

    def _hear(self, descriptor: int) -> None:
        try:
            chunk = os.read(descriptor, READ_BYTES)
        except BlockingIOError:
            return
        if not chunk:
            self._selector.unregister(descriptor)
        if descriptor == 0:
            self._heed(chunk or None)
        elif descriptor == self._bell.fileno() and GUARD_IS_GONE in chunk:
            self._finish("lost")
        elif descriptor in self._ends.reading and not self._ear.hear(self._ends.reading.index(descriptor), chunk):
            self._kill()

    def _heed(self, words: bytes | None) -> None:
        """What the server says; None when it is gone."""
        if words is None:
            self._finish("stopped")
        elif CANCEL in words:
            self._finish("cancelled")

    def _look_at_clock(self) -> None:
        if time.monotonic() >= self._ends_at:
            self._finish("timed out")

    def _look_at_disk(self) -> None:
        began = time.monotonic()
        if began < self._measures_at:
            return
        if self._takes_too_much():
            self._finish("full")
        else:
            self._measures_at = began + max(MEASURES_EVERY_S, MEASURES_SELDOM * (time.monotonic() - began))

    def _takes_too_much(self) -> bool:
        return takes_more(self._order.root, self._order.disk_mb * MB)

    def _finish(self, why: str) -> None:
        self._end = self._end or why
        self._ends_at = self._measures_at = float("inf")
        self._kill()

    def _kill(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, signal.SIGKILL)

    def _drain(self) -> None:
        until = time.monotonic() + DRAINS_S
        while time.monotonic() < until and (ready := self._selector.select(0)):
            for key, _ in ready:
                if key.fd == 0:
                    # too late to be heeded
                    self._selector.unregister(0)
                else:
                    self._hear(key.fd)

    def _write(self) -> None:
        if self._ear.has_news:
            self._run.add(self._ear.news())
            self._writes_at = time.monotonic() + WRITES_EVERY_S

    def _conclude(self, status: int) -> None:
        self._ear.end()
        self._write()
        if self._end == "cancelled":
            self._run.cancel()
        elif self._end == "timed out":
            self._run.time_out()
        elif self._end == "stopped":
            self._run.fail(STOPPED)
        elif self._end == "lost":
            self._run.fail(LOST)
        elif self._end == "full":
            self._empty_scratch()
            self._run.fail(TOO_MUCH)
        elif failure := self._ear.failure or _failure_of(status, self._ear.is_done or bool(self._order.command)):
            sys.stderr.write(self._ear.trace or failure)
            self._run.fail(failure)
        elif self._order.command and (fault := self._take_outputs()):
            self._run.fail(fault)
        else:
            self._run.succeed()

    def _empty_scratch(self) -> None:
        """Of a tool that is to be kept from filling the disk nothing stays."""
        _remove(self._run.scratch)
        self._run.scratch.mkdir(exist_ok=True)

    def _take_outputs(self) -> str | None:
        """What is to be said of them where they are none."""
        try:
            self._run.add(Told(outputs=outputs_left(self._order, self._run)))
        except (ValueError, OSError, ToolUnfit, RendermapError) as error:
            sys.stderr.write(str(error))
            return error.sentence if isinstance(error, RendermapError) else UNFIT
        return None


def _remove(folder: Path) -> None:
    """What cannot be removed stays until the job is."""
    try:
        remove_folder(folder)
    except OSError as error:
        sys.stderr.write(f"{folder.name} cannot be removed: {error.strerror}\n")


def _failure_of(status: int, is_done: bool) -> str | None:
    """What is to be said of how a process ended; None where all is well."""
    if status < 0:
        return f"The tool was ended by signal {-status}; that may be for want of memory."
    if status or not is_done:
        return ended_with(status)
    return None


if __name__ == "__main__":
    main()
