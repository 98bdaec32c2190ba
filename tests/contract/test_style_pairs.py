"""Every style language with every theme and every kind of symbol layer: a pair is read and drawn, or the manual says that it cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from rendermap.symbology import style as themes
from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.readers.table import STYLE_READERS, read_styles
from rendermap.symbology.style import RasterTheme, Single, VectorTheme
from rendermap.symbology.symbolizers.table import SYMBOLIZERS
from tests.builders.manual_tables import MANUAL, symbol_table, tables_in, theme_table
from tests.builders.style_samples import SYMBOLS, THEMES, saved
from tests.builders.styles import FolderCanvas

GEOMETRIES = {"stroke": GeometryKind.LINE, "marker": GeometryKind.POINT, "picture_marker": GeometryKind.POINT}
ALL_THEMES = (*VectorTheme.__args__, *RasterTheme.__args__)  # type: ignore[attr-defined]


def test_every_pair_that_is_said_to_work_has_a_sample() -> None:
    """And no sample is of a pair that the table does not name."""
    told = {(reader.name, name) for reader in STYLE_READERS for name in SYMBOLIZERS.names if reader.reads_symbols(SYMBOLIZERS[name])}
    assert told == set(SYMBOLS)
    assert {(reader.name, theme.__name__) for reader in STYLE_READERS for theme in reader.themes} == set(THEMES)


@pytest.mark.parametrize(("language", "kind"), SYMBOLS)
def test_a_kind_of_symbol_layer_is_read_and_drawn(language: str, kind: str, tmp_path: Path) -> None:
    """Without a warning, as the kind it is, and Mapnik has something to draw."""
    (named,) = read_styles(saved(tmp_path, STYLE_READERS[language].suffixes[0], SYMBOLS[language, kind]))
    assert named.warnings == ()
    assert isinstance(named.style.theme, Single)
    layers = [layer for layer in named.style.theme.symbol.layers if isinstance(layer, SYMBOLIZERS[kind].kind)]
    assert len(layers) == 1
    canvas = FolderCanvas(tmp_path, GEOMETRIES.get(kind, GeometryKind.POLYGON))
    assert SYMBOLIZERS[kind].to_mapnik(layers[0], canvas)


@pytest.mark.parametrize(("language", "theme"), THEMES)
def test_a_theme_is_read(language: str, theme: str, tmp_path: Path) -> None:
    """Without a warning, as the theme it is."""
    (named,) = read_styles(saved(tmp_path, STYLE_READERS[language].suffixes[0], THEMES[language, theme]))
    assert named.warnings == ()
    assert isinstance(named.style.theme, getattr(themes, theme))


def test_every_theme_can_be_said_in_some_language() -> None:
    """A theme that nobody can write is dead."""
    assert {theme for reader in STYLE_READERS for theme in reader.themes} == set(ALL_THEMES)


def test_the_manual_has_the_tables_of_the_code() -> None:
    """Run `python -m tests.builders.manual_tables` to write them anew."""
    assert tables_in(MANUAL.read_text(encoding="utf-8")) == {"symbols": symbol_table(), "themes": theme_table()}
