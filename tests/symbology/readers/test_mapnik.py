"""Mapnik's own documents: what draws is taken, nothing is opened, and the engine draws them as they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely

from rendermap.dispatch.plan import LayerPlan, layer_plan
from rendermap.errors import StyleInvalid
from rendermap.jobs.job import Layer
from rendermap.render.vectors import draw_vectors
from rendermap.symbology.expressions.sql import parse_filter
from rendermap.symbology.expressions.tree import Expression
from rendermap.symbology.legend import legend_items
from rendermap.symbology.legend_item import EnginePatch
from rendermap.symbology.readers.table import NamedStyle, read_styles
from rendermap.symbology.style import Classified, Engine, Stretch, UniqueRaster
from rendermap.symbology.symbols import TRANSPARENT
from tests.builders.vectors import view_on, write_features

TWO = (
    '<Style name="s" filter-mode="first"><Rule name="Large"><Filter>[Size] &gt; 5</Filter><PolygonSymbolizer fill="#ff0000"/></Rule>'
    '<Rule><ElseFilter/><PolygonSymbolizer fill="#0000ff"/></Rule></Style>'
)


def plan_by(layer: Layer, named: NamedStyle, condition: Expression | None = None) -> LayerPlan:
    """The plan that draws a layer by a style under a filter."""
    return layer_plan(1, layer, layer.crs or "", replace(named.style, filter=condition))


def read(tmp_path: Path, text: str) -> tuple[NamedStyle, ...]:
    """The styles of a document on disk."""
    file = tmp_path / "map.xml"
    file.write_text(text, encoding="utf-8")
    return read_styles(file)


def raster(tmp_path: Path, colorizer: str) -> object:
    """The theme of a raster colorizer."""
    text = f"<Style><Rule><RasterSymbolizer>{colorizer}</RasterSymbolizer></Rule></Style>"
    return read(tmp_path, text)[0].style.theme


def test_a_style_is_drawn_by_the_engine_under_the_filter(tmp_path: Path) -> None:
    """Rules draw by their own filters; the layer's filter hides features, also from the rule for all others."""
    named = read(tmp_path, TWO)[0]
    assert isinstance(named.style.theme, Engine) and named.style.theme.fields == ("Size",)
    shapes = [shapely.box(i * 10, 0, i * 10 + 10, 10) for i in range(3)]
    file = write_features(tmp_path, shapes, {"SIZE": [1, 3, 9], "KIND": ["a", "b", "b"]})
    seen = draw_vectors([plan_by(file, named)], view_on((0, 0, 30, 10), width=30, height=10))
    assert [tuple(seen[5, x]) for x in (5, 15, 25)] == [(0, 0, 255, 255), (0, 0, 255, 255), (255, 0, 0, 255)]
    seen = draw_vectors([plan_by(file, named, parse_filter("KIND = 'b'"))], view_on((0, 0, 30, 10), width=30, height=10))
    assert [tuple(seen[5, x]) for x in (5, 15, 25)] == [(0, 0, 0, 0), (0, 0, 255, 255), (255, 0, 0, 255)]


def test_the_legend_has_a_line_for_each_rule(tmp_path: Path) -> None:
    """By the rule's name; what draws only text has none."""
    text = TWO.replace("</Style>", '<Rule><TextSymbolizer face-name="DejaVu Sans Book" size="9">[Size]</TextSymbolizer></Rule></Style>')
    items = legend_items(read(tmp_path, text)[0].style)
    assert [item.label for item in items] == ["Large", ""]
    assert all(isinstance(item.patch, EnginePatch) and "Filter" not in item.patch.rule for item in items)


def test_layers_name_their_styles_and_datasources_are_left_out(tmp_path: Path) -> None:
    """A style per layer, with a warning for the data it would have drawn."""
    layer = '<Layer name="Lots"><StyleName>s</StyleName><Datasource><Parameter name="file">/etc/passwd</Parameter></Datasource></Layer>'
    named = read(tmp_path, f"<Map>{TWO}{layer}</Map>")
    assert [n.name for n in named] == ["Lots"]
    assert "the data of the job is drawn" in str(named[0].warnings[0])
    with pytest.raises(StyleInvalid):
        read(tmp_path, '<Map><Layer name="Lots"><StyleName>t</StyleName></Layer></Map>')


@pytest.mark.parametrize("file", ["/etc/passwd", "http://example.org/a.png", "icons/a.svg", "data:image/png;base64,AA=="])
def test_files_are_never_opened(file: str, tmp_path: Path) -> None:
    """A marker's file becomes an ellipse, a pattern's draws nothing; both are warned."""
    text = f'<Style><Rule><MarkersSymbolizer file="{file}"/><PolygonPatternSymbolizer file="{file}"/></Rule></Style>'
    named = read(tmp_path, text)[0]
    assert isinstance(named.style.theme, Engine) and file not in "".join(named.style.theme.styles)
    assert "shape://ellipse" in named.style.theme.styles[0] and len(named.warnings) == 2


