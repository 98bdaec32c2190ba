"""Who saw which job: a line at the first sight of each, then one a minute that counts, and the same for what was refused.

The true reason of a refusal is told here and nowhere else.  No line holds a credential: a principal is named by its account, and a link by
its id.  Lines are made on the event loop and written by a thread of their own, so a slow or full disk keeps no picture back.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

import structlog

from rendermap.access.grant import OPERATOR, Operation, Principal
from rendermap.telemetry import Metrics

Line = Mapping[str, object]

SUMMARY_S = 60.0
WRITE_S = 1.0
LONGEST_NAME = 128
MOST_SIGHTS = 10_000
"""That are counted at once; the oldest is summed up early."""

MOST_LINES = 100_000
"""That wait for a disk that is full; the oldest is lost."""

MOST_REFUSALS = 100
"""Of one account that are told one by one in a minute; the rest are counted together, so that nobody fills the disk by guessing."""

OTHERS = "*"

_log = structlog.get_logger("rendermap.audit")


class Journal(Protocol):
    """Where lines are kept for good."""

    def open(self) -> None:
        """Raises OSError when no line could be kept."""
        ...

    def write(self, line: Line) -> None:
        """Raises OSError or ValueError when the line cannot be kept now."""
        ...


class LogJournal:
    """The service's own log."""

    def open(self) -> None:
        """It always is."""

    def write(self, line: Line) -> None:
        """One event of the log."""
        _log.info("audit", **line)


@dataclass(frozen=True, slots=True)
class _Sight:
    """Somebody and a job.  why: it was refused, "" when it was not."""

    account: str
    address: str
    service: str
    job: str
    operation: str
    why: str


@dataclass(slots=True)
class _Tally:
    """What came of a sight since it was last told.  times: how often it was asked for."""

    times: int = 0
    pictures: int = 0
    pixels: int = 0


class Audit:
    """Counts sights and writes them down.  Safe for threads.

    A sight that nobody had for a minute is forgotten: when it comes again it is a first one again.
    """

    def __init__(self, journal: Journal, metrics: Metrics) -> None:
        self._journal = journal
        self._metrics = metrics
        self._lock = threading.Lock()
        self._sights: OrderedDict[_Sight, _Tally] = OrderedDict()
        self._refusals: Counter[str] = Counter()
        self._lines: deque[Line] = deque()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_failing = False

    def saw(self, principal: Principal, service: str, job_id: str, operation: Operation, pixels: int = 0) -> None:
        """Somebody was let see a job.  pixels: of the picture that was given, 0 for a document."""
        self._count(_sight(principal, service, job_id, operation), pixels)

    def refused(self, principal: Principal, service: str, job_id: str, operation: Operation, why: str) -> None:
        """Somebody was not let see a job that is there.  why: the true reason, in the operator's words."""
        self._count(_sight(principal, service, job_id, operation, why), 0)

    @property
    def is_failing(self) -> bool:
        """True while lines cannot be written."""
        return self._is_failing

    # --- life --------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to write."""
        self._ending.clear()
        self._thread = threading.Thread(target=self._run, name="rendermap-audit", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what is left, and end.  May block."""
        if self._thread is not None:
            self._ending.set()
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        self._open()
        waited_s = 0.0
        while not self._ending.wait(WRITE_S):
            waited_s += WRITE_S
            if waited_s >= SUMMARY_S:
                waited_s = 0.0
                self.sum_up()
            self.write_out()
        self.sum_up()
        self.write_out()

    # --- counting ----------------------------------------------------------------------------------------------------

    def _count(self, sight: _Sight, pixels: int) -> None:
        if sight.account == OPERATOR.account:
            return
        with self._lock:
            sight = self._together(sight)
            tally = self._sights.get(sight)
            if tally is None:
                self._refusals[sight.account] += bool(sight.why)
                tally = self._sights[sight] = _Tally()
                self._tell(_first(sight))
                if len(self._sights) > MOST_SIGHTS:
                    self._tell_sum(*self._sights.popitem(last=False))
            tally.times += 1
            tally.pictures += pixels > 0
            tally.pixels += pixels

    def _together(self, sight: _Sight) -> _Sight:
        is_one_of_many = sight.why and sight not in self._sights and self._refusals[sight.account] >= MOST_REFUSALS
        return replace(sight, service=OTHERS, job=OTHERS, operation=OTHERS, why="many") if is_one_of_many else sight

    def sum_up(self) -> None:
        """One line for every sight that was had since the last time; those that were not are forgotten."""
        with self._lock:
            self._refusals.clear()
            for sight, tally in tuple(self._sights.items()):
                if tally.times:
                    self._tell_sum(sight, tally)
                    self._sights[sight] = _Tally()
                else:
                    del self._sights[sight]

    def _tell_sum(self, sight: _Sight, tally: _Tally) -> None:
        self._tell(_line("refusals" if sight.why else "sights", sight) | _numbers(sight, tally))

    def _tell(self, line: Line) -> None:
        """The oldest line gives way when so many wait that a disk must be full."""
        if len(self._lines) >= MOST_LINES:
            self._lines.popleft()
            self._metrics.audit_lines.labels("lost").inc()
        self._lines.append(line)

    # --- writing -----------------------------------------------------------------------------------------------------

    def write_out(self) -> None:
        """Write the lines that wait; what cannot be written waits on."""
        try:
            if self._is_failing:
                self._journal.open()
            while self._lines:
                self._write_first()
        except (OSError, ValueError) as error:
            self._fail(error)
        else:
            self._recover()

    def _write_first(self) -> None:
        line = self._lines[0]
        self._journal.write(line)
        with self._lock:
            # a line that gave way meanwhile was the oldest, which is written now
            if self._lines and self._lines[0] is line:
                self._lines.popleft()
        self._metrics.audit_lines.labels("written").inc()

    def _open(self) -> None:
        """A file that cannot be written is told at the start, and not when the first job is seen."""
        try:
            self._journal.open()
        except OSError as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        if not self._is_failing:
            _log.error("audit log not written", reason=str(error))
        self._is_failing = True
        self._metrics.audit_failing.set(1)

    def _recover(self) -> None:
        if self._is_failing:
            _log.warning("audit log written again")
        self._is_failing = False
        self._metrics.audit_failing.set(0)


def _sight(principal: Principal, service: str, job_id: str, operation: Operation, why: str = "") -> _Sight:
    return _Sight(principal.account, principal.address, service[:LONGEST_NAME], job_id[:LONGEST_NAME], operation.value, why)


def _line(event: str, sight: _Sight) -> dict[str, object]:
    named: dict[str, object] = {
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "what": event,
        "who": sight.account,
        "address": sight.address,
        "service": sight.service,
        "job": sight.job,
        "operation": sight.operation,
    }
    return named | ({"why": sight.why} if sight.why else {})


def _first(sight: _Sight) -> Line:
    return _line("refused" if sight.why else "saw", sight)


def _numbers(sight: _Sight, tally: _Tally) -> dict[str, object]:
    times: dict[str, object] = {"times": tally.times}
    return times if sight.why else times | {"pictures": tally.pictures, "pixels": tally.pixels}
