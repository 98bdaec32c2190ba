"""Every limit of a layer file and of a job is refused by name, tried with the limit made small: what draws below it is refused above it."""

from __future__ import annotations

import base64
import secrets
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import shapely

from rendermap import limits
from rendermap.errors import Broken, InvalidExpression, StyleInvalid
from rendermap.jobs.datasets import is_pointer
from rendermap.jobs.document import DOCUMENT_NAME, read_document
from rendermap.jobs.fingerprint import fingerprint
from rendermap.jobs.job import DataSource
from rendermap.jobs.names import parse_name
from rendermap.limits import LIMITS, About, Limit
from rendermap.render import copy_store
from rendermap.render.csv_table import inspect_csv
from rendermap.render.dots import Scattering
from rendermap.render.mapnik_filter import Columns
from rendermap.render.theme_rules import rules_of
from rendermap.symbology.embedded import Unusable, read_picture
from rendermap.symbology.expressions import arcade
from rendermap.symbology.expressions.tree import Column
from rendermap.symbology.facts import Field, FieldKind
from rendermap.symbology.gallery import Gallery
from rendermap.symbology.readers.table import read_styles
from rendermap.symbology.style import Rules
from rendermap.symbology.svg import read_svg
from tests.builders import qml, sld, styles

AREA = styles.symbol("Polygon", styles.fill(styles.rgb(255, 0, 0)))
SQUARE = {"rings": [[[0, 0], [0, 5], [5, 5], [5, 0], [0, 0]]]}
PNG = base64.b64decode(sld.PNG)
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{}</svg>'
GRADIENT = '<linearGradient id="a"><stop offset="0"/><stop offset="1"/></linearGradient><rect width="5" height="5" fill="url(#a)"/>'

ELSEWHERE = {
    "features": "tests/render/test_dataset_size.py",
    "vertices": "tests/render/test_dataset_size.py",
    "cells of a side": "tests/render/test_dataset_size.py",
    "bands": "tests/render/test_dataset_size.py",
    "piece of a raster": "tests/refusal/test_exhausting_files.py",
    "distinct values": "tests/dispatch/test_budget.py",
}
"""Limits that are tried where their readers are."""


@dataclass(frozen=True)
class Sample:
    """Something that is read within a limit of `within` and refused within one of `beyond`.  read: takes a folder to write in."""

    within: int
    beyond: int
    read: Callable[[Path], object]
    error: type[Exception] = StyleInvalid


def lyrx(*layers: styles.Json, roots: list[str] | None = None) -> Callable[[Path], object]:
    """Reads the layers."""
    return lambda folder: styles.read(*layers, roots=roots)


def style_file(folder: Path) -> object:
    """Reads a layer file."""
    return read_styles(styles.style_file(folder / "a.lyrx", styles.feature_layer(styles.simple())))


def of_qgis(text: str) -> Callable[[Path], object]:
    """Reads a document of QGIS."""
    return lambda folder: qml.read(text)


def of_sld(text: str) -> Callable[[Path], object]:
    """Reads a document of SLD."""
    return lambda folder: sld.read(text)


def of_mapnik(rules: str) -> Callable[[Path], object]:
    """Reads a document of Mapnik."""

    def read(folder: Path) -> object:
        (folder / "a.xml").write_text(f"<Style>{rules}</Style>", encoding="utf-8")
        return read_styles(folder / "a.xml")

    return read


def of_arcade(text: str) -> Callable[[Path], object]:
    """Reads an expression."""
    return lambda folder: arcade.parse_value(text)


def picture(content: bytes) -> Callable[[Path], object]:
    """Reads a picture."""
    return lambda folder: read_picture(content)


def pictures(folder: Path) -> object:
    """Reads two pictures of one document."""
    gallery = Gallery()
    read_picture(PNG, gallery)
    return read_picture(SVG.format("<g/>").encode(), gallery)


def svg(inside: str) -> Callable[[Path], object]:
    """Reads a drawing."""
    return lambda folder: read_svg(SVG.format(inside).encode())


def job_document(folder: Path) -> object:
    """Reads a job's document."""
    (folder / DOCUMENT_NAME).write_text('{"schema": "x"}', encoding="utf-8")
    try:
        return read_document(folder)
    except Broken as error:
        if "At most" in error.sentence:
            raise
        return error


