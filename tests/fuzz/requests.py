"""Damages good requests at random and looks what a real service answers: ``python -m tests.fuzz.requests --count 100000 --seed 1``.

Ends with status 1 when the service does what it must never do: a 500, no answer, a path or a field's name or a traceback in an answer, a
script or a header of ours in it, somebody else's address to go to, a web process that is another one afterwards.  Workers may be replaced;
how many were is told.  The same count and seed make the same damage.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from urllib.parse import unquote_to_bytes

from tests.builders.register import Register, lay_out
from tests.builders.served import Served, serving
from tests.fuzz.questions import SECRET, Question, prepare, recorded
from tests.fuzz.request_damage import EVIL_HOST, SCRIPT, damaged
from tests.fuzz.wire import Answer, Line

DEADLINE_S, MARGIN_S, UNFRAMED_WAIT_S = 10.0, 25.0, 0.5
"""Longest drawing; what an answer may take beyond it on a busy machine; how long we wait where none need come."""
MAGIC = {
    "image/png": b"\x89PNG",
    "image/jpeg": b"\xff\xd8",
    "image/webp": b"RIFF",
    "image/gif": b"GIF8",
    "image/bmp": b"BM",
    "image/avif": b"\0\0\0",
}
_FORBIDDEN = re.compile(rb"Traceback|File \"|\.py[\"', :]|/site-packages/|asyncpg|<frozen|0x[0-9a-f]{12}", re.IGNORECASE)
_SERVER_FAULT = re.compile(rb'"code"\s*:\s*5\d\d(?!\d)')
_RESTARTS = re.compile(r'rendermap_worker_restarts_total\{cause="(\w+)"\} (\d+)')


@dataclass
class Report:
    """What came of it.

    outcomes: how often, by good request and outcome.  violations: (number of the case, what happened, the request's beginning).
    """

    outcomes: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    violations: list[tuple[int, str, bytes]] = field(default_factory=list)
    slowest: list[tuple[float, int]] = field(default_factory=list)
    restarts: str = "none"
    seconds: float = 0.0

    def note(self, number: int, question: Question, answer: Answer) -> None:
        """Count one answer."""
        self.outcomes[question.name][_outcome(answer)] += 1
        self.slowest = sorted([*self.slowest, (answer.seconds, number)], reverse=True)[:5]

    @property
    def count(self) -> int:
        """Of all answers."""
        return sum(sum(found.values()) for found in self.outcomes.values())

    def lines(self) -> Iterator[str]:
        """For people."""
        totals: Counter[str] = sum(self.outcomes.values(), Counter())
        columns = [outcome for outcome, _ in totals.most_common()]
        yield f"{'':24}" + "".join(f"{outcome:>10}" for outcome in columns)
        for name, found in (*sorted(self.outcomes.items()), ("all", totals)):
            yield f"{name:24}" + "".join(f"{found[outcome] or '':>10}" for outcome in columns)
        yield f"{self.count} requests in {self.seconds:.0f} s; slowest: " + ", ".join(f"{s:.1f} s (case {n})" for s, n in self.slowest)
        yield f"workers replaced: {self.restarts}"
        yield f"violations: {len(self.violations)}"
        yield from (f"  case {number}: {what}\n    {request!r}" for number, what, request in self.violations[:30])


def _outcome(answer: Answer) -> str:
    if answer.status == 200 and (code := re.search(rb'"error"\s*:\s*\{\s*"code"\s*:\s*(\d+)', answer.body[:300])):
        return f"esri {code[1].decode()}"
    return {0: "closed", -1: "waiting"}.get(answer.status, str(answer.status))


def case(good: Sequence[Question], seed: int, number: int) -> Question:
    """The request of a number."""
    chance = Random(f"{seed}/{number}")
    return damaged(chance, chance.choice(good), good)


def violation(question: Question, answer: Answer, words: Sequence[bytes]) -> str | None:
    """What is wrong with an answer.  words: that no answer may hold."""
    sent, told = question.wire(), answer.head + b"\r\n\r\n" + answer.body
    sent += unquote_to_bytes(unquote_to_bytes(sent.replace(b"+", b" ")))  # what is said back is no news
    if answer.status in (0, -1):
        return f"no answer ({_outcome(answer)})" if question.is_whole else None
    if answer.status in (500, 501, 502, 505) or (answer.status == 200 and _SERVER_FAULT.search(answer.body[:400])):
        return f"a fault of the server: {answer.body[:300]!r}"
    found = _FORBIDDEN.search(told if b"image/" not in answer.head.lower() else answer.head)
    if found and found[0].lower() not in sent.lower():
        return f"says {told[max(0, found.start() - 60) : found.end() + 60]!r}"
    if word := next((word for word in words if word in told and word not in sent), None):
        return f"names {word!r}"
    return _misuse(answer)


def _given_away(question: Question, answer: Answer, private_id: str) -> str | None:
    """A private job, to whoever came by no link."""
    is_asked = private_id in question.target and "/links/" not in question.target and answer.status == 200
    return "a private job" if is_asked and (b"image/" in answer.head.lower() or b'"mapName"' in answer.body) else None


def _misuse(answer: Answer) -> str | None:
    """What a browser could be made to do with it."""
    kind = answer.header("content-type").partition(";")[0]
    if kind == "text/html" and SCRIPT.encode() in answer.body:
        return "a script of ours on a page"
    if re.search(rb"^x-injected:", answer.head, re.IGNORECASE | re.MULTILINE):
        return "a header of ours in the head"
    if EVIL_HOST in answer.header("location") or answer.header("location").startswith(("//", "javascript:")):
        return f"sends elsewhere: {answer.header('location')}"
    if kind in MAGIC and answer.body and not answer.body.startswith(MAGIC[kind]):
        return f"is no {kind}: {answer.body[:60]!r}"
    if "x-content-type-options" not in answer.head.decode("latin-1").lower() and answer.status not in (400, 431) and kind:
        return "may be taken for something else"
    return None


def fuzz(running: Served, register: Register, good: Sequence[Question], numbers: Sequence[int], seed: int, clients: int) -> Report:
    """Ask all of them, with so many clients at once."""
    report, began, waiting, turn = Report(), time.monotonic(), iter(numbers), threading.Lock()
    words = [word.encode() for word in register.words if len(word) > 4] + [str(Path.cwd()).encode(), b"/site-packages"]

    def next_number() -> int | None:
        with turn:
            return next(waiting, None)

    def work() -> None:
        with Line(running.port, DEADLINE_S + MARGIN_S) as line:
            while (number := next_number()) is not None:
                question = case(good, seed, number)
                answer = line.exchange(
                    question.wire(), is_head=question.method == "HEAD", wait_s=None if question.is_whole else UNFRAMED_WAIT_S
                )
                if not question.is_whole:
                    line.close()
                wrong = violation(question, answer, words) or _given_away(question, answer, register.private_id)
                with turn:
                    report.note(number, question, answer)
                    if wrong:
                        report.violations.append((number, wrong, question.wire()[:400]))

    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    report.seconds = time.monotonic() - began
    return report


def run(folder: Path, numbers: Sequence[int], seed: int, clients: int = 3) -> Report:
    """The cases of these numbers against a service of its own.  folder: an empty one."""
    register = lay_out(folder)
    token = prepare(register)
    options = ("--access", str(folder / "access"), "--secret-key", SECRET, "--cache-mb", "64", "--deadline-s", str(DEADLINE_S))
    with serving(folder, register.job_id, *options, log=folder / "log") as running:
        running.await_ready()
        pid = running.pid
        good = recorded(register, f"http://127.0.0.1:{running.port}", token)
        report = fuzz(running, register, good, numbers, seed, clients)
        if running.process.poll() is not None or running.pid != pid:
            report.violations.append((-1, "the service has ended", b""))
        else:
            found = _RESTARTS.findall(running.get("/metrics")[1].decode())
            report.restarts = ", ".join(f"{count} {cause}" for cause, count in found) or "none"
            report.violations += [(-1, f"no longer answers {name}", b"") for name in _unanswered(running, good)]
    report.violations += [(-1, line, b"") for line in faults_in((folder / "log").read_text(errors="replace"))]
    return report


def _unanswered(running: Served, good: Sequence[Question]) -> Iterator[str]:
    """Good requests that are no longer answered as such."""
    with Line(running.port, DEADLINE_S + MARGIN_S) as line:
        for question in good:
            answer = line.exchange(question.wire(), is_head=False)
            # whoever tried often to sign in has to wait
            if not 200 <= answer.status < 500 and question.name != "sign in":
                yield question.name


def faults_in(log: str) -> Iterator[str]:
    """Lines of the log that tell of an error nobody foresaw, or hold a credential."""
    for line in log.splitlines():
        if "Traceback" in line or ("incident" in line and "Broken" not in line and "code=" in line and "Error" in line):
            yield f"log: {line[:300]}"
        if SECRET in line or "rmk_fuzzed" in line:
            yield "log: a credential"


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000, help="how many requests")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="the number of the one case to try")
    parser.add_argument("--clients", type=int, default=3)
    asked = parser.parse_args()
    numbers = range(asked.count) if asked.only is None else [asked.only]
    with tempfile.TemporaryDirectory(prefix="rendermap-fuzz-") as folder:
        report = run(Path(folder), numbers, asked.seed, asked.clients)
    print(*report.lines(), sep="\n")
    sys.exit(bool(report.violations))


if __name__ == "__main__":
    main()
