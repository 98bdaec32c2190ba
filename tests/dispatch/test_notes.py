"""What workers note about a picture reaches the service's log, once."""

from __future__ import annotations

import logging
from pathlib import Path

from prometheus_client import Counter
from structlog.testing import capture_logs

from rendermap.dispatch.notes import WorkerNotes
from rendermap.dispatch.wire import Answer, Head
from rendermap.render.notes import LONGEST_NOTE_CHARS, MOST_NOTES, Notes
from rendermap.render.seals import tell_damage
from rendermap.render.worker import noted


def test_notes_are_taken_with_the_answer() -> None:
    """Each once, bounded in number and length; the next answer starts anew."""
    notes, logger = Notes(), logging.getLogger("rendermap.tried")
    logger.addHandler(notes)
    logger.propagate = False
    try:
        for text in ("too large", "too large", "x" * 1000, *map(str, range(50))):
            logger.warning("%s to be cut", text)
        taken = noted(Answer(Head("drawn")), notes).head.notes
        assert taken[0] == "too large to be cut" and len(taken) == MOST_NOTES and max(map(len, taken)) == LONGEST_NOTE_CHARS
        assert noted(Answer(Head("drawn")), notes).head.notes == ()
    finally:
        logger.removeHandler(notes)


def test_a_note_is_logged_once() -> None:
    """Every tile brings it again."""
    notes = WorkerNotes(Counter("damaged", "-", registry=None))
    with capture_logs() as logs:
        for _ in range(3):
            notes.tell(Head("drawn", notes=("a", "b")))
    assert [entry["found"] for entry in logs] == ["a", "b"]


def test_all_damage_is_told_and_counted(tmp_path: Path) -> None:
    """By the worker apart from its notes, and each time by the service; a worker that lies about it takes nothing back."""
    counter = Counter("damaged", "-", registry=None)
    notes, told = Notes(), WorkerNotes(counter)
    logging.getLogger("rendermap").addHandler(notes)
    try:
        for _ in range(2):
            tell_damage(tmp_path / "copy.tif")
        head = noted(Answer(Head("drawn")), notes).head
        assert (head.damaged, head.notes) == (2, ())
        with capture_logs() as logs:
            for damaged in (head, head, Head("drawn", damaged=-5)):
                told.tell(damaged)
    finally:
        logging.getLogger("rendermap").removeHandler(notes)
    assert [entry["found"] for entry in logs] == [2, 2] and counter._value.get() == 4
