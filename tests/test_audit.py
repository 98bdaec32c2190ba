"""Who saw which job stands in the audit log, and the true reason of every refusal."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from rendermap.access.grant import OPERATOR, PUBLIC, Link, Operation, Principal, PrincipalKind
from rendermap.access.grant import Bounds as NoBounds
from rendermap.audit import MOST_LINES, MOST_REFUSALS, MOST_SIGHTS, Audit, Line
from rendermap.audit_file import FileJournal
from rendermap.telemetry import make_metrics

ANNA = Principal("anna", PrincipalKind.USER, address="192.0.2.1")


class Kept:
    """Keeps lines in a list.  is_full: takes none."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.is_full = False

    def open(self) -> None:
        pass

    def write(self, line: Line) -> None:
        if self.is_full:
            raise OSError(28, "No space left on device")
        self.lines.append(line)

    def told(self, *names: str) -> list[tuple[object, ...]]:
        """Those values of each line."""
        return [tuple(line.get(name) for name in names) for line in self.lines]


def audit_to(journal: Kept) -> Audit:
    """An audit log whose thread does not run."""
    return Audit(journal, make_metrics())


def test_the_first_sight_is_a_line_and_the_rest_are_counted() -> None:
    """Ten tiles are two lines: that somebody came, and what it came to in the minute; a minute later nothing is said twice."""
    kept = Kept()
    audit = audit_to(kept)
    for _ in range(10):
        audit.saw(ANNA, "Demo", "j1", Operation.VIEW, 65_536)
    audit.saw(PUBLIC, "Demo", "j1", Operation.VIEW)
    audit.write_out()
    assert kept.told("what", "who", "address", "service", "job", "operation") == [
        ("saw", "user:anna", "192.0.2.1", "Demo", "j1", "view"),
        ("saw", "public:", "", "Demo", "j1", "view"),
    ]
    audit.sum_up()
    audit.sum_up()
    audit.write_out()
    assert kept.told("what", "who", "times", "pictures", "pixels")[2:] == [
        ("sights", "user:anna", 10, 10, 655_360),
        ("sights", "public:", 1, 0, 0),
    ]


def test_after_a_quiet_minute_a_sight_is_a_first_one_again() -> None:
    """Nothing is remembered for longer, so memory does not grow with jobs."""
    kept = Kept()
    audit = audit_to(kept)
    audit.saw(ANNA, "Demo", "j1", Operation.VIEW)
    audit.sum_up()
    audit.sum_up()
    audit.saw(ANNA, "Demo", "j1", Operation.VIEW)
    audit.write_out()
    assert kept.told("what") == [("saw",), ("sights",), ("saw",)]


def test_refusals_tell_their_true_reason() -> None:
    """Here and nowhere else."""
    kept = Kept()
    audit = audit_to(kept)
    for _ in range(3):
        audit.refused(ANNA, "Demo", "j1", Operation.VIEW, "the job is private")
    audit.sum_up()
    audit.write_out()
    assert kept.told("what", "job", "why", "times") == [
        ("refused", "j1", "the job is private", None),
        ("refusals", "j1", "the job is private", 3),
    ]


def test_nobody_fills_the_disk_by_guessing() -> None:
    """After a hundred refusals in a minute one account's others are counted together; other accounts are told as ever."""
    kept = Kept()
    audit = audit_to(kept)
    for number in range(1000):
        audit.refused(PUBLIC, "Demo", f"j{number}", Operation.VIEW, "the job is private")
    audit.refused(ANNA, "Demo", "j1", Operation.VIEW, "the job is private")
    audit.write_out()
    assert len(kept.lines) == MOST_REFUSALS + 2
    audit.sum_up()
    audit.write_out()
    assert ("*", "many", 1000 - MOST_REFUSALS) in kept.told("job", "why", "times")
    assert kept.lines[MOST_REFUSALS + 1]["who"] == "user:anna"


def test_what_is_counted_at_once_is_bounded() -> None:
    """The oldest is summed up early."""
    kept = Kept()
    audit = audit_to(kept)
    for number in range(MOST_SIGHTS + 5):
        audit.saw(ANNA, "Demo", f"j{number}", Operation.VIEW)
    audit.write_out()
    assert kept.told("what").count(("sights",)) == 5


def test_a_full_disk_loses_nothing_for_a_while_and_is_told() -> None:
    """Lines wait, in order; the metric and readiness say so; when there is room they are written."""
    kept = Kept()
    audit = audit_to(kept)
    kept.is_full = True
    for number in range(5):
        audit.saw(ANNA, "Demo", f"j{number}", Operation.VIEW)
        audit.write_out()
    assert audit.is_failing and audit._metrics.audit_failing._value.get() == 1 and not kept.lines
    kept.is_full = False
    audit.write_out()
    assert not audit.is_failing and kept.told("job") == [(f"j{number}",) for number in range(5)]


