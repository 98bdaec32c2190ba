"""The process that runs a tool: a fork of the one that watches it, cut off from everything of the server's."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import signal
import sys
import traceback
from dataclasses import dataclass
from io import BufferedWriter, TextIOWrapper
from typing import NoReturn

from pydantic import TypeAdapter, ValidationError

from rendermap.environment import Environment
from rendermap.errors import RendermapError
from rendermap.gp.tool_call import ToolUnfit, call_tool
from rendermap.gp.tool_confinement import confine_tool
from rendermap.gp.tool_guard import GUARD_IS_GONE
from rendermap.gp.tool_order import ToolOrder
from rendermap.gp.tool_run import Prints, ToolRun
from rendermap.jobs.document import read_document
from rendermap.jobs.manifest import Run

UNFIT = "The tool of this task does not work here."
NO_MEMORY = "The tool ran out of memory."
NO_ROOM = "There is no room left for what the tool writes."
FILE_TOO_LARGE = "A file of the tool is larger than it may be."
PR_SET_PDEATHSIG = 1
MOST_DESCRIPTORS = 1024
"""More than the process that watches has open."""


@dataclass(frozen=True, slots=True)
class Ends:
    """Three pipes: standard output, standard error, and the wire on which the tool tells."""

    reading: tuple[int, int, int]
    writing: tuple[int, int, int]

    @classmethod
    def open(cls) -> Ends:
        """New pipes."""
        (a, b), (c, d), (e, f) = os.pipe(), os.pipe(), os.pipe()
        return cls((a, c, e), (b, d, f))

    def keep_reading(self) -> None:
        """Close the ends that the tool writes to."""
        for descriptor in self.writing:
            os.close(descriptor)


def become_tool(order: ToolOrder, run: Run, ends: Ends) -> NoReturn:
    """Run the tool in this process, a fork, and end with it."""
    status = 1
    try:
        _cut_off(run, ends)
        told = ToolRun(run.root, read_document(run.root), order, ends.writing[2])
        confine_tool(order, run.scratch)
        if order.command:
            _become_command(order, run, told)
        status = _do(order, told)
        _flush()
    except BaseException:
        os.write(ends.writing[2], json.dumps({"failed": UNFIT, "trace": traceback.format_exc()}).encode() + b"\n")
    finally:
        os._exit(status)


def _cut_off(run: Run, ends: Ends) -> None:
    os.setpgid(0, 0)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, GUARD_IS_GONE):
        signal.signal(number, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(ends.writing[0], 1)
    os.dup2(ends.writing[1], 2)
    # among them the lock, which is of those who are in charge of the job
    wire = ends.writing[2]
    os.closerange(3, wire)
    os.closerange(wire + 1, MOST_DESCRIPTORS)
    sys.stdout, sys.stderr = (_prints(source, wire) for source in (1, 2))
    os.chdir(run.scratch)


def _prints(source: int, wire: int) -> TextIOWrapper:
    return TextIOWrapper(BufferedWriter(Prints(source, wire)), "utf-8", "backslashreplace", line_buffering=True)  # type: ignore[type-var]


def _do(order: ToolOrder, told: ToolRun) -> int:
    own = os.getpid()
    try:
        call_tool(order, told)
    except BaseException as error:
        if os.getpid() != own:
            # a fork of the tool that came back from it has nothing to say
            return 1
        if not (isinstance(error, SystemExit) and not error.code):
            told.failed(sentence_of(error), "".join(traceback.format_exception(error)))
            return 1
    told.done()
    return 0


def sentence_of(error: BaseException) -> str:
    """What whoever submitted the job reads."""
    if isinstance(error, ToolUnfit):
        return UNFIT
    if isinstance(error, MemoryError):
        return NO_MEMORY
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return NO_ROOM
    if isinstance(error, OSError) and error.errno == errno.EFBIG:
        return FILE_TOO_LARGE
    if isinstance(error, RendermapError):
        return error.sentence
    if isinstance(error, SystemExit):
        return ended_with(error.code) if isinstance(error.code, int) else str(error.code)
    if isinstance(error, ValidationError):
        # many lines about a model, and an address
        return f"The tool failed: {type(error).__name__}."
    return str(error).strip() or f"The tool failed: {type(error).__name__}."


def ended_with(status: int) -> str:
    """What is said of a tool that gives no other reason."""
    return f"The tool ended with status {status} before it was done."


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        stream.flush()


# --- programs --------------------------------------------------------------------------------------------------------------


def _become_command(order: ToolOrder, run: Run, told: ToolRun) -> None:
    """Become the program, which gets the order as JSON on its standard input."""
    program, *arguments = order.command
    if "/" in program:
        program = str(order.folder / program)
    environment = TypeAdapter(Environment).dump_python(order.environment, mode="json")
    asked = {
        "service": order.service,
        "task": order.task,
        "job_id": run.job_id,
        "inputs": order.values,
        "outputs": list(order.outputs),
        "environment": environment,
    }
    text = os.memfd_create("order")
    os.write(text, json.dumps(asked).encode())
    os.lseek(text, 0, os.SEEK_SET)
    os.dup2(text, 0)
    try:
        os.execvp(program, (program, *arguments))
    except OSError as error:
        told.failed(UNFIT, f"{program}: {error.strerror}")
        os._exit(1)
