"""Every style language in the table: one file or folder, one row, and no document that breaks it in an unforeseen way."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rendermap.errors import StyleInvalid
from rendermap.symbology.readers import table
from rendermap.symbology.readers.table import STYLE_READERS, StyleReader, read_styles
from tests.builders import esri_samples, qml
from tests.builders.junk import Sample, content_of, no_documents, with_junk
from tests.builders.sld import (
    PNG,
    both,
    compare,
    function,
    line,
    literal,
    mark,
    point,
    polygon,
    prop,
    raster,
    rule,
    sld,
    text,
)
from tests.builders.styles import breaks, document, feature_layer, raster_layer, rgb, simple, stroke, symbol, unique, vector_marker

SHARED = Path(os.environ.get("RENDERMAP_SHARED", Path(__file__).parents[3] / "shared")) / "data" / "esri-military" / "layers"
RING = {"curveRings": [[[0, 2], {"a": [[0, 2], [0, 0], 0, 1]}]]}
RAMP = {
    "type": "CIMMultipartColorRamp",
    "weights": [1, 2],
    "colorRamps": [
        {"type": "CIMPolarContinuousColorRamp", "fromColor": {"type": "CIMHSVColor", "values": [0, 50, 50, 100]}, "toColor": rgb(1, 2, 3)},
        {
            "type": "CIMFixedColorRamp",
            "colors": [{"type": "CIMLABColor", "values": [50, 10, 10, 100]}, {"type": "CIMCMYKColor", "values": [1, 2, 3, 4, 100]}],
        },
    ],
}
LYRX = (
    document(feature_layer(simple(symbol("Point", vector_marker(4, RING, stroke(), frame=(-2, -2, 2, 2)))))),
    document(
        feature_layer(
            unique(["A"], [(["1"], symbol("Line", stroke(effects=[{"type": "CIMGeometricEffectDashes", "dashTemplate": [3, 1]}])))])
        )
    ),
    document(feature_layer(breaks("A", [None, 3.0], visualVariables=[{"type": "CIMRotationVisualVariable"}]))),
    document(raster_layer({"type": "CIMRasterStretchColorizer", "stretchType": "None", "colorRamp": RAMP})),
    document(raster_layer({"type": "CIMRasterClassifyColorizer", "classBreaks": [{"color": rgb(1, 2, 3)}]})),
    document(raster_layer({"type": "CIMRasterUniqueValueColorizer", "groups": [{"classes": [{"values": ["1"], "color": rgb(1, 2, 3)}]}]})),
    document(raster_layer({"type": "CIMRasterRGBColorizer", "redBandIndex": 2})),
    document(raster_layer({"type": "CIMRasterCMYKColorizer", "blackBandIndex": 3, "stretchStatsBlack": {"max": 9, "histogram": [1, 2]}})),
    document(raster_layer({"type": "CIMRasterShadedReliefColorizer", "scalingType": "Adjusted", "pixelSizePower": 0.5, "colorRamp": RAMP})),
    document(raster_layer({"type": "CIMRasterVectorFieldColorizer", "minimumMagnitude": 1, "maximumMagnitude": 2})),
    document(raster_layer({"type": "CIMRasterDiscreteColorColorizer", "colorRamp": RAMP, "resamplingType": "Majority", "contrast": 9})),
    document(raster_layer({"type": "CIMRasterStretchColorizer", "stretchType": "Custom", "histogramEditInfo": {"breakPointsX": [1]}})),
    *esri_samples.LYRX,
)
ESRI = (
    {
        "drawingInfo": {
            "renderer": {"type": "simple", "symbol": {"type": "esriSMS", "size": 4, "color": [1, 2, 3, 4], "outline": {"width": 1}}}
        }
    },
    {
        "type": "uniqueValue",
        "field1": "A",
        "uniqueValueInfos": [{"value": "1", "symbol": {"type": "esriSLS", "color": [1, 2, 3, 4], "width": 1}}],
    },
    {"type": "classBreaks", "field": "A", "classBreakInfos": [{"classMaxValue": 1, "symbol": {"type": "esriSFS", "color": [1, 2, 3, 4]}}]},
    {
        "type": "rasterStretch",
        "statistics": [[1, 2, 3, 4]],
        "colorRamp": {"type": "algorithmic", "fromColor": [1, 2, 3], "toColor": [4, 5, 6]},
    },
    {"type": "rasterColormap", "colormapInfos": [{"value": 1, "color": [1, 2, 3]}]},
    *esri_samples.REST,
)
MAPNIK = (
    '<Map><Style name="s" filter-mode="first"><Rule name="big"><Filter>[A] > 5</Filter><MaxScaleDenominator>5000</MaxScaleDenominator>'
    '<PolygonSymbolizer fill="#ff0000"/><TextSymbolizer face-name="DejaVu Sans Book" size="10">[B]</TextSymbolizer></Rule>'
    '<Rule><ElseFilter/><LineSymbolizer stroke="#0000ff"/></Rule></Style><Layer name="l"><StyleName>s</StyleName></Layer></Map>',
    '<Style><Rule><MarkersSymbolizer file="shape://ellipse" width="[A]"/></Rule></Style>',
    '<Style><Rule><RasterSymbolizer opacity="0.5"><RasterColorizer default-mode="discrete" default-color="transparent">'
    '<stop value="0" color="#ff0000" label="low"/><stop value="5" color="rgb(0,0,255)"/></RasterColorizer>'
    "</RasterSymbolizer></Rule></Style>",
)
SE_ROAD = (
    '<se:FeatureTypeStyle version="1.1.0"><se:Rule><se:Name>road</se:Name><se:MinScaleDenominator>1000</se:MinScaleDenominator>'
    '<se:LineSymbolizer uom="http://www.opengeospatial.org/se/units/metre"><se:Stroke><se:GraphicStroke>'
    + mark("shape://oarrow", "", "#000000").replace("<", "<se:").replace("<se:/", "</se:")
    + "<se:Gap>4</se:Gap></se:GraphicStroke></se:Stroke><se:PerpendicularOffset>2</se:PerpendicularOffset></se:LineSymbolizer>"
    '<se:PolygonSymbolizer><se:Fill><se:SvgParameter name="fill"><se:Categorize fallbackValue="#000000">'
    "<se:LookupValue><ogc:PropertyName>A</ogc:PropertyName></se:LookupValue><se:Value>#ff0000</se:Value>"
    "<se:Threshold>5</se:Threshold><se:Value>#00ff00</se:Value></se:Categorize></se:SvgParameter></se:Fill></se:PolygonSymbolizer>"
    "</se:Rule></se:FeatureTypeStyle>"
)
DISPLACED = "<Displacement><DisplacementX>2</DisplacementX><DisplacementY>-3</DisplacementY></Displacement>"
PLACED = f"<LabelPlacement><PointPlacement>{DISPLACED}<Rotation>{prop('B')}</Rotation></PointPlacement></LabelPlacement>"
INLINE = f'<ExternalGraphic><InlineContent encoding="base64">{PNG}</InlineContent><Format>image/png</Format></ExternalGraphic>'
COLORS = '<ColorMapEntry color="#000000" quantity="0" label="low"/><ColorMapEntry color="#ffffff" quantity="9" opacity="0.5"/>'
CHANNELS = "".join(
    f"<{c}Channel><SourceChannelName>{n}</SourceChannelName></{c}Channel>" for n, c in enumerate(("Red", "Green", "Blue"), 1)
)
SLD = (
    sld(rule(polygon(), test=compare("EqualTo", "A", "1")), rule(polygon(stroke="#000000"), test="else")),
    sld(rule(line(stroke_dasharray="3 1"), test=both(compare("GreaterThan", "A", "0"), compare("LessThanOrEqualTo", "A", "9")))),
    sld(
        rule(
            point(more=DISPLACED),
            test=f'<ogc:PropertyIsLike wildCard="*" singleChar="." escape="!">{prop("A")}{literal("a*")}</ogc:PropertyIsLike>',
        )
    ),
    sld(rule(point(graphic=f"<Graphic>{INLINE}<Size>{prop('A')}</Size><Rotation>30</Rotation></Graphic>"))),
    sld(rule(text(prop("A") + " of " + function("strToUpperCase", prop("B")), PLACED + "<Halo><Radius>2</Radius></Halo>"))),
    sld(rule(polygon().replace("#ff0000", function("Interpolate", prop("A"), *map(literal, ("0", "#ff0000", "9", "#0000ff")))))),
    sld(rule(raster(f"<Opacity>0.5</Opacity><ColorMap>{COLORS}</ColorMap><ShadedRelief/>"))),
    sld(rule(raster(f'<ColorMap type="intervals">{COLORS}</ColorMap>'))),
    sld(rule(raster(f"<ChannelSelection>{CHANNELS}</ChannelSelection><ContrastEnhancement><Normalize/></ContrastEnhancement>"))),
    sld(SE_ROAD),
)
QML = (
    qml.document(
        qml.categorized("A", [{"value": "1", "type": "long", "label": "one"}, {"value": ""}], [qml.marker("star"), qml.marker(name="1")]),
        qml.labeling(qml.settings({"fieldName": "A", "fontSize": 9}, {"placement": 1, "quadOffset": 2}, {"scaleVisibility": 1})),
        hasScaleBasedVisibilityFlag=1,
        minScale=1000,
    ),
    qml.document(
        qml.graduated(
            "A",
            [(0, 1, "low"), (2, 3, "high")],
            [
                qml.fill(),
                qml.symbol(
                    "fill",
                    qml.layer("LinePatternFill", qml.line(name="@0@0", customdash="3;1", use_custom_dash=1), distance=2, angle=30),
                    qml.layer("GradientFill", color_type=1, color1=qml.RED, color2=qml.BLUE, stops="0.5;1,2,3,4"),
                    qml.layer("PointPatternFill", qml.marker(name="@0@0"), distance_x=3, displacement_x=1),
                    name="1",
                ),
            ],
            qml.ramp(qml.RED, qml.BLUE),
            method="Jenks",
        )
    ),
    qml.document(
        qml.rules(
            qml.rule(qml.rule(filter="ELSE", symbol="0", scalemindenom=10), filter='"A" > 1', label="group"),
            qml.rule(filter="ELSE", symbol="1"),
            symbols=[
                qml.symbol("line", qml.layer("MarkerLine", qml.marker(size=2), placement="interval", interval=3, spelling="prop")),
                qml.line(offset=1, by={"outlineWidth": qml.override(field="B", minValue=0, maxValue=1, minSize=1, maxSize=2)}, name="1"),
            ],
        )
    ),
    qml.document(qml.renderer("heatmapRenderer", qml.ramp(qml.RED, qml.BLUE), radius=3, radius_unit=0, weight_expression='"A"')),
    qml.raster("singlebandgray", qml.enhancement(0, 9), qml.origin("CumulativeCut", cumulativeCutLower=0.02)),
    qml.raster("singlebandpseudocolor", qml.shader("DISCRETE", [(1, "#ff0000", "low"), ("inf", "#00ff00", "high")]), band=1),
    qml.raster("paletted", '<colorPalette><paletteEntry value="1" color="#ff0000" label="one"/></colorPalette>', band=1),
    qml.raster("multibandcolor", qml.enhancement(0, 9, tag="redContrastEnhancement"), redBand=1, greenBand=2, blueBand=3),
)
SAMPLES: dict[str, tuple[Sample, ...]] = {"lyrx": LYRX, "drawing_info": ESRI, "sld": SLD, "qml": QML, "mapnik": MAPNIK}


def test_every_language_is_in_the_table() -> None:
    """A reader's file or folder without its row or its samples here is found at once."""
    folder = Path(table.__file__).parent
    found = {p.stem for p in folder.iterdir() if not p.name.startswith("__")} - {"table", "style_reader"}
    assert found == set(STYLE_READERS.names) == set(SAMPLES)


