"""An entry from outside is opened only when it is ours, whole, and this very key's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rendermap.cache.envelope import Codec, Envelope, NotOurs
from rendermap.dispatch.drawn import Drawn
from tests.builders.picture_stores import JOB, KEY, OTHER_JOBS_KEY, OTHER_KEY, PICTURE, envelope

ENTRY = envelope().close(KEY, PICTURE)


def is_refused(entry: bytes, key: str = KEY, secret: bytes | None = None) -> bool:
    """True when it is not opened."""
    with pytest.raises(NotOurs):
        (envelope(secret) if secret else envelope()).open(key, entry)
    return True


@given(st.integers(0, len(ENTRY) - 1), st.integers(1, 255))
def test_any_byte_changed_is_noticed(place: int, change: int) -> None:
    """In the body, the facts, the proof or the mark."""
    damaged = bytearray(ENTRY)
    damaged[place] ^= change
    assert is_refused(bytes(damaged))


@given(st.integers(0, len(ENTRY) - 1), st.booleans())
def test_any_part_missing_is_noticed(count: int, at_the_end: bool) -> None:
    """Whichever end was lost."""
    assert is_refused(ENTRY[:count] if at_the_end else ENTRY[len(ENTRY) - count :])


@given(st.binary(min_size=1, max_size=200), st.booleans())
def test_anything_added_is_noticed(more: bytes, at_the_end: bool) -> None:
    """Before or behind."""
    assert is_refused(ENTRY + more if at_the_end else more + ENTRY)


@given(st.binary(max_size=500))
def test_rubbish_is_noticed(rubbish: bytes) -> None:
    """Whatever lies under our name."""
    assert is_refused(rubbish)


@given(st.binary(max_size=2000), st.booleans(), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_every_picture_comes_back(body: bytes, empty: bool, width_px: int, height_px: int) -> None:
    """With all its facts."""
    drawn = Drawn(body, empty, width_px, height_px)
    assert envelope().open(KEY, envelope().close(KEY, drawn)) == drawn


def test_a_moved_entry_is_noticed() -> None:
    """An entry says nothing under any name but its own, be it of the same job or of another."""
    assert is_refused(ENTRY, OTHER_KEY) and is_refused(ENTRY, OTHER_JOBS_KEY)


def test_who_does_not_know_the_secret_can_make_no_entry() -> None:
    """A neighbour in the same Redis who knows how entries are made is still a stranger."""
    assert is_refused(ENTRY, secret=b"another secret entirely")


def test_there_must_be_a_secret() -> None:
    """An empty one would be everybody's."""
    with pytest.raises(ValueError, match="secret"):
        envelope(b"")


def test_an_entry_of_another_form_is_noticed() -> None:
    """One that a later release closed, whose pictures this one cannot read."""
    later = Envelope(b"the secret of these tests", Codec(bytes, bytes))
    assert is_refused(later.close(KEY, b"short"))


def test_names_say_nothing() -> None:
    """A job's entries share a folder's name; without the secret nobody can tell which job or picture it is."""
    (job, entry), (same_job, other), (other_job, _) = (envelope().names(key) for key in (KEY, OTHER_KEY, OTHER_JOBS_KEY))
    assert job == same_job == envelope().job_name(JOB) and len({job, entry, other, other_job, *KEY.split("/")}) == 6
    assert set(envelope(b"another secret entirely").names(KEY)).isdisjoint({job, entry})