def test_a_disk_that_stays_full_costs_the_oldest_lines() -> None:
    """Memory is bounded, and what is lost is counted."""
    audit = audit_to(Kept())
    for number in range(MOST_LINES + 7):
        audit._tell({"number": number})
    assert len(audit._lines) == MOST_LINES and audit._lines[0] == {"number": 7}
    assert audit._metrics.audit_lines.labels("lost")._value.get() == 7


def test_the_command_line_is_not_recorded() -> None:
    """Whoever runs it reads the disk anyway."""
    kept = Kept()
    audit = audit_to(kept)
    audit.saw(OPERATOR, "Demo", "j1", Operation.VIEW)
    audit.write_out()
    assert not kept.lines


def test_a_link_is_named_by_its_id() -> None:
    """Not by the address that opens it."""
    link = Link("k7", "Demo", "j1", None, Operation.VIEW, NoBounds(), 0, 0, 9)
    kept = Kept()
    audit = audit_to(kept)
    audit.saw(Principal("k7", PrincipalKind.LINK, link=link, address="192.0.2.1"), "Demo", "j1", Operation.VIEW)
    audit.write_out()
    assert kept.told("who", "address") == [("link:k7", "192.0.2.1")]


# --- the file ------------------------------------------------------------------------------------------------------------


def lines_of(path: Path) -> list[Line]:
    """The lines of a file."""
    return [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]


def test_the_thread_writes_and_ends_with_what_is_left(tmp_path: Path) -> None:
    """Stopping the service loses no line."""
    path = tmp_path / "audit.jsonl"
    audit = Audit(FileJournal(path), make_metrics())
    audit.start()
    audit.saw(ANNA, "Demo", "j1", Operation.VIEW, 9)
    audit.stop()
    assert [line["what"] for line in lines_of(path)] == ["saw", "sights"]
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_moved_file_is_begun_anew(tmp_path: Path) -> None:
    """Log rotation moves the file away, or removes it; lines go where the path leads."""
    path = tmp_path / "audit.jsonl"
    journal = FileJournal(path)
    journal.write({"n": 1})
    path.rename(tmp_path / "audit.jsonl.1")
    journal.write({"n": 2})
    path.unlink()
    journal.write({"n": 3})
    assert lines_of(tmp_path / "audit.jsonl.1") == [{"n": 1}] and lines_of(path) == [{"n": 3}]


def test_a_line_feed_of_the_client_is_no_line_of_the_log(tmp_path: Path) -> None:
    """Names come from clients; one line stays one line."""
    path = tmp_path / "audit.jsonl"
    journal = FileJournal(path)
    audit = Audit(journal, make_metrics())
    audit.refused(Principal('a\n{"what": "saw"}\u2028\ud800', PrincipalKind.USER), "De\nmo", "j\r\n1", Operation.VIEW, "no")
    audit.write_out()
    assert [line["what"] for line in lines_of(path)] == ["refused"]


def test_a_torn_line_does_not_spoil_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fills in the middle of a line leaves a part of it; the line is written whole as soon as there is room."""
    path = tmp_path / "audit.jsonl"
    journal, write = FileJournal(path), os.write
    monkeypatch.setattr(os, "write", lambda descriptor, raw: write(descriptor, raw[:4]))
    with pytest.raises(OSError):
        journal.write({"n": 1})
    monkeypatch.undo()
    journal.write({"n": 1})
    torn, whole = path.read_text(encoding="ascii").splitlines()
    assert torn == '{"n"' and json.loads(whole) == {"n": 1}


def test_a_file_that_cannot_be_written_is_told_at_the_start(tmp_path: Path) -> None:
    """Not when the first job is seen; one that can be is there at once."""
    for folder, is_failing in ((tmp_path / "none", True), (tmp_path, False)):
        audit = Audit(FileJournal(folder / "audit.jsonl"), make_metrics())
        audit.start()
        audit.stop()
        assert audit.is_failing is is_failing
    assert (tmp_path / "audit.jsonl").read_text(encoding="ascii") == ""


def test_a_path_that_cannot_be_written_is_told_and_keeps_nothing_back(tmp_path: Path) -> None:
    """A folder that is missing, or read-only."""
    audit = Audit(FileJournal(tmp_path / "none" / "audit.jsonl"), make_metrics())
    audit.saw(ANNA, "Demo", "j1", Operation.VIEW)
    audit.write_out()
    assert audit.is_failing
    (tmp_path / "none").mkdir()
    audit.write_out()
    assert not audit.is_failing and len(lines_of(tmp_path / "none" / "audit.jsonl")) == 1