@pytest.mark.parametrize("reader", STYLE_READERS, ids=lambda r: r.name)
def test_what_is_no_document_is_invalid(reader: StyleReader, tmp_path: Path) -> None:
    """Empty files, other text, endless nesting and entities are StyleInvalid, and the reason names the file, the sentence does not."""
    file = tmp_path / f"layer{reader.suffixes[0]}"
    for content in no_documents(SAMPLES[reader.name][0]):
        file.write_bytes(content)
        with pytest.raises(StyleInvalid) as caught:
            read_styles(file)
        assert str(tmp_path) in (caught.value.reason or "")
        assert str(tmp_path) not in caught.value.sentence


@pytest.mark.parametrize("reader", STYLE_READERS, ids=lambda r: r.name)
def test_a_byte_order_mark_does_not_matter(reader: StyleReader, tmp_path: Path) -> None:
    """Some files begin with one; XML may also be UTF-16."""
    file = tmp_path / f"layer{reader.suffixes[0]}"
    for sample in SAMPLES[reader.name]:
        file.write_bytes(b"\xef\xbb\xbf" + content_of(sample))
        assert len(read_styles(file)) == 1
        if isinstance(sample, str):
            file.write_bytes(sample.encode("utf-16"))
            assert len(read_styles(file)) == 1


