"""A key's line in a TOML text."""

import pytest

from rendermap.services.lines import line_of, to_text

TEXT = """\
title = "A"

[[tasks]]
name = "T1"
[[tasks.parameters]]
name = "P1"
[tasks.parameters.layer]  # of P1
"style" = "a.lyrx"
[[tasks.parameters]]
name = "P2"
layer.opacity = 0.5
[[tasks]]
name = "T2"
[[ tasks . parameters ]]
name = "P3"
layer = { opacity = 2 }
"""


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ((), 1),
        (("title",), 1),
        (("tasks",), 3),
        (("tasks", 0), 3),
        (("tasks", 0, "name"), 4),
        (("tasks", 0, "parameters", 0, "name"), 6),
        (("tasks", 0, "parameters", 0, "layer"), 7),
        (("tasks", 0, "parameters", 0, "layer", "style"), 8),
        (("tasks", 0, "parameters", 0, "layer", "missing"), 7),
        (("tasks", 0, "parameters", 1, "layer", "opacity"), 11),
        (("tasks", 1, "name"), 13),
        (("tasks", 1, "parameters", 0, "name"), 15),
        (("tasks", 1, "parameters", 0, "layer", "opacity"), 16),
        (("missing", 3, "x"), 1),
    ],
)
def test_a_key_or_the_table_around_it_has_its_line(place: tuple[int | str, ...], line: int) -> None:
    """Arrays of tables, sub-tables, dotted and quoted keys and inline tables are counted as TOML does."""
    assert line_of(TEXT, place) == line


def test_a_place_reads_like_a_path() -> None:
    """Brackets for positions, dots for keys."""
    assert to_text(("tasks", 0, "parameters", 2, "type")) == "tasks[0].parameters[2].type"
    assert to_text(()) == ""
