"""The run as its tool sees it: what the tool tells goes to the process that watches it, which alone writes the job's document."""

from __future__ import annotations

import io
import json
import os
from base64 import b64decode, b64encode
from collections.abc import Mapping
from pathlib import Path

from pydantic import JsonValue, TypeAdapter

from rendermap.gp.tool_order import ToolOrder
from rendermap.gp.tool_outputs import OUTPUTS, Output, fitted
from rendermap.jobs.document import Document, MessageEntry, Progress
from rendermap.jobs.job import MessageKind
from rendermap.jobs.manifest import Run, Told

PIECE_BYTES = 2048
"""Written as one line it is less than PIPE_BUF, 4096."""
_MESSAGES = TypeAdapter(tuple[tuple[MessageKind, str], ...])


class ToolRun(Run):
    """Made where the tool runs.  wire: file descriptor to the process that watches."""

    def __init__(self, root: Path, document: Document, order: ToolOrder, wire: int) -> None:
        super().__init__(root, document)
        self._order = order
        self._wire = wire

    def failed(self, sentence: str, trace: str = "") -> None:
        """The last word of a tool that failed.  trace: for the server's log."""
        self._say({"failed": sentence, "trace": trace})

    def done(self) -> None:
        """The last word of a tool that is done."""
        self._say({"done": True})

    def _add_output(self, name: str, output: Output) -> None:
        """Raises ToolUnfit, Broken."""
        for own, made in fitted(self._order, {name: output}).items():
            super()._add_output(own, made)

    def _update(self, changes: Mapping[str, object], *messages: MessageEntry, outputs: Mapping[str, Output] | None = None) -> None:
        if "status" in changes:
            raise RuntimeError("a tool ends its job by returning or by raising an exception")
        progress = changes.get("progress")
        self._say(
            {
                "messages": [[entry.kind.value, entry.text] for entry in messages],
                "outputs": OUTPUTS.dump_python(dict(outputs or {}), mode="json"),
                "progress": progress.model_dump() if isinstance(progress, Progress) else None,
            }
        )

    def _say(self, told: dict[str, JsonValue]) -> None:
        line = json.dumps(told).encode() + b"\n"
        with self._lock:
            while line:
                line = line[os.write(self._wire, line) :]


class Prints(io.RawIOBase):
    """Standard output or error as Python sees it, whose text goes over the wire: so it keeps its place among the messages.

    source: 1 or 2, which programs that the tool starts write to.  Pieces are so small that forks of the tool write each as a whole.
    """

    def __init__(self, source: int, wire: int) -> None:
        super().__init__()
        self._source = source
        self._wire = wire

    def fileno(self) -> int:
        """For programs that are to write there."""
        return self._source

    def writable(self) -> bool:
        """Nothing else."""
        return True

    def write(self, text: bytes | bytearray | memoryview) -> int:  # type: ignore[override]
        """Some of the text."""
        piece = bytes(text)[:PIECE_BYTES]
        os.write(self._wire, json.dumps({"printed": self._source, "text": b64encode(piece).decode()}).encode() + b"\n")
        return len(piece)


def printed_of(line: dict[str, JsonValue]) -> tuple[int, bytes]:
    """Which of standard output (0) and error (1) a line of `Prints` is for, and what it says.  Raises ValueError."""
    return int(line["printed"] != 1), b64decode(str(line["text"]))


def told_of(line: dict[str, JsonValue]) -> Told:
    """What a line of `ToolRun` says.  Raises ValueError or KeyError for one that is none."""
    progress = None if line["progress"] is None else Progress.model_validate(line["progress"])
    return Told(_MESSAGES.validate_python(line["messages"]), OUTPUTS.validate_python(line["outputs"]), progress)
