"""The same thematic map written as .lyrx, drawingInfo, SLD and QML is the same picture and has the same legend."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from rendermap.dispatch.plan import LayerPlan, SwatchLayer, layer_plan
from rendermap.drawables import geometry_of
from rendermap.geo.bbox import BBox
from rendermap.geo.view import MapView
from rendermap.jobs.job import Layer
from rendermap.render.compose import draw
from rendermap.render.swatches import draw_swatches
from rendermap.symbology.classify import fit
from rendermap.symbology.legend import legend_items
from rendermap.symbology.readers.table import read_styles
from rendermap.symbology.style import Classification, Style
from tests.builders import qml, sld
from tests.builders.styles import document, feature_layer, rgb, stroke, symbol
from tests.builders.styles import fill as cim_fill
from tests.builders.vectors import map_plan, write_features

LANGUAGES = ("lyrx", "json", "sld", "qml")
Documents = Mapping[str, Any]
WIDE = MapView(BBox(0, 0, 60, 40), "EPSG:25832", 240, 160)

A, B, C, EDGE = (79, 129, 189), (230, 140, 60), (120, 170, 80), (40, 60, 90)
TONES = {"a": A, "b": B, "c": C}
UPPERS = (10.0, 20.0, 40.0)
CLASSES = tuple((f"to {upper:g}", upper, tone) for upper, tone in zip(UPPERS, (A, B, C), strict=True))


def hex_of(color: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)


def commas(color: tuple[int, int, int]) -> str:
    return ",".join(map(str, (*color, 255)))


# --- the same symbol in four languages ---------------------------------------------------------------------------------

OUTLINE_PT = 1.5


def cim_polygon(color: tuple[int, int, int]) -> dict[str, Any]:
    return symbol("Polygon", stroke(rgb(*EDGE), OUTLINE_PT, capStyle="Round", joinStyle="Round"), cim_fill(rgb(*color)))


def esri_polygon(color: tuple[int, int, int]) -> dict[str, Any]:
    outline = {"type": "esriSLS", "style": "esriSLSSolid", "color": [*EDGE, 255], "width": OUTLINE_PT}
    return {"type": "esriSFS", "style": "esriSFSSolid", "color": [*color, 255], "outline": outline}


def sld_polygon(color: tuple[int, int, int]) -> str:
    line = sld.css(stroke=hex_of(EDGE), stroke_width="2", stroke_linejoin="round", stroke_linecap="round")
    return f"<PolygonSymbolizer><Fill>{sld.css(fill=hex_of(color))}</Fill><Stroke>{line}</Stroke></PolygonSymbolizer>"


def qml_polygon(color: tuple[int, int, int], name: str = "0") -> str:
    outline = {"outline_color": commas(EDGE), "outline_style": "solid", "outline_width": OUTLINE_PT, "outline_width_unit": "Point"}
    return qml.symbol("fill", qml.layer("SimpleFill", color=commas(color), style="solid", joinstyle="round", **outline), name=name)


def single() -> Documents:
    return {
        "lyrx": document(feature_layer({"type": "CIMSimpleRenderer", "label": "Lots", "symbol": cim_polygon(A)})),
        "json": {"type": "simple", "label": "Lots", "symbol": esri_polygon(A)},
        "sld": sld.sld(sld.rule(sld_polygon(A), title="Lots")),
        "qml": qml.document(qml.rules(qml.rule(symbol="0", label="Lots"), symbols=[qml_polygon(A)])),
    }


def unique() -> Documents:
    cim = [
        {"type": "CIMUniqueValueClass", "label": f"Kind {k}", "symbol": cim_polygon(v), "values": [{"fieldValues": [k]}], "visible": True}
        for k, v in TONES.items()
        if k != "c"
    ]
    renderer = {"type": "CIMUniqueValueRenderer", "fields": ["KIND"], "groups": [{"classes": cim}]}
    others = {"useDefaultSymbol": True, "defaultSymbol": cim_polygon(C), "defaultLabel": "Others"}
    infos = [{"value": k, "label": f"Kind {k}", "symbol": esri_polygon(TONES[k])} for k in "ab"]
    rules = [sld.rule(sld_polygon(TONES[k]), test=sld.compare("EqualTo", "KIND", k), title=f"Kind {k}") for k in "ab"]
    listed = [{"value": k, "label": f"Kind {k}"} for k in "ab"] + [{"value": "", "label": "Others"}]
    return {
        "lyrx": document(feature_layer({**renderer, **others})),
        "json": {
            "type": "uniqueValue",
            "field1": "KIND",
            "uniqueValueInfos": infos,
            "defaultSymbol": esri_polygon(C),
            "defaultLabel": "Others",
        },
        "sld": sld.sld(*rules, sld.rule(sld_polygon(C), test="else", title="Others")),
        "qml": qml.document(qml.categorized("KIND", listed, [qml_polygon(TONES[k], str(i)) for i, k in enumerate("abc")])),
    }


def breaks() -> Documents:
    cim = [{"type": "CIMClassBreak", "label": label, "upperBound": upper, "symbol": cim_polygon(tone)} for label, upper, tone in CLASSES]
    infos = [{"classMaxValue": upper, "label": label, "symbol": esri_polygon(tone)} for label, upper, tone in CLASSES]
    ranges = [(low, upper, label) for low, (label, upper, _) in zip((0.0, *UPPERS), CLASSES, strict=False)]
    rules = []
    for number, (label, upper, tone) in enumerate(CLASSES):
        above = sld.compare("GreaterThanOrEqualTo" if number == 0 else "GreaterThan", "N", f"{ranges[number][0]:g}")
        rules.append(sld.rule(sld_polygon(tone), test=sld.both(above, sld.compare("LessThanOrEqualTo", "N", f"{upper:g}")), title=label))
    manual = {"classificationMethod": "Manual", "classBreakType": "GraduatedColor"}
    symbols = [qml_polygon(tone, str(number)) for number, (_, _, tone) in enumerate(CLASSES)]
    return {
        "lyrx": document(feature_layer({"type": "CIMClassBreaksRenderer", "field": "N", "breaks": cim, **manual})),
        "json": {"type": "classBreaks", "field": "N", "minValue": 0, "classBreakInfos": infos},
        "sld": sld.sld(*rules),
        "qml": qml.document(qml.graduated("N", ranges, symbols, method="Custom")),
    }


def points() -> Documents:
    ring = {"curveRings": [[[0, 5], {"a": [[0, 5], [0, 0], 0, 1]}]]}
    inner = {"type": "CIMPolygonSymbol", "symbolLayers": [stroke(rgb(*EDGE), 0.75), cim_fill(rgb(*B))]}
    frame = {"xmin": -5, "ymin": -5, "xmax": 5, "ymax": 5}
    graphic = [{"type": "CIMMarkerGraphic", "geometry": ring, "symbol": inner}]
    marker = {"type": "CIMVectorMarker", "enable": True, "size": 9, "frame": frame, "respectFrame": True, "markerGraphics": graphic}
    outline = {"color": [*EDGE, 255], "width": 0.75}
    mark = (
        f"<Graphic><Mark><WellKnownName>circle</WellKnownName><Fill>{sld.css(fill=hex_of(B))}</Fill>"
        f"<Stroke>{sld.css(stroke=hex_of(EDGE), stroke_width='1')}</Stroke></Mark><Size>12</Size></Graphic>"
    )
    simple = qml.layer(
        "SimpleMarker",
        name="circle",
        size=9,
        size_unit="Point",
        color=commas(B),
        outline_color=commas(EDGE),
        outline_style="solid",
        outline_width=0.75,
        outline_width_unit="Point",
    )
    return {
        "lyrx": document(feature_layer({"type": "CIMSimpleRenderer", "symbol": symbol("Point", marker)})),
        "json": {
            "type": "simple",
            "symbol": {"type": "esriSMS", "style": "esriSMSCircle", "size": 9, "color": [*B, 255], "outline": outline},
        },
        "sld": sld.sld(sld.rule(sld.point(mark))),
        "qml": qml.document(qml.single(qml.symbol("marker", simple))),
    }


def lines() -> Documents:
    dashes = [{"type": "CIMGeometricEffectDashes", "dashTemplate": [6, 4.5]}]
    cim = symbol("Line", stroke(rgb(*A), 1.5, capStyle="Butt", joinStyle="Round", effects=dashes))
    drawn = sld.css(stroke=hex_of(A), stroke_width="2", stroke_dasharray="8 6", stroke_linecap="butt", stroke_linejoin="round")
    line = qml.layer(
        "SimpleLine",
        line_color=commas(A),
        line_width=1.5,
        line_width_unit="Point",
        use_custom_dash=1,
        customdash="6;4.5",
        customdash_unit="Point",
        capstyle="flat",
        joinstyle="round",
    )
    return {
        "lyrx": document(feature_layer({"type": "CIMSimpleRenderer", "symbol": cim})),
        "json": {"type": "simple", "symbol": {"type": "esriSLS", "style": "esriSLSDash", "color": [*A, 255], "width": 1.5}},
        "sld": sld.sld(sld.rule(f"<LineSymbolizer><Stroke>{drawn}</Stroke></LineSymbolizer>")),
        "qml": qml.document(qml.single(qml.symbol("line", line))),
    }


# --- the data, the picture, the legend ---------------------------------------------------------------------------------


def polygons(folder: Path) -> Layer:
    shapes: list[shapely.Geometry] = [shapely.box(2 + 11 * i, 4, 11 + 11 * i, 36) for i in range(5)]
    return write_features(folder, shapes, {"KIND": ["a", "b", "c", None, "a"], "N": [0.0, 10.0, 15.0, 40.0, 55.0]})


def scattered(folder: Path) -> Layer:
    return write_features(folder, [shapely.Point(5 + 7 * (i % 8), 5 + 9 * (i // 8)) for i in range(32)], {"N": list(range(32))})


def roads(folder: Path) -> Layer:
    return write_features(
        folder, [shapely.LineString([(3, 3 + 6 * i), (30, 8 + 5 * i), (57, 4 + 6 * i)]) for i in range(6)], {"N": list(range(6))}
    )


MAPS = {
    "single": (single, polygons),
    "unique": (unique, polygons),
    "breaks": (breaks, polygons),
    "points": (points, scattered),
    "lines": (lines, roads),
}


def fitted(folder: Path, language: str, written: Any, layer: Layer) -> Style:
    """The style of a document, fitted to the data as the file has it; nothing in it may be drawn otherwise than written."""
    file = folder / f"layer.{language}"
    file.write_text(written if isinstance(written, str) else json.dumps(written), encoding="utf-8")
    (named,) = read_styles(file)
    assert named.warnings == (), language
    return fit(named.style, layer.facts, {}, Classification.AS_TEMPLATE)


def picture_of(layer: Layer, style: Style) -> NDArray[np.uint8]:
    plan: LayerPlan = layer_plan(0, layer, layer.crs or "", style)
    return draw(map_plan(WIDE, plan))


def likeness(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """1 for equal pictures: colours count as they are seen on white."""
    seen = [p[..., :3] * (p[..., 3:] / 255.0) + 255.0 - p[..., 3:] for p in (one, other)]
    return 1.0 - float(np.abs(seen[0] - seen[1]).mean()) / 255.0


@pytest.mark.parametrize("name", MAPS)
def test_the_picture_and_the_legend_are_the_same(name: str, tmp_path: Path) -> None:
    """Likeness over 0.99, the very same labels in the same order, and swatches that look alike."""
    documents, data = MAPS[name]
    layer = data(tmp_path)
    styles = {language: fitted(tmp_path, language, written, layer) for language, written in documents().items()}
    assert tuple(styles) == LANGUAGES
    pictures = {language: picture_of(layer, style) for language, style in styles.items()}
    assert (pictures["lyrx"][..., 3] > 0).mean() > 0.05
    legends = {language: legend_items(style) for language, style in styles.items()}
    for language in LANGUAGES[1:]:
        assert likeness(pictures["lyrx"], pictures[language]) > 0.99, language
        assert [item.label for item in legends[language]] == [item.label for item in legends["lyrx"]], language
        for one, other in zip(legends["lyrx"], legends[language], strict=True):
            swatches = [
                draw_swatches(SwatchLayer(0, "", geometry_of(layer), styles[which]), (item,), (24, 18), 1.0)[0]
                for which, item in (("lyrx", one), (language, other))
            ]
            assert swatches[0].shape == swatches[1].shape and likeness(*swatches) > 0.98, language
