"""Fonts by family: what stands in is of the same kind, and every script has a font."""

from __future__ import annotations

import pytest

from rendermap.symbology.fonts import FAMILIES, SCRIPTS, faces_for, family_of, land_of, script_of, substitute_for, tell_stand_in


@pytest.mark.parametrize(
    ("asked", "drawn"),
    [
        ("Arial", "DejaVu Sans Condensed"),
        ("TIMES NEW ROMAN", "DejaVu Serif Condensed"),
        ("Courier New", "DejaVu Sans Mono"),
        ("Georgia", "DejaVu Serif"),
        ("Verdana", "DejaVu Sans"),
        ("Some Old Typewriter", "DejaVu Sans Mono"),
        ("Nobody's Sans", "DejaVu Sans Condensed"),
        ("Adobe Caslon", "DejaVu Serif Condensed"),
        ("Unheard Of", "DejaVu Sans"),
    ],
)
def test_what_is_not_here_has_a_stand_in_of_its_kind(asked: str, drawn: str) -> None:
    """The stand-in is told and said to be one."""
    assert substitute_for(asked) == (drawn, False)


@pytest.mark.parametrize("name", [*(f.name for f in FAMILIES), *(s.family for s in SCRIPTS)])
def test_what_is_here_is_exact(name: str) -> None:
    """A family of the table is drawn as itself, however it is written."""
    assert substitute_for(f" {name.upper()} ") == (name, True)


def test_faces_begin_with_the_familys_own() -> None:
    """Bold and italic are faces; other scripts follow."""
    faces = faces_for("Arial", is_bold=True, is_italic=True)
    assert faces[:2] == ("DejaVu Sans Condensed Bold Oblique", "DejaVu Sans Bold Oblique")
    assert {s.face for s in SCRIPTS} <= set(faces)
    assert family_of("DejaVu Sans").face(is_bold=False, is_italic=False) == "DejaVu Sans Book"


@pytest.mark.parametrize(
    ("family", "land", "first"), [("Arial", "", "SC"), ("Arial", "KR", "KR"), ("MS Gothic", "", "JP"), ("Malgun Gothic", "", "KR")]
)
def test_chinese_characters_have_the_forms_of_their_land(family: str, land: str, first: str) -> None:
    """The text's own letters tell, else the family, else they are those of mainland China."""
    cjk = [face for face in faces_for(family, land=land) if "CJK" in face]
    assert cjk[0] == f"Noto Sans CJK {first} Regular"


def test_text_tells_its_land() -> None:
    """Kana are Japanese, hangul Korean; Chinese characters alone tell nothing."""
    assert [land_of(text) for text in ("銀座カフェ", "서울 特別市", "東京都", "Zürich")] == ["JP", "KR", "", ""]


@pytest.mark.parametrize(
    ("character", "script"),
    [
        ("A", None),
        ("ß", None),
        ("Я", None),
        ("م", None),
        ("ह", "Devanagari"),
        ("ไ", "Thai"),
        ("த", "Tamil"),
        ("東", "CJK SC"),
        ("울", "CJK SC"),
    ],
)
def test_letters_have_a_script_font(character: str, script: str | None) -> None:
    """None for letters that the families themselves have."""
    found = script_of(character)
    assert (found.name if found else None) == script


def test_readers_tell_of_stand_ins() -> None:
    """What was asked for and what is drawn; nothing where they are the same."""
    told: list[tuple[str, str]] = []
    for family in ("Corbel", "DejaVu Serif"):
        tell_stand_in(family, lambda found, used: told.append((found, used)))
    assert told == [("the font Corbel", "DejaVu Sans Condensed is used")]