@pytest.mark.parametrize(
    "inside", ["<Include/>", "<DebugSymbolizer/>", "<GroupSymbolizer/>", "<LineSymbolizer><Datasource/></LineSymbolizer>"]
)
def test_what_is_no_part_of_a_style_is_refused(inside: str, tmp_path: Path) -> None:
    """Only conditions and symbolizers of features reach the engine."""
    with pytest.raises(StyleInvalid):
        read(tmp_path, f"<Style><Rule>{inside}</Rule></Style>")


def test_what_the_engine_does_not_understand_is_a_fault_of_the_style(tmp_path: Path) -> None:
    """Not of the data."""
    named = read(tmp_path, '<Style><Rule><LineSymbolizer stroke="no colour"/></Rule></Style>')[0]
    file = write_features(tmp_path, [shapely.box(0, 0, 9, 9)], {})
    with pytest.raises(StyleInvalid):
        draw_vectors([plan_by(file, named)], view_on((0, 0, 9, 9)))


@pytest.mark.parametrize(
    "expression", ["(" * 41 + "1" + ")" * 41, "[A]=1 or " * 2000 + "[A]=2", "+".join("1" * 1100), "'\\')'=" + "(" * 41 + "')'" + ")" * 41]
)
@pytest.mark.parametrize("inside", ["<Filter>{}</Filter>", '<PolygonSymbolizer fill-opacity="{}"/>'])
def test_expressions_that_would_exhaust_the_engine_are_refused(inside: str, expression: str, tmp_path: Path) -> None:
    """Thousands of brackets in each other end its process."""
    with pytest.raises(StyleInvalid) as caught:
        read(tmp_path, f"<Style><Rule>{inside.format(expression)}</Rule></Style>")
    assert "At most" in caught.value.sentence


def test_usual_expressions_stay(tmp_path: Path) -> None:
    """Long lists of values, brackets in texts, and a lone apostrophe in a name."""
    wide = " or ".join(f"([A] = 'it\\'s ({number}')" for number in range(400))
    read(tmp_path, f'<Style><Rule name="it\'s (so"><Filter>{wide}</Filter><PolygonSymbolizer/></Rule></Style>')


def test_raster_colorizers_become_themes(tmp_path: Path) -> None:
    """Linear stops a stretch, discrete ones classes without their upper limit, exact ones single values."""
    stops = '<stop value="0" color="#000000"/><stop value="2" color="#ff0000" label="two"/><stop value="10" color="white"/>'
    linear = raster(tmp_path, f"<RasterColorizer>{stops}</RasterColorizer>")
    assert isinstance(linear, Stretch) and linear.recipe.limits == (0, 10) and linear.ramp.stops[1][0] == pytest.approx(0.2)
    discrete = raster(tmp_path, f'<RasterColorizer default-mode="discrete">{stops}</RasterColorizer>')
    assert isinstance(discrete, Classified) and discrete.minimum == 0 and discrete.classes[1].label == "two"
    assert discrete.classes[0].upper < 2 and np.float32(discrete.classes[0].upper) < np.float32(2) and discrete.classes[2].upper == np.inf
    exact = raster(tmp_path, f'<RasterColorizer default-mode="exact" default-color="#00000080">{stops}</RasterColorizer>')
    assert isinstance(exact, UniqueRaster) and [c.values for c in exact.classes] == [(0,), (2,), (10,)] and exact.default == (0, 0, 0, 128)
    exact = raster(tmp_path, f'<RasterColorizer default-mode="exact">{stops}</RasterColorizer>')
    assert isinstance(exact, UniqueRaster) and exact.default == TRANSPARENT


@pytest.mark.parametrize("face", ["DejaVu Sans Book", "DejaVu Serif Bold", "Nobody's Sans Bold"])
def test_texts_have_the_letters_of_every_script(tmp_path: Path, face: str) -> None:
    """A face that lacks letters is helped out: two texts of another script are two pictures and not the same empty boxes."""
    seen = []
    for number, word in enumerate(("\u5317\u4eac", "\u6771\u6d77", "\u0939\u093f")):
        text = f'<Style name="s"><Rule><TextSymbolizer face-name="{face}" size="20">[N]</TextSymbolizer></Rule></Style>'
        file = write_features(tmp_path, [shapely.Point(50, 25)], {"N": [word]}, name=f"p{number}")
        seen.append(draw_vectors([plan_by(file, read(tmp_path, text)[0])], view_on((0, 0, 100, 50), width=100, height=50)))
    assert all(picture[..., 3].any() for picture in seen)
    assert not np.array_equal(seen[0], seen[1])


def test_a_face_that_is_not_here_is_told(tmp_path: Path) -> None:
    """What stands in for it."""
    text = '<Style name="s"><Rule><TextSymbolizer face-name="Nobody Bold" size="20">[N]</TextSymbolizer></Rule></Style>'
    assert any("Nobody" in str(note) for note in read(tmp_path, text)[0].warnings)
