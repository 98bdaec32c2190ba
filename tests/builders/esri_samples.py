"""Documents of both Esri languages that hold one of everything the readers know, for tests that put junk into them."""

from __future__ import annotations

from tests.builders.styles import Json, document, feature_layer, fill, rgb, simple, stroke, symbol, unique, vector_marker

_PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg=="
_URL = f"data:image/png;base64,{_PNG}"
_SQUARE: Json = {"rings": [[[-5, -5], [-5, 5], [5, 5], [5, -5]]]}
_RAMP: Json = {"type": "CIMFixedColorRamp", "colors": [rgb(0, 0, 0), rgb(255, 0, 0)]}
_MARKER = vector_marker(8, _SQUARE, fill(rgb(255, 0, 0)), anchorPoint={"x": 0.1, "y": 0.2}, offsetX=1, rotation=20)
_POINT = symbol("Point", _MARKER, haloSize=1, haloSymbol={"symbolLayers": [fill(rgb(255, 255, 255))]}, angle=10)
_ARCADE: Json = {"expression": "$feature.A + 1"}


def _effect(name: str, **more: object) -> Json:
    return {"type": f"CIMGeometricEffect{name}", **more}


def _placed(name: str, **more: object) -> Json:
    return vector_marker(4, _SQUARE, fill(rgb(0, 0, 0)), markerPlacement={"type": f"CIMMarkerPlacement{name}", **more})


_STACK = symbol(
    "Polygon",
    {
        "type": "CIMPictureMarker",
        "enable": True,
        "url": _URL,
        "size": 9,
        "tintColor": rgb(1, 2, 3),
        "colorSubstitutions": [{"oldColor": rgb(0, 0, 0)}],
    },
    {
        "type": "CIMCharacterMarker",
        "enable": True,
        "size": 9,
        "characterIndex": 65,
        "fontFamilyName": "Arial",
        "symbol": {"symbolLayers": [fill(rgb(1, 2, 3))]},
    },
    vector_marker(9, _SQUARE)
    | {
        "markerGraphics": [
            {
                "geometry": {"x": 1, "y": 2},
                "textString": "Ab",
                "symbol": {"type": "CIMTextSymbol", "height": 4, "symbol": {"symbolLayers": [fill(rgb(1, 2, 3))]}},
            },
            {"geometry": {"points": [[1, 2]]}, "symbol": {"type": "CIMPointSymbol", "symbolLayers": [_MARKER]}},
            {"geometry": {"xmin": 0, "ymin": 0, "xmax": 1, "ymax": 1}, "symbol": {"type": "CIMLineSymbol", "symbolLayers": [stroke()]}},
        ]
    },
    _placed("AlongLineSameSize", placementTemplate=[5, 6], angleToLine=True, offset=1),
    _placed("AtRatioPositions", positionArray=[0, 0.3, 1], flipFirst=True),
    _placed("InsidePolygon", stepX=5, stepY=6, gridType="Random", shiftOddRows=True),
    stroke(
        name="a",
        effects=[_effect("Dashes", dashTemplate=[3, 1, 2], offsetAlongLine=1), _effect("Offset", offset=2), _effect("Arrow", width=4)],
    ),
    {"type": "CIMPictureStroke", "enable": True, "width": 3, "url": _URL},
    {"type": "CIMGradientStroke", "enable": True, "width": 3, "colorRamp": _RAMP},
    fill(rgb(1, 2, 3)) | {"effects": [_effect("Buffer", size=2), _effect("Move", offsetX=1), _effect("Donut", width=1)]},
    {"type": "CIMHatchFill", "enable": True, "separation": 4, "rotation": 45, "lineSymbol": {"symbolLayers": [stroke()]}},
    {"type": "CIMGradientFill", "enable": True, "colorRamp": _RAMP, "interval": 5, "gradientMethod": "Buffered"},
    {"type": "CIMPictureFill", "enable": True, "url": _URL, "height": 5, "scaleX": 1},
)
_TEXT: Json = {
    "symbol": {
        "type": "CIMTextSymbol",
        "fontFamilyName": "Arial",
        "fontStyleName": "Bold",
        "height": 9,
        "lineGap": 1,
        "textCase": "AllCaps",
        "symbol": {"symbolLayers": [fill(rgb(1, 2, 3))]},
        "callout": {"type": "CIMBackgroundCallout", "backgroundSymbol": {"symbolLayers": [fill(rgb(1, 2, 3))]}, "margin": {"left": 1}},
    }
}
_MAPLEX: Json = {
    "enablePointPlacementPriorities": True,
    "pointExternalZonePriorities": {"aboveLeft": 1},
    "canStackLabel": True,
    "labelStackingProperties": {"maximumNumberOfCharsPerLine": 9},
    "repeatLabel": True,
    "minimumRepetitionInterval": 2,
    "repetitionIntervalUnit": "Inch",
    "rotationProperties": {"enable": True, "rotationExpressionInfo": _ARCADE},
}
_LABEL: Json = {
    "expression": "$feature.A",
    "expressionEngine": "Arcade",
    "visibility": True,
    "whereClause": "A > 1",
    "minimumScale": 100,
    "priority": 2,
    "textSymbol": _TEXT,
    "maplexLabelPlacementProperties": _MAPLEX,
}
_STANDARD: Json = _LABEL | {
    "maplexLabelPlacementProperties": None,
    "standardLabelPlacementProperties": {"lineLabelPosition": {"above": True, "offset": 1}, "pointPlacementPriorities": {"aboveLeft": 1}},
}
_VARIABLES: list[Json] = [
    {"type": "CIMRotationVisualVariable", "visualVariableInfoZ": {"visualVariableInfoType": "Expression", "valueExpressionInfo": _ARCADE}},
    {
        "type": "CIMSizeVisualVariable",
        "variableType": "Graduated",
        "valueExpressionInfo": _ARCADE,
        "dataValues": [1, 2],
        "sizeValues": [3, 4],
    },
    {"type": "CIMColorVisualVariable", "expression": "[A]", "colorRamp": _RAMP, "minValue": 1, "maxValue": 2},
]
LYRX: tuple[Json, ...] = (
    document(feature_layer(simple(_STACK), symbolLayerDrawing={"useSymbolLayerDrawing": True, "symbolLayers": [{"symbolLayerName": "a"}]})),
    document(feature_layer(simple(_POINT, visualVariables=_VARIABLES), labelVisibility=True, labelClasses=[_LABEL, _STANDARD])),
    document(
        feature_layer(simple(_POINT | {"minScale": 10, "scaleDependentSizeVariation": [{"scale": 1, "size": 2}, {"scale": 9, "size": 3}]}))
    ),
    document(feature_layer(simple(_POINT, alternateSymbols=[_POINT | {"minScale": 100, "maxScale": 10}]))),
    document(feature_layer(unique([], [(["1"], _POINT)], valueExpressionInfo=_ARCADE))),
    document(feature_layer({"type": "CIMProportionalRenderer", "field": "A", "minSymbol": _POINT, "minDataValue": 1, "maxDataValue": 9})),
    document(feature_layer({"type": "CIMHeatMapRenderer", "field": "A", "colorScheme": _RAMP, "radius": 9, "minLabel": "few"})),
    document(
        feature_layer(
            {
                "type": "CIMDotDensityRenderer",
                "fieldNames": ["A"],
                "fieldLabels": ["a"],
                "dotValue": 5,
                "dotSize": 2,
                "colorRamp": _RAMP,
                "dotDensitySymbol": symbol("Polygon", _MARKER, stroke()),
            },
            enableDisplayFilters=True,
            displayFilters=[{"name": "a", "whereClause": "A = 1"}],
        )
    ),
)

