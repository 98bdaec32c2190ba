"""Limits stand in one table, and the manual shows it."""

from __future__ import annotations

import ast
from pathlib import Path

from rendermap import limits
from rendermap.limits import LIMITS, Limit
from rendermap.settings import Settings
from tests.builders.manual_tables import LIMITS_PAGE, limit_tables, tables_in

PACKAGE = Path(__file__).parents[2] / "rendermap"


def test_the_manual_shows_every_limit_with_its_number() -> None:
    """Run `python -m tests.builders.manual_tables` to write the page anew."""
    assert tables_in(LIMITS_PAGE.read_text(encoding="utf-8")) == limit_tables()


def test_every_limit_is_in_the_table() -> None:
    """A limit that is named has its row, under a name of its own."""
    named = {value for value in vars(limits).values() if isinstance(value, Limit)}
    assert named == set(LIMITS) and len(named) == len(LIMITS)


def test_settings_take_their_defaults_from_the_table() -> None:
    """The number in the table is what holds when nobody chose another."""
    chosen = [limit for limit in LIMITS if limit.setting]
    assert chosen and all(Settings.model_fields[str(limit.setting)].default == limit.value for limit in chosen)


def test_every_limit_is_used() -> None:
    """A row without a room that refuses by it would be a promise that nobody keeps."""
    used: set[str] = set()
    for file in PACKAGE.rglob("*.py"):
        if file.name == "limits.py":
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "rendermap.limits":
                used |= {alias.name for alias in node.names}
    assert {name for name, value in vars(limits).items() if isinstance(value, Limit)} - used == set()
