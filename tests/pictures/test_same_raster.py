"""The same raster map written in every style language draws the same picture and has the same legend."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from rendermap.dispatch.plan import layer_plan
from rendermap.geo.view import MapView
from rendermap.jobs.job import Layer
from rendermap.render.raster import draw_raster
from rendermap.symbology.classify import fit, needs
from rendermap.symbology.legend import legend_items
from rendermap.symbology.readers.table import read_styles
from rendermap.symbology.style import Classification, Style
from tests.builders import qml, sld, styles
from tests.builders.rasters import write_array
from tests.builders.views import look

Json = dict[str, object]
LIKENESS = 0.99
BLUE, GREEN, BROWN, WHITE = (40, 90, 200), (80, 150, 70), (160, 120, 80), (250, 250, 250)
CLASSES = ((100.0, "low", BLUE), (200.0, "middle", GREEN), (300.0, "high", BROWN), (1000.0, "top", WHITE))
KINDS = ((0, "Water", BLUE), (1, "Wood", GREEN), (2, "Rock", BROWN))


def hexed(color: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)


def cim(colorizer: Json) -> str:
    return json.dumps(styles.document(styles.raster_layer(colorizer)))


def esri(renderer: Json) -> str:
    return json.dumps({"drawingInfo": {"renderer": renderer}})


def colormap(kind: str, entries: tuple[tuple[float, str, tuple[int, int, int]], ...]) -> str:
    listed = "".join(f'<ColorMapEntry color="{hexed(c)}" quantity="{v}" label="{label}"/>' for v, label, c in entries)
    return sld.sld(sld.rule(sld.raster(f'<ColorMap type="{kind}">{listed}</ColorMap>')))


def shader(kind: str, entries: tuple[tuple[float, str, tuple[int, int, int]], ...]) -> str:
    return qml.raster("singlebandpseudocolor", qml.shader(kind, [(v, hexed(c), label) for v, label, c in entries]), band=1)


MAPS = {
    "classes": {
        ".lyrx": cim(
            {
                "type": "CIMRasterClassifyColorizer",
                "classificationMethod": "Manual",
                "classBreaks": [{"upperBound": upper, "label": label, "color": styles.rgb(*color)} for upper, label, color in CLASSES],
            }
        ),
        ".json": esri(
            {
                "type": "classBreaks",
                "field": "Value",
                "classBreakInfos": [
                    {"classMaxValue": upper, "label": label, "symbol": {"type": "esriSFS", "style": "esriSFSSolid", "color": [*color, 255]}}
                    for upper, label, color in CLASSES
                ],
            }
        ),
        ".sld": colormap("intervals", CLASSES),
        ".qml": shader("DISCRETE", CLASSES),
    },
    "kinds": {
        ".lyrx": cim(
            {
                "type": "CIMRasterUniqueValueColorizer",
                "fieldName": "Value",
                "useDefaultColor": True,
                "defaultColor": styles.rgb(0, 0, 0, 0),
                "groups": [{"classes": [{"values": [str(v)], "label": label, "color": styles.rgb(*c)} for v, label, c in KINDS]}],
            }
        ),
        ".json": esri(
            {
                "type": "rasterColormap",
                "colormapInfos": [{"value": v, "label": label, "color": [*c, 255]} for v, label, c in KINDS],
            }
        ),
        ".sld": colormap("values", KINDS),
        ".qml": qml.raster(
            "paletted",
            "<colorPalette>"
            + "".join(f'<paletteEntry value="{v}" color="{hexed(c)}" alpha="255" label="{label}"/>' for v, label, c in KINDS)
            + "</colorPalette>",
            band=1,
        ),
    },
    "surface": {
        ".lyrx": cim(
            {
                "type": "CIMRasterStretchColorizer",
                "useCustomStretchMinMax": True,
                "customStretchMax": 400,
                "colorRamp": {"type": "CIMFixedColorRamp", "colors": [styles.rgb(*c) for c in (BLUE, GREEN, BROWN, WHITE)]},
            }
        ),
        ".sld": colormap("ramp", tuple((i * 400 / 3, "", c) for i, c in enumerate((BLUE, GREEN, BROWN, WHITE)))),
        ".qml": shader("INTERPOLATED", tuple((i * 400 / 3, "", c) for i, c in enumerate((BLUE, GREEN, BROWN, WHITE)))),
    },
    "relief": {
        ".lyrx": cim({"type": "CIMRasterShadedReliefColorizer", "azimuth": 300, "altitude": 40, "zFactor": 2}),
        ".json": esri({"type": "rasterShadedRelief", "azimuth": 300, "altitude": 40, "zFactor": 2}),
        ".qml": qml.raster("hillshade", azimuth=300, angle=40, zfactor=2, band=1),
    },
}


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Layer]:
    """Hills from 20 to 380, and the kinds 0 to 3 of which the last has no colour."""
    folder = tmp_path_factory.mktemp("ground")
    rows, cols = np.mgrid[0:120, 0:160]
    hills = (200 + 110 * np.sin(cols / 17) + 70 * np.cos(rows / 11)).astype(np.float32)
    kinds = ((rows // 20 + cols // 25) % 4).astype(np.uint8)
    return {
        "hills": look(write_array(folder / "hills.tif", hills[np.newaxis])),
        "kinds": look(write_array(folder / "kinds.tif", kinds[np.newaxis])),
    }


def style_of(folder: Path, suffix: str, text: str, layer: Layer) -> Style:
    file = folder / f"map{suffix}"
    file.write_text(text)
    style = read_styles(file)[0].style
    assert needs(style, layer.facts, Classification.AS_TEMPLATE) == ()
    return fit(style, layer.facts, {}, Classification.AS_TEMPLATE)


@pytest.mark.parametrize("name", MAPS)
def test_one_map_in_every_language(tmp_path: Path, ground: dict[str, Layer], name: str) -> None:
    """Likeness of the pictures over 0.99, and legends of the same colours and words."""
    layer = ground["kinds" if name == "kinds" else "hills"]
    assert layer.bbox and layer.crs
    found = {suffix: style_of(tmp_path, suffix, text, layer) for suffix, text in MAPS[name].items()}
    view = MapView(layer.bbox, layer.crs, 320, 240)
    pictures = {suffix: draw_raster(layer_plan(1, layer, layer.crs or "", style), view).astype(int) for suffix, style in found.items()}
    first = pictures[".lyrx"]
    assert len(np.unique(first.reshape(-1, 4), axis=0)) > 2
    for suffix, picture in pictures.items():
        likeness = (np.abs(picture - first).max(axis=-1) <= 3).mean()
        assert likeness > LIKENESS, suffix
    if name != "surface":
        legends = {s: [(item.label, item.patch) for item in legend_items(style)] for s, style in found.items()}
        assert all(legend == legends[".lyrx"] for legend in legends.values()), legends
