"""Growth goes through tables: every file in a table's folder is in its table."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from rendermap.frontends.table import FRONT_ENDS
from rendermap.gp.engines.table import ENGINES
from rendermap.imaging.blend import BLENDS
from rendermap.imaging.formats import FORMATS
from rendermap.jobs.layouts.table import LAYOUTS
from rendermap.symbology import blends
from rendermap.symbology.readers.table import STYLE_READERS
from rendermap.symbology.symbolizers.table import SYMBOLIZERS
from rendermap.table import Table

PACKAGE = Path(__file__).parents[2] / "rendermap"
FOLDERS = {"gp/engines": 2, "jobs/layouts": 3, "symbology/readers": 2, "symbology/symbolizers": 4}
"""Folder of a table, and how many rows it has at least."""


def imported_by(file: Path) -> set[str]:
    """Every word in the dotted names a module imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {*node.module.split(".")} | {alias.name for alias in node.names}
    return names


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_file_of_a_folder_is_in_its_table(folder: str) -> None:
    """A new file without a row would be dead code; the table imports each, or a room of one of its rows does."""
    table = PACKAGE / folder / "table.py"
    rooms = {child.stem for child in table.parent.iterdir() if child.suffix == ".py" or (child / "__init__.py").exists()}
    used = {name for file in table.parent.rglob("*.py") if len(file.relative_to(table.parent).parts) > 1 for name in imported_by(file)}
    assert rooms - {"table", "__init__"} - imported_by(table) - used == set()


def test_every_protocol_is_in_its_table() -> None:
    """A folder of the front ends is a row."""
    folders = {child.name for child in (PACKAGE / "frontends").iterdir() if (child / "__init__.py").exists()}
    assert folders == set(FRONT_ENDS.names)


@pytest.mark.parametrize("table", [ENGINES, LAYOUTS, STYLE_READERS, SYMBOLIZERS, FRONT_ENDS, FORMATS, BLENDS], ids=lambda table: table.what)
def test_tables_are_read_only_and_filled(table: Table[object]) -> None:
    """Rows are given once, in the order tried, and nobody adds to them while the service runs."""
    assert len(table) == len(table.names) == len({*table.names}) > 0
    with pytest.raises(TypeError):
        table.rows["new"] = object()  # type: ignore[index]


@pytest.mark.parametrize(("folder", "table"), list(zip(FOLDERS, [ENGINES, LAYOUTS, STYLE_READERS, SYMBOLIZERS], strict=True)))
def test_no_row_was_lost(folder: str, table: Table[object]) -> None:
    """A row that disappears takes a feature with it."""
    assert len(table) >= FOLDERS[folder]


def test_styles_and_pictures_know_the_same_blend_modes() -> None:
    """Symbology and imaging are strangers: every name a reader may give is drawn, and every mode drawn has its name."""
    assert set(blends.BLENDS) == set(BLENDS.names)
    for table in (blends.FROM_CIM, blends.FROM_QGIS, blends.FROM_WEB_MAP):
        assert set(table.values()) <= set(blends.BLENDS)
