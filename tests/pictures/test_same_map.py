"""The same thematic map written in every style language draws the same picture and has the same legend."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from rendermap.geo.bbox import BBox
from rendermap.geo.view import MapView
from rendermap.render.vectors import draw_vectors
from rendermap.symbology.legend import legend_items
from rendermap.symbology.readers.table import read_styles
from rendermap.symbology.style import Style
from tests.builders import qml, sld, styles
from tests.builders.vectors import plan_for, write_features

VIEW = MapView(BBox(0, 0, 100, 100), "EPSG:25832", 200, 200)
LIKENESS = 0.99
Json = dict[str, object]


def hexed(color: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)


def comma(color: tuple[int, int, int]) -> str:
    return ",".join(map(str, (*color, 255)))


RED, YELLOW, BLUE, GREY = (220, 50, 40), (250, 210, 80), (60, 90, 200), (90, 90, 90)
KINDS = (("a", "Forest", RED), ("b", "Meadow", YELLOW))
LIMITS = ((0.0, 3.0, "few", RED), (3.0, 6.0, "some", YELLOW), (6.0, 9.0, "many", BLUE))


# --- areas by kind, with an outline of 1 pt ------------------------------------------------------------------------------


def area_cim(color: tuple[int, int, int]) -> Json:
    outline = styles.stroke(styles.rgb(*GREY), 1.5, capStyle="Round", joinStyle="Round")
    return styles.symbol("Polygon", outline, styles.fill(styles.rgb(*color)))


def area_esri(color: tuple[int, int, int]) -> Json:
    outline = {"type": "esriSLS", "style": "esriSLSSolid", "color": [*GREY, 255], "width": 1.5}
    return {"type": "esriSFS", "style": "esriSFSSolid", "color": [*color, 255], "outline": outline}


def area_sld(color: tuple[int, int, int]) -> str:
    outline = sld.css(stroke=hexed(GREY), stroke_width="2", stroke_linejoin="round", stroke_linecap="round")
    return f"<PolygonSymbolizer><Fill>{sld.css(fill=hexed(color))}</Fill><Stroke>{outline}</Stroke></PolygonSymbolizer>"


def area_qml(color: tuple[int, int, int], name: str) -> str:
    pen = {"outline_color": comma(GREY), "outline_width": 1.5, "outline_width_unit": "Point", "joinstyle": "round"}
    return qml.symbol("fill", qml.layer("SimpleFill", color=comma(color), **pen), name=name)  # type: ignore[arg-type]


def areas_by_kind() -> dict[str, str]:
    lyrx = styles.unique(["KIND"], [([value], area_cim(color)) for value, _, color in KINDS])
    for item, (_, label, _) in zip(lyrx["groups"][0]["classes"], KINDS, strict=True):
        item["label"] = label
    infos = [{"value": value, "label": label, "symbol": area_esri(color)} for value, label, color in KINDS]
    rules = [sld.rule(area_sld(color), test=sld.compare("EqualTo", "KIND", value), title=label) for value, label, color in KINDS]
    categories = [{"value": value, "label": label, "type": "string"} for value, label, _ in KINDS]
    return {
        ".lyrx": json.dumps(styles.document(styles.feature_layer(lyrx))),
        ".json": json.dumps({"type": "uniqueValue", "field1": "KIND", "uniqueValueInfos": infos}),
        ".sld": sld.sld(*rules),
        ".qml": qml.document(qml.categorized("KIND", categories, [area_qml(c, str(i)) for i, (_, _, c) in enumerate(KINDS)])),
    }


# --- areas by number ---------------------------------------------------------------------------------------------------


def areas_by_number() -> dict[str, str]:
    lyrx = styles.breaks("N", [high for _, high, _, _ in LIMITS], minimumBreak=0.0)
    for item, (_, _, label, color) in zip(lyrx["breaks"], LIMITS, strict=True):
        item.update(label=label, symbol=area_cim(color))
    infos = [{"classMaxValue": high, "label": label, "symbol": area_esri(color)} for _, high, label, color in LIMITS]
    rules = [
        sld.rule(
            area_sld(color),
            test=sld.both(
                sld.compare("GreaterThan" if low else "GreaterThanOrEqualTo", "N", str(low)),
                sld.compare("LessThanOrEqualTo", "N", str(high)),
            ),
            title=label,
        )
        for low, high, label, color in LIMITS
    ]
    ranges = [(low, high, label) for low, high, label, _ in LIMITS]
    return {
        ".lyrx": json.dumps(styles.document(styles.feature_layer(lyrx))),
        ".json": json.dumps({"type": "classBreaks", "field": "N", "minValue": 0.0, "classBreakInfos": infos}),
        ".sld": sld.sld(*rules),
        ".qml": qml.document(qml.graduated("N", ranges, [area_qml(c, str(i)) for i, (_, _, _, c) in enumerate(LIMITS)])),
    }


# --- one symbol for lines and points -------------------------------------------------------------------------------------


def lines() -> dict[str, str]:
    dashes = [{"type": "CIMGeometricEffectDashes", "dashTemplate": [9, 6]}]
    stroke = styles.stroke(styles.rgb(*BLUE), 3.0, capStyle="Butt", joinStyle="Round", effects=dashes)
    pen = {"line_width": 3, "line_width_unit": "Point", "capstyle": "flat", "joinstyle": "round"}
    pen |= {"customdash": "9;6", "customdash_unit": "Point"}
    drawn = qml.layer("SimpleLine", line_color=comma(BLUE), use_custom_dash=1, **pen)  # type: ignore[arg-type]
    more = {"stroke_dasharray": "12 8", "stroke_linecap": "butt", "stroke_linejoin": "round"}
    return {
        ".lyrx": json.dumps(styles.document(styles.feature_layer(styles.simple(styles.symbol("Line", stroke), label="Road")))),
        ".sld": sld.sld(sld.rule(sld.line(hexed(BLUE), "4", **more), title="Road")),
        ".qml": qml.document(qml.rules(qml.rule(symbol="0", label="Road"), symbols=[qml.symbol("line", drawn)])),
    }


def points() -> dict[str, str]:
    outline = {"color": [*GREY, 255], "width": 1.5}
    esri = {"type": "esriSMS", "style": "esriSMSSquare", "color": [*RED, 255], "size": 9, "outline": outline}
    square = {"rings": [[[-5, -5], [-5, 5], [5, 5], [5, -5], [-5, -5]]]}
    inside = styles.stroke(styles.rgb(*GREY), 1.5, capStyle="Butt", joinStyle="Miter"), styles.fill(styles.rgb(*RED))
    edge = f"<Stroke>{sld.css(stroke=hexed(GREY), stroke_width='2')}</Stroke>"
    mark = f"<Mark><WellKnownName>square</WellKnownName><Fill>{sld.css(fill=hexed(RED))}</Fill>{edge}</Mark>"
    pen = {"outline_color": comma(GREY), "outline_width": 1.5, "outline_width_unit": "Point", "joinstyle": "miter", "size_unit": "Point"}
    drawn = qml.layer("SimpleMarker", name="square", size=9, color=comma(RED), **pen)  # type: ignore[arg-type]
    cim = styles.symbol("Point", styles.vector_marker(9, square, *inside))
    return {
        ".lyrx": json.dumps(styles.document(styles.feature_layer(styles.simple(cim, label="Town")))),
        ".json": json.dumps({"type": "simple", "label": "Town", "symbol": esri}),
        ".sld": sld.sld(sld.rule(sld.point(f"<Graphic>{mark}<Size>12</Size></Graphic>"), title="Town")),
        ".qml": qml.document(qml.rules(qml.rule(symbol="0", label="Town"), symbols=[qml.symbol("marker", drawn)])),
    }


MAPS = {"areas by kind": areas_by_kind, "areas by number": areas_by_number, "lines": lines, "points": points}
BOXES = [shapely.box(x, y, x + 28, y + 28) for y in (4, 36, 68) for x in (4, 36, 68)]
GEOMETRIES: dict[str, list[shapely.Geometry]] = {
    "areas by kind": BOXES,
    "areas by number": BOXES,
    "lines": [shapely.LineString([(5, 10 * i), (50, 10 * i + 8), (95, 10 * i)]) for i in range(1, 10)],
    "points": [shapely.Point(20.25 + 30 * (i % 3), 20.25 + 30 * (i // 3)) for i in range(9)],
}
COLUMNS: dict[str, list[object]] = {
    "KIND": ["a", "b", "c", None, "a", "b", "a", "b", "a"],
    "N": [0.0, 3.0, 3.5, 6.0, 6.5, 9.0, 9.5, None, -1.0],
}


def read(folder: Path, suffix: str, text: str) -> Style:
    file = folder / f"map{suffix}"
    file.write_text(text, encoding="utf-8")
    (layer,) = read_styles(file)
    assert layer.warnings == ()
    return layer.style


def likeness(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """1 for the same picture, 0 for its opposite."""
    return 1 - float(np.abs(one.astype(int) - other.astype(int)).mean()) / 255


@pytest.mark.parametrize("name", MAPS)
def test_the_same_map_in_every_language(name: str, tmp_path: Path) -> None:
    """Colours, classes, limits, what is left undrawn, sizes and labels do not depend on the language."""
    layer = write_features(tmp_path, GEOMETRIES[name], COLUMNS)
    read_as = {suffix: read(tmp_path, suffix, text) for suffix, text in MAPS[name]().items()}
    pictures = {suffix: draw_vectors([plan_for(layer, style)], VIEW) for suffix, style in read_as.items()}
    first = pictures[".qml"]
    assert (first[..., 3] > 0).mean() > 0.01
    for suffix, picture in pictures.items():
        assert likeness(first, picture) > LIKENESS, suffix
        drawn, other = first[..., 3] > 0, picture[..., 3] > 0
        assert (drawn & other).sum() / (drawn | other).sum() > 0.97, suffix
    legends = {suffix: [item.label for item in legend_items(style)] for suffix, style in read_as.items()}
    assert all(legend == legends[".qml"] for legend in legends.values()), legends
