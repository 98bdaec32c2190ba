"""The fonts of the table are installed, and Mapnik knows every face by the table's name."""

from __future__ import annotations

import pytest

from rendermap.errors import RenderFailed
from rendermap.render.engine import mapnik
from rendermap.render.fonts import font_file, foreign_font, register_fonts
from rendermap.symbology.fonts import FAMILIES, SCRIPTS, Family


@pytest.fixture(scope="module")
def known() -> set[str]:
    register_fonts()
    return set(mapnik.FontEngine.face_names())


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_families_have_their_faces(known: set[str], family: Family) -> None:
    """Mapnik would refuse a whole map for a face it does not know."""
    assert {family.face(is_bold=b, is_italic=i) for b in (False, True) for i in (False, True)} <= known


def test_scripts_have_their_faces(known: set[str]) -> None:
    """Every script's font is there under its name."""
    assert not {script.face for script in SCRIPTS} - known


def test_a_missing_package_is_told() -> None:
    """An installation without the fonts says so."""
    with pytest.raises(RenderFailed):
        font_file("no_such_fonts", "x.ttf")


def test_foreign_letters_have_a_file() -> None:
    """The legend sheet finds a font for letters that the engine's own fonts lack."""
    found = foreign_font("ह")
    assert found and found.path.is_file() and foreign_font("A") is None
