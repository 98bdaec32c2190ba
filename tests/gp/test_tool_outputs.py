"""What tools say that they have made, held against what the task says of it."""

from __future__ import annotations

import pytest

from rendermap.errors import Broken
from rendermap.gp.tool_outputs import made_value

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
    assert made_value("Out", data_type, value) == canonical


@pytest.mark.parametrize(
    ("data_type", "value", "said"),
    [
        ("GPDouble", "2.5", "The result 'Out' must be a number."),
        ("GPBoolean", 1, "The result 'Out' must be true or false."),
        ("GPString", 12, "The result 'Out' must be a text."),
        ("GPLong", 2.5, "whole number"),
        ("GPDate", "yesterday", "must be a date"),
        ("GPLinearUnit", 5, "must be a JSON object"),
        ("GPArealUnit", {"area": 1, "units": "acre"}, "one of these units"),
        ("GPMultiValue:GPString", "one", "must be a JSON array"),
        ("GPMultiValue:GPString", ["one", 2], "'Out, value 2' must be a text"),
    ],
)
def test_values_of_another_type_are_not(data_type: str, value: object, said: str) -> None:
    """Clients would stumble over them, or show what nobody meant."""
    with pytest.raises(Broken) as refused:
        made_value("Out", data_type, value)
    assert said in refused.value.sentence
