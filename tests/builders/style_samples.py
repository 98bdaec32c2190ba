"""A document for every theme and every kind of symbol layer in every style language that can say it."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

from PIL import Image

from tests.builders import qml, sld
from tests.builders.styles import breaks, document, feature_layer, fill, raster_layer, rgb, simple, stroke, symbol, unique, vector_marker

Document = dict[str, Any] | str
RING = {"curveRings": [[[0, 5], {"a": [[0, 5], [0, 0], 0, 1]}]]}


def _png() -> str:
    buffer = io.BytesIO()
    Image.new("RGBA", (8, 8), (220, 30, 30, 255)).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


PNG = _png()
DATA_URL = f"data:image/png;base64,{PNG}"
RED, BLUE = [220, 30, 30, 255], [30, 30, 220, 255]
CIM_RAMP = {"type": "CIMLinearContinuousColorRamp", "fromColor": rgb(255, 255, 255), "toColor": rgb(220, 30, 30)}
ESRI_RAMP = {"type": "algorithmic", "algorithm": "esriCIELabAlgorithm", "fromColor": [255, 255, 255, 255], "toColor": RED}
DOT = vector_marker(6, RING, fill(rgb(220, 30, 30)), scaleSymbolsProportionally=True)
CIM_DOT = symbol("Point", DOT)
ESRI_DOT = {"type": "esriSMS", "style": "esriSMSCircle", "size": 6, "color": RED}
ESRI_FILL = {"type": "esriSFS", "style": "esriSFSSolid", "color": RED, "outline": None}
ESRI_LINE = {"type": "esriSLS", "style": "esriSLSSolid", "color": RED, "width": 2}


def features(renderer: dict[str, Any]) -> Document:
    return document(feature_layer(renderer))


def cells(colorizer: dict[str, Any]) -> Document:
    return document(raster_layer(colorizer))


def cim(kind: str, *layers: dict[str, Any]) -> Document:
    return features(simple(symbol(kind, *layers)))


def esri(of: dict[str, Any]) -> Document:
    return {"type": "simple", "symbol": of}


def polygon_with(inside: str) -> str:
    return sld.sld(sld.rule(f"<PolygonSymbolizer><Fill>{inside}</Fill></PolygonSymbolizer>"))


def filled(*layers: str) -> str:
    return qml.document(qml.single(qml.symbol("fill", *layers)))


SLD_PICTURE = (
    f'<Graphic><ExternalGraphic><InlineContent encoding="base64">{PNG}</InlineContent><Format>image/png</Format></ExternalGraphic>'
)
SYMBOLS: dict[tuple[str, str], Document] = {
    ("lyrx", "stroke"): cim("Line", stroke(rgb(220, 30, 30), 3)),
    ("lyrx", "fill"): cim("Polygon", fill(rgb(220, 30, 30))),
    ("lyrx", "hatch"): cim(
        "Polygon",
        {
            "type": "CIMHatchFill",
            "enable": True,
            "rotation": 45,
            "separation": 6,
            "lineSymbol": {"type": "CIMLineSymbol", "symbolLayers": [stroke(rgb(220, 30, 30), 2)]},
        },
    ),
    ("lyrx", "marker"): cim("Point", DOT),
    ("lyrx", "picture_marker"): cim("Point", {"type": "CIMPictureMarker", "enable": True, "size": 12, "url": DATA_URL}),
    ("lyrx", "picture_fill"): cim("Polygon", {"type": "CIMPictureFill", "enable": True, "height": 6, "scaleX": 1, "url": DATA_URL}),
    ("lyrx", "gradient_fill"): cim(
        "Polygon",
        {
            "type": "CIMGradientFill",
            "enable": True,
            "colorRamp": CIM_RAMP,
            "gradientMethod": "Linear",
            "gradientSize": 100,
            "gradientType": "Continuous",
        },
    ),
    ("drawing_info", "stroke"): esri(ESRI_LINE),
    ("drawing_info", "fill"): esri(ESRI_FILL),
    ("drawing_info", "hatch"): esri({**ESRI_FILL, "style": "esriSFSVertical"}),
    ("drawing_info", "marker"): esri(ESRI_DOT),
    ("drawing_info", "picture_marker"): esri({"type": "esriPMS", "imageData": PNG, "contentType": "image/png", "width": 12, "height": 12}),
    ("drawing_info", "picture_fill"): esri(
        {"type": "esriPFS", "imageData": PNG, "contentType": "image/png", "width": 6, "height": 6, "outline": None}
    ),
    ("sld", "stroke"): sld.sld(sld.rule(sld.line("#dc1e1e", "3"))),
    ("sld", "fill"): sld.sld(sld.rule(sld.polygon("#dc1e1e"))),
    ("sld", "hatch"): polygon_with(f"<GraphicFill>{sld.mark('shape://slash', '', '#dc1e1e')}</GraphicFill>"),
    ("sld", "marker"): sld.sld(sld.rule(sld.point(fill="#dc1e1e"))),
    ("sld", "picture_marker"): sld.sld(sld.rule(sld.point(f"{SLD_PICTURE}<Size>16</Size></Graphic>"))),
    ("sld", "picture_fill"): polygon_with(f"<GraphicFill>{SLD_PICTURE}<Size>8</Size></Graphic></GraphicFill>"),
    ("qml", "stroke"): qml.document(qml.single(qml.line("220,30,30,255", 1))),
    ("qml", "fill"): qml.document(qml.single(qml.fill("220,30,30,255"))),
    ("qml", "hatch"): filled(qml.layer("LinePatternFill", qml.line("220,30,30,255", 0.5, name="@0@0"), distance=2, angle=45)),
    ("qml", "marker"): qml.document(qml.single(qml.marker(color="220,30,30,255"))),
    ("qml", "picture_marker"): qml.document(
        qml.single(qml.symbol("marker", qml.layer("RasterMarker", imageFile=f"base64:{PNG}", size=4, alpha=1)))
    ),
    ("qml", "picture_fill"): filled(qml.layer("RasterFill", imageFile=f"base64:{PNG}", width=2, width_unit="MM", alpha=1)),
    ("qml", "gradient_fill"): filled(
        qml.layer("GradientFill", color_type=0, color1="255,255,255,255", color2="220,30,30,255", type=0, coordinate_mode=0)
    ),
}
"""By the language and the row in the table of symbolizers."""

LOW_HIGH = [("0", "#ffffff", "low"), ("9", "#dc1e1e", "high")]
ENTRIES = "".join(f'<ColorMapEntry quantity="{value}" color="{color}" label="{label}"/>' for value, color, label in LOW_HIGH)
CHANNELS = "".join(
    f"<{c}Channel><SourceChannelName>{n}</SourceChannelName></{c}Channel>" for n, c in enumerate(("Red", "Green", "Blue"), 1)
)
BANDS = {"redBand": 1, "greenBand": 2, "blueBand": 3}
MAPNIK_RASTER = (
    '<Style><Rule><RasterSymbolizer><RasterColorizer default-mode="{}"><stop value="0" color="white"/><stop value="9" color="#dc1e1e"/>'
    "</RasterColorizer></RasterSymbolizer></Rule></Style>"
)


HEAT = sld.function(
    "vec:Heatmap",
    *(sld.function("parameter", sld.literal(name), sld.literal(value)) for name, value in (("weightAttr", "N"), ("radiusPixels", "20"))),
)


def sld_raster(inside: str) -> str:
    return sld.sld(sld.rule(sld.raster(inside)))


def interpolated(on: str, *pairs: str) -> str:
    return sld.function("Interpolate", sld.prop(on), *map(sld.literal, pairs))


def unclassed() -> dict[str, Any]:
    expression = {"type": "CIMExpressionInfo", "expression": "$feature.N"}
    variable = {"type": "CIMColorVisualVariable", "expression": "[N]", "minValue": 0, "maxValue": 9, "colorRamp": CIM_RAMP}
    return breaks(
        "N", [9.0], classBreakType="UnclassedColor", visualVariables=[variable], colorRamp=CIM_RAMP, valueExpressionInfo=expression
    )


THEMES: dict[tuple[str, str], Document] = {
    ("lyrx", "Single"): cim("Polygon", fill(rgb(220, 30, 30))),
    ("lyrx", "Categories"): features(unique(["KIND"], [(["a"], symbol("Polygon", fill(rgb(220, 30, 30))))])),
    ("lyrx", "Breaks"): features(breaks("N", [3.0, 9.0])),
    ("lyrx", "Graded"): features(unclassed()),
    ("lyrx", "Proportional"): features(
        {"type": "CIMProportionalRenderer", "field": "N", "minimumSymbol": CIM_DOT, "minDataValue": 1, "maxDataValue": 9}
    ),
    ("lyrx", "HeatMap"): features({"type": "CIMHeatMapRenderer", "radius": 12, "colorScheme": CIM_RAMP, "rendererQuality": 8}),
    ("lyrx", "DotDensity"): features(
        {
            "type": "CIMDotDensityRenderer",
            "fieldNames": ["N"],
            "fieldLabels": ["N"],
            "dotValue": 1,
            "dotSize": 3,
            "colorScheme": {"type": "CIMFixedColorRamp", "colors": [rgb(220, 30, 30)]},
            "dotDensitySymbol": symbol(
                "Polygon",
                {
                    **DOT,
                    "markerPlacement": {"type": "CIMMarkerPlacementInsidePolygon", "gridType": "Random"},
                },
            ),
        }
    ),
    ("lyrx", "Stretch"): cells({"type": "CIMRasterStretchColorizer", "stretchType": "MinimumMaximum", "colorRamp": CIM_RAMP}),
    ("lyrx", "Classified"): cells(
        {"type": "CIMRasterClassifyColorizer", "field": "Value", "classBreaks": [{"upperBound": 9, "color": rgb(220, 30, 30)}]}
    ),
    ("lyrx", "UniqueRaster"): cells(
        {"type": "CIMRasterUniqueValueColorizer", "groups": [{"classes": [{"values": ["1"], "color": rgb(220, 30, 30)}]}]}
    ),
    ("lyrx", "Colormap"): cells({"type": "CIMRasterColorMapColorizer", "values": [1], "colors": [rgb(220, 30, 30)], "labels": ["one"]}),
    ("lyrx", "RGB"): cells({"type": "CIMRasterRGBColorizer", "greenBandIndex": 1, "blueBandIndex": 2, "stretchType": "None"}),
    ("lyrx", "ShadedRelief"): cells({"type": "CIMRasterShadedReliefColorizer", "azimuth": 315, "altitude": 45, "zFactor": 1}),
    ("drawing_info", "Single"): esri(ESRI_FILL),
    ("drawing_info", "Categories"): {
        "type": "uniqueValue",
        "field1": "KIND",
        "uniqueValueInfos": [{"value": "a", "symbol": ESRI_FILL}],
    },
    ("drawing_info", "Breaks"): {
        "type": "classBreaks",
        "field": "N",
        "minValue": 0,
        "classBreakInfos": [{"classMaxValue": 9, "symbol": ESRI_FILL}],
    },
    ("drawing_info", "Graded"): {
        **esri(ESRI_FILL),  # type: ignore[dict-item]
        "visualVariables": [
            {"type": "colorInfo", "field": "N", "stops": [{"value": 0, "color": [255, 255, 255, 255]}, {"value": 9, "color": RED}]}
        ],
    },
    ("drawing_info", "Proportional"): {
        **esri(ESRI_DOT),  # type: ignore[dict-item]
        "visualVariables": [{"type": "sizeInfo", "field": "N", "minDataValue": 1, "maxDataValue": 9, "minSize": 4, "maxSize": 20}],
    },
    ("drawing_info", "HeatMap"): {
        "type": "heatmap",
        "radius": 12,
        "colorStops": [{"ratio": 0, "color": [255, 255, 255, 0]}, {"ratio": 1, "color": RED}],
    },
    ("drawing_info", "DotDensity"): {
        "type": "dotDensity",
        "dotValue": 1,
        "dotSize": 3,
        "attributes": [{"field": "N", "color": RED, "label": "N"}],
    },
    ("drawing_info", "Stretch"): {"type": "rasterStretch", "stretchType": "minMax", "statistics": [[0, 9, 4, 2]], "colorRamp": ESRI_RAMP},
    ("drawing_info", "Classified"): {
        "type": "classBreaks",
        "field": "<Value>",
        "minValue": 0,
        "classBreakInfos": [{"classMaxValue": 9, "symbol": ESRI_FILL}],
    },
    ("drawing_info", "UniqueRaster"): {
        "type": "uniqueValue",
        "field1": "<Value>",
        "uniqueValueInfos": [{"value": 1, "symbol": ESRI_FILL}],
    },
    ("drawing_info", "Colormap"): {"type": "rasterColormap", "colormapInfos": [{"value": 1, "color": RED, "label": "one"}]},
    ("drawing_info", "RGB"): {"type": "rasterStretch", "stretchType": "minMax", "statistics": [[0, 9, 4, 2]] * 3},
    ("drawing_info", "ShadedRelief"): {"type": "rasterShadedRelief", "azimuth": 315, "altitude": 45, "zFactor": 1},
    ("sld", "Single"): sld.sld(sld.rule(sld.polygon())),
    ("sld", "Categories"): sld.sld(sld.rule(sld.polygon(), test=sld.compare("EqualTo", "KIND", "a"))),
    ("sld", "Breaks"): sld.sld(
        sld.rule(sld.polygon(), test=sld.both(sld.compare("GreaterThanOrEqualTo", "N", "0"), sld.compare("LessThanOrEqualTo", "N", "4"))),
        sld.rule(sld.polygon(), test=sld.both(sld.compare("GreaterThan", "N", "4"), sld.compare("LessThanOrEqualTo", "N", "9"))),
    ),
    ("sld", "Rules"): sld.sld(
        sld.rule(sld.polygon(), test=sld.compare("GreaterThan", "N", "5"), more="<MaxScaleDenominator>9000</MaxScaleDenominator>"),
        sld.rule(sld.polygon("#0000ff"), test="else"),
    ),
    ("sld", "Graded"): sld.sld(sld.rule(sld.polygon().replace("#ff0000", interpolated("N", "0", "#ffffff", "9", "#dc1e1e")))),
    ("sld", "Proportional"): sld.sld(sld.rule(sld.point(size=interpolated("N", "1", "4", "9", "20")))),
    ("sld", "HeatMap"): sld.sld(
        f"<FeatureTypeStyle><Transformation>{HEAT}</Transformation>{sld.rule(sld.raster(f'<ColorMap>{ENTRIES}</ColorMap>'))}</FeatureTypeStyle>"
    ),
    ("sld", "Stretch"): sld_raster(f"<ColorMap>{ENTRIES}</ColorMap>"),
    ("sld", "Classified"): sld_raster(f'<ColorMap type="intervals">{ENTRIES}</ColorMap>'),
    ("sld", "UniqueRaster"): sld_raster(f'<ColorMap type="values">{ENTRIES}</ColorMap>'),
    ("sld", "RGB"): sld_raster(f"<ChannelSelection>{CHANNELS}</ChannelSelection>"),
    ("sld", "ShadedRelief"): sld_raster("<ShadedRelief><ReliefFactor>1</ReliefFactor></ShadedRelief>"),
    ("qml", "Single"): qml.document(qml.single(qml.fill())),
    ("qml", "Categories"): qml.document(qml.categorized("KIND", [{"value": "a", "label": "a"}], [qml.fill()])),
    ("qml", "Breaks"): qml.document(qml.graduated("N", [(0, 9, "all")], [qml.fill()])),
    ("qml", "Rules"): qml.document(qml.rules(qml.rule(symbol="0", label="big", filter='"N" > 5'), symbols=[qml.fill()])),
    ("qml", "Graded"): qml.document(
        qml.single(
            qml.symbol(
                "fill",
                qml.layer("SimpleFill", color=qml.RED, outline_style="no", by={"fillColor": qml.shaded("N", 0, 9, qml.RED, qml.BLUE)}),
            )
        )
    ),
    ("qml", "Proportional"): qml.document(
        qml.single(
            qml.symbol(
                "marker",
                qml.layer(
                    "SimpleMarker",
                    size=2,
                    color="220,30,30,255",
                    outline_style="no",
                    by={"size": qml.override(field="N", minValue=1, maxValue=9, minSize=2, maxSize=8, scaleType=0, exponent=1, nullSize=0)},
                ),
            )
        )
    ),
    ("qml", "HeatMap"): qml.document(
        qml.renderer("heatmapRenderer", qml.ramp("255,255,255,0", "220,30,30,255"), radius=4, radius_unit=0, max_value=0)
    ),
    ("qml", "Stretch"): qml.raster(
        "singlebandpseudocolor", qml.shader("INTERPOLATED", [(0, "#ffffff", "low"), (9, "#dc1e1e", "high")]), band=1
    ),
    ("qml", "Classified"): qml.raster(
        "singlebandpseudocolor", qml.shader("DISCRETE", [(3, "#ffffff", "low"), (9, "#dc1e1e", "high")]), band=1
    ),
    ("qml", "UniqueRaster"): qml.raster(
        "paletted", '<colorPalette><paletteEntry value="1" color="#dc1e1e" alpha="255" label="one"/></colorPalette>', band=1
    ),
    ("qml", "RGB"): qml.raster("multibandcolor", **BANDS),
    ("qml", "ShadedRelief"): qml.raster("hillshade", band=1, azimuth=315, angle=45, zfactor=1, multidirection=0),
    ("mapnik", "Engine"): '<Style><Rule name="all"><PolygonSymbolizer fill="#dc1e1e"/></Rule></Style>',
    ("mapnik", "Stretch"): MAPNIK_RASTER.format("linear"),
    ("mapnik", "Classified"): MAPNIK_RASTER.format("discrete"),
    ("mapnik", "UniqueRaster"): MAPNIK_RASTER.format("exact"),
}
"""By the language and the theme."""


def saved(folder: Path, suffix: str, written: Document) -> Path:
    """A document as a file."""
    file = folder / f"sample{suffix}"
    file.write_text(written if isinstance(written, str) else json.dumps(written), encoding="utf-8")
    return file