def else_rules(folder: Path) -> object:
    """The engine's rules of a theme with an else rule."""
    test = sld.both(sld.compare("GreaterThan", "a", "1"), sld.compare("LessThan", "b", "7"))
    rules = (sld.rule(sld.polygon(), test=test), sld.rule(sld.polygon(), test="else"))
    style = sld.read(sld.sld(*rules)).style
    assert isinstance(style.theme, Rules)
    return rules_of(style, Columns((Field("a", FieldKind.INTEGER), Field("b", FieldKind.INTEGER))))


def sidecar(folder: Path) -> object:
    """Looks into what lies beside a raster."""
    file = folder / "a.tif.aux.xml"
    file.write_text("<PAMDataset/>", encoding="ascii")
    return is_pointer(file, secrets.token_hex())


def table(folder: Path) -> object:
    """Reads a table."""
    file = folder / "a.csv"
    file.write_text("x,y,note\n1,2,12345678\n", encoding="ascii")
    return inspect_csv(DataSource(file, None, folder, "now"))


def copy(folder: Path) -> object:
    """Makes a copy until there is no more room."""

    def make(half: Path) -> None:
        half.write_bytes(b"x" * 50)
        if copy_store.COPY_BYTES.value <= 50:
            raise OSError(27, "File too large")

    source = folder / "source"
    source.touch()
    return copy_store.kept_copy(secrets.token_hex(), ".x", DataSource(source, None, folder, fingerprint(source)), make)


def dots(folder: Path) -> object:
    """Fifty dots in a square."""
    return Scattering((Column("pop"),), 1.0, 1)(np.array([shapely.box(0, 0, 9, 9)], object), {"pop": (np.array([50.0]), None)})


RECODED = (
    '<PolygonSymbolizer><Fill><CssParameter name="fill"><se:Recode fallbackValue="#000000">'
    f"<se:LookupValue>{sld.prop('a')}</se:LookupValue>"
    "<se:MapItem><se:Data>1</se:Data><se:Value>#ff0000</se:Value></se:MapItem>"
    "<se:MapItem><se:Data>2</se:Data><se:Value>#00ff00</se:Value></se:MapItem></se:Recode></CssParameter></Fill></PolygonSymbolizer>"
)
CENTROIDS = qml.symbol("fill", qml.layer("CentroidFill", qml.marker(name="@0@0")))
INVERTED = qml.renderer("invertedPolygonRenderer", qml.single(qml.fill()))
CLASSES = {
    "type": "CIMRasterClassifyColorizer",
    "classBreaks": [{"upperBound": number, "color": styles.rgb(number, 0, 0)} for number in (1, 2, 3)],
}