_SMS: Json = {"type": "esriSMS", "style": "esriSMSPath", "path": "M0 0L1 1L1 0Z", "size": 4, "color": [1, 2, 3, 4], "outline": {"width": 1}}
_SLS: Json = {
    "type": "esriSLS",
    "style": "esriSLSDash",
    "color": [1, 2, 3, 4],
    "width": 1,
    "marker": {"style": "arrow", "placement": "end"},
}
_PMS: Json = {"type": "esriPMS", "imageData": _PNG, "width": 4, "height": 5, "angle": 6}
_PFS: Json = {"type": "esriPFS", "url": _URL, "width": 4, "height": 5, "xscale": 1, "outline": _SLS}
_TS: Json = {
    "type": "esriTS",
    "text": "A",
    "color": [1, 2, 3, 4],
    "haloColor": [1, 2, 3],
    "haloSize": 1,
    "font": {"family": "a", "size": 4},
}
_REST_VARIABLES: list[Json] = [
    {"type": "rotationInfo", "field": "A"},
    {
        "type": "sizeInfo",
        "valueExpression": "$feature.A",
        "minSize": 1,
        "maxSize": {"stops": [{"value": 1, "size": 2}]},
        "minDataValue": 1,
        "maxDataValue": 2,
    },
    {"type": "opacityInfo", "stops": [{"value": 1, "opacity": 0.5}]},
]
_REST_LABEL: Json = {
    "labelExpression": '[A] CONCAT "x"',
    "labelPlacement": "esriServerPointLabelPlacementAboveRight",
    "symbol": _TS,
    "where": "A > 1",
    "minScale": 9,
    "labelAngleInfo": {"angleExpression": "[A]"},
}
REST: tuple[Json, ...] = (
    {"drawingInfo": {"renderer": {"type": "simple", "symbol": _SMS, "visualVariables": _REST_VARIABLES}, "labelingInfo": [_REST_LABEL]}},
    {
        "type": "uniqueValue",
        "field1": "A",
        "field2": "B",
        "uniqueValueGroups": [{"heading": "h", "classes": [{"values": [["1", "2"]], "symbol": _PFS}]}],
    },
    {
        "type": "uniqueValue",
        "valueExpression": "$feature.A",
        "uniqueValueInfos": [{"value": "1", "symbol": _PMS}, {"value": "2", "symbol": _SLS}],
    },
    {
        "type": "simple",
        "symbol": _TS,
        "visualVariables": [
            {"type": "colorInfo", "field": "A", "stops": [{"value": 1, "color": [1, 2, 3]}, {"value": 2, "color": [1, 2, 3]}]}
        ],
    },
    {
        "type": "simple",
        "symbol": _STACK,
        "visualVariables": [{"type": "colorInfo", "field": "A", "colors": [[1, 2, 3], [4, 5, 6]], "minDataValue": 1, "maxDataValue": 2}],
    },
    {
        "type": "classBreaks",
        "field": "A",
        "minValue": 0,
        "classBreakInfos": [{"classMaxValue": 1, "symbol": _SMS}],
        "backgroundFillSymbol": _PFS,
    },
    {"type": "heatmap", "field": "A", "colorStops": [{"ratio": 0, "color": [1, 2, 3]}, {"ratio": 1, "color": [1, 2, 3]}], "blurRadius": 5},
    {
        "type": "dotDensity",
        "attributes": [{"field": "A", "color": [1, 2, 3]}],
        "dotValue": 5,
        "outline": _SLS,
        "backgroundColor": [1, 2, 3],
    },
    {"type": "temporal", "observationRenderer": {"type": "simple", "symbol": _PMS}},
)
