"""The job document: model and schema agree, reading is strict, writing is atomic."""

import json
import os
import threading
from copy import deepcopy
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from rendermap.errors import Broken, JobNotFound
from rendermap.jobs.document import (
    DOCUMENT_NAME,
    SCHEMA_PATH,
    document_schema,
    parse_document,
    read_document,
    write_document,
)
from rendermap.limits import JOB_DOCUMENT_BYTES

GOOD: dict[str, object] = {
    "version": 1,
    "service": "Demo/Viewshed",
    "task": "Viewshed",
    "job_id": "j0123456789abcdef0123456789abcdef",
    "status": "succeeded",
    "created": "2026-03-01T12:00:00Z",
    "started": "2026-03-01T12:00:01.5+01:00",
    "finished": None,
    "inputs": {"Height": 12, "Area": {"rings": []}},
    "outputs": {"Viewshed": {"dataset": "%scratchworkspace%/viewshed.tif"}, "Share": {"value": None}},
    "messages": [{"kind": "warning", "text": "slow", "time": "2026-03-01T12:00:02Z"}, {"kind": "informative", "text": ""}],
    "progress": {"message": "half way", "percent": 50},
}
BAD_CHANGES = {
    "unknown status": {"status": "done"},
    "number as status": {"status": 3},
    "unknown key": {"outpts": {}},
    "other version": {"version": 2},
    "version as text": {"version": "1"},
    "time without zone": {"created": "2026-03-01T12:00:00"},
    "time as number": {"created": 1772366400},
    "no time": {"created": None},
    "output without form": {"outputs": {"A": "%scratchworkspace%/a.tif"}},
    "output of both forms": {"outputs": {"A": {"dataset": "a.tif", "value": 1}}},
    "empty dataset": {"outputs": {"A": {"dataset": ""}}},
    "dataset as number": {"outputs": {"A": {"dataset": 7}}},
    "empty output name": {"outputs": {"": {"value": 1}}},
    "unknown message kind": {"messages": [{"kind": "loud", "text": ""}]},
    "message without text": {"messages": [{"kind": "error"}]},
    "percent beyond 100": {"progress": {"percent": 101}},
    "job id that climbs": {"job_id": "../j1"},
    "empty service": {"service": ""},
    "inputs as list": {"inputs": []},
}


def schema_accepts(document: object) -> bool:
    """What the published schema says."""
    return Draft202012Validator(json.loads(SCHEMA_PATH.read_text())).is_valid(document)


def model_accepts(document: object) -> bool:
    """What the reader says."""
    try:
        parse_document(json.dumps(document).encode())
    except ValueError:
        return False
    return True


def test_published_schema_is_the_models_own() -> None:
    """The file that others validate with is made from the model that reads: write it anew after a change of the model."""
    assert json.loads(SCHEMA_PATH.read_text()) == document_schema()
    Draft202012Validator.check_schema(document_schema())


def test_a_good_document_is_good_for_both() -> None:
    """Schema and reader accept the same good document."""
    assert schema_accepts(GOOD)
    assert model_accepts(GOOD)


@pytest.mark.parametrize("change", BAD_CHANGES.values(), ids=BAD_CHANGES)
def test_a_bad_document_is_bad_for_both(change: dict[str, object]) -> None:
    """Schema and reader refuse the same faults."""
    document = {**deepcopy(GOOD), **change}
    assert not schema_accepts(document)
    assert not model_accepts(document)


@pytest.mark.parametrize("key", ["version", "service", "job_id", "status", "created"])
def test_what_must_be_there_must_be_there_for_both(key: str) -> None:
    """Schema and reader demand the same keys."""
    document = {name: value for name, value in GOOD.items() if name != key}
    assert not schema_accepts(document)
    assert not model_accepts(document)


def test_a_fault_is_said_with_its_json_path() -> None:
    """The operator reads where in the document the fault is."""
    with pytest.raises(ValueError, match=r"\$\.messages\[0\]\.kind"):
        parse_document(json.dumps({**GOOD, "messages": [{"kind": "loud", "text": ""}]}).encode())


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"{", b"[]", b'{"version": NaN}', b"\xff\xfe", b'{"inputs":' + b"[" * 100_000, b'{"inputs": {"a": ' + b"9" * 5000 + b"}}",
        b'{"inputs": {"a": "\\ud800"}}',
    ],
    ids=["empty", "cut", "list", "nan", "binary", "deep", "number", "surrogate"],
)  # fmt: skip
def test_what_is_no_json_is_a_value_error(raw: bytes) -> None:
    """Cut, binary or endlessly nested text (D9) never gets past the reader as something else."""
    with pytest.raises(ValueError):
        parse_document(raw)


def test_a_key_that_stands_twice_is_refused() -> None:
    """Of two values for one key (D9), another reader of the document may take the other."""
    raw = json.dumps(GOOD).encode()
    for twice in (b'"status": "failed", "status"', b'"inputs": {"a": {"b": 1, "b": 2}}, "outputs"'):
        key = twice.rpartition(b" ")[2]
        changed = raw.replace(b'"inputs": {"Height"', b'"i": {"Height"') if key == b'"outputs"' else raw
        with pytest.raises(ValueError, match="twice"):
            parse_document(changed.replace(key, twice, 1))


def test_nan_inside_a_value_is_refused() -> None:
    """NaN would make every answer that carries the value invalid JSON."""
    with pytest.raises(ValueError, match="NaN"):
        parse_document(json.dumps({**GOOD, "inputs": {"a": float("nan")}}).encode())


def test_a_folder_without_document_is_no_job(tmp_path: Path) -> None:
    """Nothing there and a link there are the same to a stranger."""
    with pytest.raises(JobNotFound):
        read_document(tmp_path)
    (tmp_path / DOCUMENT_NAME).symlink_to("/etc/passwd")
    with pytest.raises(JobNotFound):
        read_document(tmp_path)


def test_a_pipe_in_place_of_the_document_does_not_hang(tmp_path: Path) -> None:
    """A special file is not read."""
    os.mkfifo(tmp_path / DOCUMENT_NAME)
    with pytest.raises(JobNotFound):
        read_document(tmp_path)


def test_a_broken_document_tells_strangers_nothing(tmp_path: Path) -> None:
    """The sentence is safe, the reason has path and fault."""
    (tmp_path / DOCUMENT_NAME).write_text('{"status": "done"}')
    with pytest.raises(Broken) as caught:
        read_document(tmp_path)
    assert str(tmp_path) not in caught.value.sentence
    assert "$.status" in str(caught.value.reason)


def test_a_huge_document_is_refused(tmp_path: Path) -> None:
    """A document beyond the limit is not parsed."""
    (tmp_path / DOCUMENT_NAME).write_bytes(b" " * (JOB_DOCUMENT_BYTES.value + 1))
    with pytest.raises(Broken, match="At most 16,777,216 bytes"):
        read_document(tmp_path)


def test_a_reader_never_sees_half_a_document(tmp_path: Path) -> None:
    """While a writer puts a long document in place of a short one again and again, every look finds a whole one."""
    short = parse_document(json.dumps(GOOD).encode())
    long = short.model_copy(update={"inputs": {f"p{i}": "x" * 1000 for i in range(200)}})
    write_document(tmp_path, short)
    done = threading.Event()

    def write() -> None:
        for round_ in range(60):
            write_document(tmp_path, long if round_ % 2 else short)
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = set()
    while not done.is_set():
        seen.add(len(read_document(tmp_path).inputs))
    writer.join()
    assert seen <= {2, 200}
    assert [path.name for path in tmp_path.iterdir()] == [DOCUMENT_NAME]
