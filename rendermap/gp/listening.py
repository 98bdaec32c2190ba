"""What a tool prints and tells, as lines come in: gathered until the job's document is written next."""

from __future__ import annotations

import json
import re

from pydantic import JsonValue

from rendermap.errors import Broken
from rendermap.gp.tool_call import ToolUnfit
from rendermap.gp.tool_child import UNFIT
from rendermap.gp.tool_order import ToolOrder
from rendermap.gp.tool_outputs import MOST_TOLD_BYTES, TOO_LARGE, fitted
from rendermap.gp.tool_run import printed_of, told_of
from rendermap.jobs.document import DatasetOutput, Progress, ValueOutput
from rendermap.jobs.manifest import Told

STDOUT, STDERR, WIRE = range(3)
KINDS = ("informative", "warning")
MOST_MESSAGES, LINE_CHARS = 1000, 2000
LONGEST_LINE_BYTES = 64 * 1024
MORE = "The tool says more than is kept."
_LINE_END = re.compile(rb"\r\n|\n|\r")
_UNPRINTABLE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Colours of terminals, control characters, and those that turn what follows around."""


class Ear:
    """Hears standard output, standard error and the wire of one tool."""

    def __init__(self, order: ToolOrder) -> None:
        self._order = order
        self.failure: str | None = None
        self.trace = ""
        self.is_done = False
        self._begun = [b"", b"", b""]
        self._messages: list[tuple[str, str]] = []
        self._outputs: dict[str, DatasetOutput | ValueOutput] = {}
        self._progress: Progress | None = None
        self._heard = self._told_bytes = 0

    @property
    def has_news(self) -> bool:
        """True when something has been heard since the last `news`."""
        return bool(self._messages or self._outputs or self._progress)

    def news(self) -> Told:
        """What has been heard since the last time."""
        told = Told(tuple(self._messages), dict(self._outputs), self._progress)
        self._messages, self._outputs, self._progress = [], {}, None
        return told

    def hear(self, source: int, chunk: bytes) -> bool:
        """False when the tool has told more than can be kept, and is to be ended.  What is printed over the wire is told in its place."""
        *lines, rest = (_LINE_END.split if source != WIRE else _whole_lines)(self._begun[source] + chunk)
        if source != WIRE:
            self._begun[source] = rest[:LONGEST_LINE_BYTES]
            for line in lines:
                self._message(KINDS[source], line.decode(errors="replace"))
            return True
        self._begun[source] = rest
        self._told_bytes += len(chunk)
        for line in lines:
            self._take(line)
        if self._told_bytes > MOST_TOLD_BYTES:
            self.failure = TOO_LARGE
        return self._told_bytes <= MOST_TOLD_BYTES

    def end(self) -> None:
        """Nothing more comes: lines that were begun are whole."""
        for source in (STDOUT, STDERR):
            self._message(KINDS[source], self._begun[source].decode(errors="replace"))

    def _take(self, line: bytes) -> None:
        try:
            told: dict[str, JsonValue] = json.loads(line)
            if "printed" in told:
                self._told_bytes -= len(line) + 1
                self.hear(*printed_of(told))
            elif "failed" in told:
                self.failure, self.trace = self.failure or _printable(str(told["failed"])), str(told["trace"])
            elif "done" in told:
                self.is_done = True
            else:
                self._take_in(told_of(told))
        except Broken as fault:
            self.failure = self.failure or fault.sentence
        except ToolUnfit as fault:
            self.failure, self.trace = self.failure or UNFIT, self.trace or str(fault)
        except (ValueError, KeyError, TypeError, RecursionError):
            self.failure = self.failure or "What the tool told cannot be understood."

    def _take_in(self, told: Told) -> None:
        for kind, text in told.messages:
            self._message(kind, text)
        # the tool has looked at them, but what it runs can write here as well
        self._outputs |= fitted(self._order, dict(told.outputs))
        self._progress = told.progress or self._progress

    def _message(self, kind: str, text: str) -> None:
        said = _printable(text)
        if not said or self._heard > MOST_MESSAGES:
            return
        self._heard += 1
        self._messages.append((kind, said[:LINE_CHARS]) if self._heard <= MOST_MESSAGES else ("warning", MORE))


def _printable(text: str) -> str:
    return _UNPRINTABLE.sub("", text).strip()


def _whole_lines(text: bytes) -> list[bytes]:
    return text.split(b"\n")
