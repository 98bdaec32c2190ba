"""What tools say that they have made, held against what the task says of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from pydantic import JsonValue

from rendermap.errors import Broken
from rendermap.gp.listening import WIRE, Ear
from rendermap.gp.tool_call import ToolUnfit, told_value
from rendermap.gp.tool_child import UNFIT, sentence_of
from rendermap.gp.tool_order import ToolOrder
from rendermap.gp.tool_outputs import OUTPUTS, fitted, made_value
from rendermap.jobs import manifest
from rendermap.jobs.document import Progress, ValueOutput
from rendermap.jobs.manifest import Run
from rendermap.services.service import Direction, Parameter


def output(data_type: str, *columns: Parameter) -> Parameter:
    """Of a task.  Whatever is in its description, the type is what counts."""
    return Parameter("Out", data_type, "Out", Direction.OUTPUT, maximum=1, columns=columns)


COLUMNS = (
    Parameter("Depth", "GPLong", "Depth", Direction.OUTPUT, maximum=1),
    Parameter("Note", "GPString", "Note", Direction.OUTPUT, required=False),
)
ORDER = ToolOrder(root=Path("/nowhere"), claim=0, folder=Path("/nowhere"), service="S", task="T", outputs={"Out": output("GPDouble")})
LOWER = {"distance": -2, "units": "esriMeters"}


@pytest.mark.parametrize(
    ("data_type", "value", "canonical"),
    [
        ("GPLong", 3.0, 3),
        ("GPDate", "2026-03-01T00:00:00Z", 1772323200000),
        ("GPLinearUnit", LOWER, LOWER),
        ("GPArealUnit", {"area": 1, "units": "ESRIHECTARES"}, {"area": 1, "units": "esriHectares"}),
        ("GPString", "\x1b" + "x" * 50_000, "\x1b" + "x" * 50_000),
        ("GPMultiValue:GPLong", list(range(5000)), list(range(5000))),
    ],
)
def test_values_of_their_type_are_taken(data_type: str, value: object, canonical: object) -> None:
    """In one form, whoever runs the tool; the limits of what a client may give are not those of a tool."""
    assert made_value(output(data_type), value) == canonical


@pytest.mark.parametrize(
    ("data_type", "value", "said"),
    [
        ("GPDouble", "2.5", "The result 'Out' must be a number."),
        ("GPBoolean", 1, "The result 'Out' must be true or false."),
        ("GPString", 12, "The result 'Out' must be a text."),
        ("GPLong", 2.5, "whole number"),
        ("GPDate", "yesterday", "must be a date"),
        ("GPDate", 1.5, "must be a date"),
        ("GPLinearUnit", {"distance": 1}, "one of these units"),
        ("GPLinearUnit", 5, "must be a JSON object"),
        ("GPArealUnit", {"area": 1, "units": "acre"}, "one of these units"),
        ("GPMultiValue:GPString", "one", "must be a JSON array"),
        ("GPMultiValue:GPString", ["one", 2], "'Out, value 2' must be a text"),
    ],
)
def test_values_of_another_type_are_not(data_type: str, value: object, said: str) -> None:
    """Clients would stumble over them, or show what nobody meant."""
    with pytest.raises(Broken) as refused:
        made_value(output(data_type), value)
    assert said in refused.value.sentence


def test_rows_are_held_to_their_columns() -> None:
    """Clients are told of those, as of what comes out."""
    table = output("GPValueTable", *COLUMNS)
    assert made_value(table, [[2.0, "deep"], [3, None]]) == [[2, "deep"], [3, None]]
    for wrong in ([["x", "a"]], [[1]], [[1.5, None]], [[None, "a"]], [[1, 2]]):
        with pytest.raises(Broken, match="The result 'Out"):
            made_value(table, wrong)


def test_names_of_outputs() -> None:
    """One that the task has not is refused even where nothing is in it, and so is one that is told twice."""
    known = ToolOrder.model_validate_json(ORDER.model_dump_json())
    assert known == ORDER and fitted(known, {"out": ValueOutput(value=2)}) == {"Out": ValueOutput(value=2)}
    assert fitted(known, {"out": ValueOutput(value=None)}) == {}
    for names in (["Nope"], ["Out", "OUT"]):
        with pytest.raises(ToolUnfit):
            fitted(known, OUTPUTS.validate_python({name: {"value": None} for name in names}))


@pytest.mark.parametrize(
    ("outputs", "failure"),
    [
        ({"out": {"value": 2}}, None),
        ({"Out": {"value": {"a": [1]}}}, "The result 'Out' must be a number."),
        ({"Nope": {"value": 3}}, UNFIT),
    ],
)
def test_what_comes_over_the_wire_is_held_to_its_type(outputs: JsonValue, failure: str | None) -> None:
    """Whatever a tool runs can write there, past what the tool itself is held to."""
    ear = Ear(ORDER)
    ear.hear(WIRE, json.dumps({"messages": [], "outputs": outputs, "progress": None}).encode() + b"\n")
    assert ear.failure == failure and ear.news().outputs == ({} if failure else {"Out": ValueOutput(value=2)})


@pytest.mark.parametrize(
    "line",
    [
        b"[" * 100_000,
        b'{"messages": [["bogus", "x"]], "outputs": {}, "progress": null}',
        b'{"messages": [], "outputs": {}, "progress": {"percent": 150}}',
    ],
)
def test_what_nobody_could_have_told_over_the_wire_fails_the_tool(line: bytes) -> None:
    """With a sentence, and never the program that listens."""
    ear = Ear(ORDER)
    ear.hear(WIRE, line + b"\n")
    assert ear.failure == "What the tool told cannot be understood." and not ear.has_news


NO_SUCH_THING = "The value of Out cannot be told: JSON has no such thing."
ENDLESS: list[object] = []
ENDLESS.append(ENDLESS)


@pytest.mark.parametrize(
    ("say", "sentence"),
    [
        (lambda run: run.progress("x", 150), "Progress is told as a text of at most 1000 characters and a percentage from 0 to 100."),
        (lambda run: run.progress("x" * 5000), "Progress is told as a text of at most 1000 characters and a percentage from 0 to 100."),
        (lambda run: run.message("x", "bogus"), "The kind of a message must be one of: informative, warning, error."),
        (lambda run: run.output("Out", "d" * 2000), "The dataset of Out has too long a name."),
        (lambda run: told_value("Out", datetime(1, 1, 1)), NO_SUCH_THING),
        (lambda run: told_value("Out", np.zeros(3)), NO_SUCH_THING),
        (lambda run: told_value("Out", ENDLESS), NO_SUCH_THING),
        (lambda run: Progress.model_validate({"percent": "x"}), "The tool failed: ValidationError."),
    ],
)
def test_words_of_libraries_are_not_told_to_strangers(tmp_path: Path, say: Callable[[Run], object], sentence: str) -> None:
    """What a tool gets wrong with our own means is said in our own words."""
    with pytest.raises(ValueError) as fault:
        say(manifest.start(tmp_path, service="S"))
    assert sentence_of(fault.value) == sentence
