"""The short form of `tests.fuzz.requests`: fifteen hundred damaged requests against a real service over sockets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.fuzz.questions import Question
from tests.fuzz.request_damage import DAMAGES, INJECTED, SCRIPT
from tests.fuzz.requests import case, run, violation
from tests.fuzz.wire import Answer

GOOD = (
    Question("a", "GET", "/a/b?c=d&e=1.5", (("Accept", "text/html"),)),
    Question("b", "POST", "/b", (("Content-Type", "application/x-www-form-urlencoded"),), b"f=json&bbox=1,2,3,4"),
)
HEAD = b"HTTP/1.1 %d X\r\ncontent-type: %s\r\nx-content-type-options: nosniff"


@pytest.mark.slow
def test_damaged_requests_are_answered_and_learn_nothing(tmp_path: Path) -> None:
    """No fault of the server, no path, no script, no silence; the same process answers all good requests afterwards."""
    report = run(tmp_path, range(1500), seed=11)
    assert not report.violations, "\n".join(report.lines())
    assert report.count == 1500
    refused = sum(found["400"] + found["esri 400"] for found in report.outcomes.values())
    assert refused > 300 and sum(found["200"] for found in report.outcomes.values()) > 150, "half good, half bad is what finds faults"


def test_the_same_number_is_the_same_request() -> None:
    """What was found once can be tried again; every kind of damage is done."""
    made = [case(GOOD, 1, number) for number in range(300)]
    assert made == [case(GOOD, 1, number) for number in range(300)]
    assert len({question.wire() for question in made}) > 250
    assert {question.method for question in made} > {"GET", "POST", "PUT"} and any(not question.is_whole for question in made)
    assert len(DAMAGES) == 9


def told(status: int = 200, body: bytes = b"x", kind: bytes = b"text/plain", more: bytes = b"") -> str | None:
    """What is found wrong with an answer."""
    return violation(GOOD[0], Answer(status, HEAD % (status, kind) + more, body, 0), [b"/srv/jobs", b"owner_of"])


def test_what_must_not_be_answered_is_seen() -> None:
    """Each of the rules, once broken; and silence is a fault only where an answer must come."""
    assert told() is None and told(404) is None and told(503) is None
    assert told(500) and told(200, b'{"error": {"code": 500, "message": "x"}}')
    assert told(400, b"Traceback (most recent call last)") and told(body=b'File "/x"') and told(body=b"in app.py: x")
    assert told(body=b"at /srv/jobs/1") and told(more=b"\r\netag: owner_of")
    assert told(body=SCRIPT.encode(), kind=b"text/html") and not told(body=SCRIPT.encode())
    assert told(more=f"\r\n{INJECTED}".encode()) and told(302, more=b"\r\nlocation: https://evil.example/x")
    assert told(kind=b"image/png") and not told(kind=b"image/png", body=b"\x89PNG")
    silent = Answer(-1, b"", b"", 30)
    assert violation(GOOD[0], silent, []) and not violation(replace(GOOD[0], is_whole=False), silent, [])


def test_damage_stays_within_memory() -> None:
    """However often a request is made longer."""
    long = replace(GOOD[1], target="/b?" + "c=d&" * 70_000, body=b"f" * 1_900_000)
    made = [case((long,), 1, number) for number in range(60)]
    assert max(len(question.target) for question in made) <= 300_000 and max(len(question.body) for question in made) <= 2_000_000