def test_a_suffix_without_reader_is_invalid(tmp_path: Path) -> None:
    """Binary .lyr files and others are named as what they are."""
    (tmp_path / "a.lyr").write_bytes(b"x")
    with pytest.raises(StyleInvalid):
        read_styles(tmp_path / "a.lyr")


@pytest.mark.parametrize("reader", STYLE_READERS, ids=lambda r: r.name)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_junk_anywhere_is_read_or_invalid(reader: StyleReader, data: st.DataObject, tmp_path: Path) -> None:
    """Whatever stands at any place of a document, the answer is a style or StyleInvalid, never another error."""
    sample = data.draw(st.sampled_from(SAMPLES[reader.name]))
    file = tmp_path / f"layer{reader.suffixes[0]}"
    file.write_bytes(with_junk(sample, data))
    with contextlib.suppress(StyleInvalid):
        read_styles(file)


KNOWN_WARNINGS = {
    "character": "fonts of pictures are Esri's own: known signs have their shape",
    "coded values": "only the data tells whether there are descriptions",
    "the font": "the fonts of layer files belong to others: one of the same kind stands in",
    "shadow of the text": "letters have halos and no shadows",
    "text in a polygon as": "text in polygons lies across their middle",
}
"""What of the real files is drawn otherwise, and why."""


@pytest.mark.skipif(not SHARED.is_dir(), reason="no collection of real layer files here")
def test_every_real_layer_file_is_read() -> None:
    """A collection of real files: all are read, and nothing but what is listed here with its reason is drawn otherwise."""
    files = sorted(SHARED.glob("*.lyrx"))
    assert files
    for file in files:
        for layer in read_styles(file):
            for warning in layer.warnings:
                assert any(word in warning.found for word in KNOWN_WARNINGS), f"{file.name}: {warning}"