SAMPLES: dict[Limit, Sample] = {
    limits.JOB_DOCUMENT_BYTES: Sample(100, 5, job_document, Broken),
    limits.DATASET_NAME_CHARS: Sample(9, 4, lambda folder: parse_name("a.tif"), Broken),
    limits.SIDECAR_BYTES: Sample(13, 12, sidecar, Broken),
    limits.CELL_CHARS: Sample(8, 7, table, Broken),
    limits.COPY_BYTES: Sample(51, 50, copy, Broken),
    limits.STYLE_BYTES: Sample(9999, 9, style_file),
    limits.STYLE_JSON_DEPTH: Sample(20, 2, lyrx(styles.feature_layer(styles.simple()))),
    limits.STYLE_XML_DEPTH: Sample(20, 2, of_sld(sld.sld(sld.rule(sld.polygon())))),
    limits.CLASSES: Sample(2, 1, lyrx(styles.feature_layer(styles.unique(["A"], [(["1"], AREA), (["2"], AREA)])))),
    limits.CELL_CLASSES: Sample(3, 2, lyrx(styles.raster_layer(CLASSES))),
    limits.RULES: Sample(2, 1, of_sld(sld.sld(sld.rule(sld.polygon()) * 2))),
    limits.RULE_DEPTH: Sample(2, 0, of_qgis(qml.document(qml.rules(qml.rule(qml.rule(symbol="0"), filter="a=1"), symbols=[qml.fill()])))),
    limits.ELSE_CHARS: Sample(999, 2, else_rules),
    limits.GROUP_DEPTH: Sample(3, 0, lyrx(styles.group_layer("G", ["Features"]), styles.feature_layer(styles.simple()), roots=["G"])),
    limits.SYMBOL_LAYERS: Sample(
        2, 1, lyrx(styles.feature_layer(styles.simple(styles.symbol("Polygon", *[styles.fill(styles.rgb(1, 2, 3))] * 2))))
    ),
    limits.SYMBOL_DEPTH: Sample(2, 0, of_qgis(qml.document(qml.single(CENTROIDS)))),
    limits.RENDERER_DEPTH: Sample(2, 0, of_qgis(qml.document(INVERTED))),
    limits.SYMBOL_ELEMENTS: Sample(999, 3, of_sld(sld.sld(sld.rule(RECODED)))),
    limits.OUTLINE_POINTS: Sample(
        9,
        3,
        lyrx(
            styles.feature_layer(styles.simple(styles.symbol("Point", styles.vector_marker(9, SQUARE, styles.fill(styles.rgb(1, 2, 3))))))
        ),
    ),
    limits.DOTS: Sample(50, 49, dots),
    limits.EXPRESSION_PARTS: Sample(99, 3, of_arcade("$feature.a + $feature.b + $feature.c"), InvalidExpression),
    limits.BRANCH_DEPTH: Sample(99, 2, of_arcade("((((($feature.a)))))"), InvalidExpression),
    limits.STATEMENTS: Sample(9, 1, of_arcade("var a = 1; var b = a; return b"), InvalidExpression),
    limits.STATEMENT_PARTS: Sample(99, 1, of_arcade("var a = $feature.x + 1; var b = a; return b"), InvalidExpression),
    limits.OPERATORS: Sample(9, 1, of_mapnik("<Rule><Filter>[a]+1-2=0</Filter><PolygonSymbolizer/></Rule>")),
    limits.GALLERY_PIXELS: Sample(999, 15, pictures),
    limits.PICTURE_BYTES: Sample(999, 9, picture(PNG), Unusable),
    limits.SYMBOL_PICTURE_SIDE: Sample(4, 3, picture(PNG), Unusable),
    limits.SYMBOL_PICTURE_PIXELS: Sample(16, 15, picture(PNG), Unusable),
    limits.SVG_ELEMENTS: Sample(9, 2, svg("<g/>" * 4)),
    limits.SVG_STOPS: Sample(9, 1, svg(GRADIENT)),
    limits.SVG_ATTRIBUTES: Sample(9, 2, svg('<rect width="5" height="5" fill="red"/>')),
    limits.SVG_CHARS: Sample(99, 9, svg('<path d="M0 0 L 5 5 L 9 0 Z"/>')),
}


def shrink(limit: Limit, most: int, monkeypatch: pytest.MonkeyPatch) -> Limit:
    """The limit with another value, in every room that knows it."""
    name, small = next(name for name, value in vars(limits).items() if value is limit), replace(limit, value=most)
    for module in tuple(sys.modules.values()):
        if getattr(module, "__name__", "").startswith("rendermap.") and getattr(module, name, None) == limit:
            monkeypatch.setattr(module, name, small)
    return small


@pytest.mark.parametrize("limit", SAMPLES, ids=lambda limit: limit.name)
def test_beyond_a_limit_is_refused_by_name(limit: Limit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inclusive below, refused above, with the limit in the words that are told."""
    sample = SAMPLES[limit]
    with monkeypatch.context() as patch:
        shrink(limit, sample.within, patch)
        sample.read(tmp_path)
    small = shrink(limit, sample.beyond, monkeypatch)
    with pytest.raises(sample.error) as caught:
        sample.read(tmp_path)
    assert small.sentence in getattr(caught.value, "sentence", str(caught.value))


def test_every_limit_of_a_file_is_tried() -> None:
    """A new limit is tried on the day it is written."""
    mine = {limit.name for limit in LIMITS if limit.about in (About.JOB, About.LAYER_FILE, About.SYMBOL_PICTURE)}
    assert mine == {limit.name for limit in SAMPLES} | ELSEWHERE.keys()
    assert not {file for file in ELSEWHERE.values() if not (Path(__file__).parents[2] / file).is_file()}
