"""Legends are for everybody: no field, expression or filter of a style stands in them unless the author wrote it there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from rendermap.symbology.defaults import default_needs, default_style
from rendermap.symbology.facts import Field, FieldKind, GeometryKind, Measures, VectorFacts
from rendermap.symbology.legend import heading_of, legend_items
from rendermap.symbology.readers.table import read_styles
from rendermap.symbology.style import Style
from tests.builders.style_samples import THEMES, saved

SECRET = "owner_secret"
SUFFIXES = {"lyrx": ".lyrx", "drawing_info": ".json", "sld": ".sld", "qml": ".qml", "mapnik": ".xml"}
FRAMES = ('"{}"', ">{}<", "[{}]", "$feature.{}", "&quot;{}&quot;", '\\"{}\\"')
CONDITION = f"<Style><Rule><Filter>[{SECRET}] &gt; 5</Filter><PolygonSymbolizer fill='#dc1e1e'/></Rule></Style>"


def secretly(written: object) -> str:
    """The document with a telling name for each of its fields, and without the labels that are alike."""
    text = written if isinstance(written, str) else json.dumps(written)
    for worded in ('"label": "N"', '"fieldLabels": ["N"]', '"heading": "N"', '"heading": "KIND"'):
        text = text.replace(worded, '"unused": 0')
    for name, frame in ((name, frame) for name in ("N", "KIND") for frame in FRAMES):
        text = text.replace(frame.format(name), frame.format(SECRET))
    return text.replace("[KIND]", f"[{SECRET}]")


def told(style: Style) -> Iterator[str]:
    """All words of a legend."""
    yield heading_of(style)
    for item in legend_items(style):
        yield from (item.label, item.heading)


@pytest.mark.parametrize(("language", "theme"), THEMES)
def test_no_field_stands_in_a_legend(tmp_path: Path, language: str, theme: str) -> None:
    """Of every theme in every language, as the file says and classed by nothing but its fields."""
    for named in read_styles(saved(tmp_path, SUFFIXES[language], secretly(THEMES[language, theme]))):
        assert not [text for text in told(named.style) if SECRET in text]


def test_no_condition_stands_in_a_legend(tmp_path: Path) -> None:
    """A rule of Mapnik without a name has no label."""
    (named,) = read_styles(saved(tmp_path, ".xml", CONDITION))
    assert [item.label for item in legend_items(named.style)] == [""]


@pytest.mark.parametrize(("alias", "heading"), [("", ""), ("HAZARD_CLASS", ""), ("Hazard", "Hazard")])
def test_a_style_chosen_from_the_data_is_headed_by_an_alias_alone(alias: str, heading: str) -> None:
    """The name that people gave the field, which geodatabases repeat where nobody gave one."""
    facts = VectorFacts(GeometryKind.POLYGON, (Field("hazard_class", FieldKind.INTEGER, alias=alias),), count=3)
    (need,) = default_needs(facts)
    measures = {need: Measures(3, 1.0, 2.0, distinct=((1, 2), (2, 1)), distinct_is_whole=True)}
    style = default_style(facts, measures, "Hazards")
    assert heading_of(style) == heading and len(legend_items(style)) == 2
