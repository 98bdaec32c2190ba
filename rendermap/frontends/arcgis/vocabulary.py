"""The parameters of the resources people ask by hand: what ``/docs`` and the forms of pages say of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rendermap.frontends.negotiation import Form, esri_names

Schema = Mapping[str, Any]
Words = tuple[tuple[str, str], ...]
"""Names of parameters, and what is said of each."""

FORM = ("f", "html (default), json or pjson; image where a picture is answered.")
EXPORT: Words = (
    ("bbox", "xmin,ymin,xmax,ymax or a JSON envelope; the pairs in any order. Required."),
    ("bboxSR", "Spatial reference of bbox: wkid, JSON or WKT. Default: the map's."),
    ("imageSR", "Spatial reference of the picture. Default: the map's."),
    ("size", "width,height in pixels. Default: 400,400."),
    ("dpi", "Scales symbols. Default: 96."),
    ("format", "png (default), png32, png24, png8, jpg, gif, bmp, webp or avif."),
    ("transparent", "true or false (default)."),
    ("rotation", "Degrees by which the map is turned, counter-clockwise."),
    ("time", "A moment or from,to in milliseconds since 1970. Only on layers that have a time."),
    ("layerTimeOptions", "By layer, whether time is used, and whether what was before shows too, as JSON."),
    ("dynamicLayers", "Layers of the map, ordered, filtered or drawn otherwise, as JSON."),
    ("layers", "show:, hide:, include: or exclude: and layer ids."),
    ("layerDefs", 'Filters: {"0": "depth > 2"}. Only on layers whose author allows it.'),
    ("mapScale", "Scale at 96 dpi; wins over the box, whose centre is kept."),
)
QUERY: Words = (
    ("where", "A condition in SQL-92's subset, of fields that may be told."),
    ("text", "What the display field holds."),
    ("objectIds", "Ids of features, with commas between them."),
    ("geometry", "A geometry as JSON, x,y or xmin,ymin,xmax,ymax."),
    ("geometryType", "Default: esriGeometryEnvelope."),
    ("inSR", "Spatial reference of geometry. Default: its own, else the map's."),
    ("spatialRel", "Default: esriSpatialRelIntersects."),
    ("distance", "Around the geometry."),
    ("units", "Of distance, such as esriSRUnit_Meter."),
    ("outFields", "* or names. Default: the display field."),
    ("outSR", "Spatial reference of the answer. Default: the map's."),
    ("returnGeometry", "true (default) or false."),
    ("returnIdsOnly", "true or false (default)."),
    ("returnCountOnly", "true or false (default)."),
    ("returnExtentOnly", "true or false (default)."),
    ("returnDistinctValues", "true or false (default)."),
    ("orderByFields", "Names, each with ASC or DESC behind it or alone."),
    ("groupByFieldsForStatistics", "Names."),
    ("outStatistics", "A JSON list of statisticType, onStatisticField, outStatisticFieldName."),
    ("resultOffset", "So many are passed over."),
    ("resultRecordCount", "At most so many."),
    ("maxAllowableOffset", "By which geometries may be simplified, in units of outSR."),
    ("geometryPrecision", "Decimals of coordinates."),
    ("returnZ", "true or false (default)."),
    ("returnExceededLimitFeatures", "true (default), or false for no features where there are more than one answer holds."),
    ("time", "As of export."),
    ("layerTimeOptions", "As of export."),
)
FIND: Words = (
    ("searchText", "Required."),
    ("contains", "true (default), or false for the whole value."),
    ("searchFields", "Names. Default: all that may be told."),
    ("layers", "Ids. Required."),
    ("sr", "Spatial reference of the answer. Default: the map's."),
    ("layerDefs", 'Filters: {"0": "depth > 2"}.'),
    ("returnGeometry", "true (default) or false."),
    ("maxAllowableOffset", "By which geometries may be simplified, in units of sr."),
    ("geometryPrecision", "Decimals of coordinates."),
    ("returnFieldName", "true, or false (default) for aliases."),
    ("returnUnformattedValues", "true, or false (default) for texts."),
    ("time", "As of export."),
    ("layerTimeOptions", "As of export."),
)
IDENTIFY: Words = (
    ("geometry", "x,y, xmin,ymin,xmax,ymax or JSON. Required."),
    ("geometryType", "Default: esriGeometryPoint."),
    ("sr", "Spatial reference of geometry, mapExtent and the answer. Default: the map's."),
    ("layers", "top (default), visible or all, each alone or with ids: all:0,2."),
    ("tolerance", "Pixels around the geometry."),
    ("mapExtent", "xmin,ymin,xmax,ymax of the picture."),
    ("imageDisplay", "width,height,dpi of the picture."),
    ("layerDefs", 'Filters: {"0": "depth > 2"}.'),
    ("time", "As of export."),
    ("layerTimeOptions", "As of export."),
    ("returnGeometry", "true (default) or false."),
    ("returnFieldName", "true, or false (default) for aliases."),
    ("returnUnformattedValues", "true, or false (default) for texts."),
    ("maxAllowableOffset", "By which geometries may be simplified, in units of sr."),
    ("geometryPrecision", "Decimals of coordinates."),
    ("returnZ", "true or false (default)."),
    ("dynamicLayers", "As of export."),
)
LEGEND: Words = (
    ("dpi", "Of the swatches. Default: 96."),
    ("size", "width,height of a swatch. Default: 20,20."),
    ("dynamicLayers", "As of export."),
)
ENVIRONMENT: Words = (
    ("env:outSR", "Spatial reference of the results: wkid, JSON or WKT. Default: the tool's own."),
    ("env:processSR", "Spatial reference to work in. Default: the tool's own."),
    ("env:extent", "Envelope outside of which nothing needs to be worked out."),
    ("context", "The same as one JSON object of outSR, processSR and extent."),
    ("returnZ", "true or false (default): keep heights."),
    ("returnM", "true or false (default): keep measures."),
)
MESSAGES = ("returnMessages", "true (default) or false.")

TEXT: Schema = {"type": "string"}
_FLAG: Schema = {"type": "string", "enum": ["true", "false"]}
_COUNT: Schema = {"type": "integer", "minimum": 0, "maximum": 2**31 - 1}


def _such_as(*examples: str) -> Schema:
    return {"type": "string", "examples": list(examples)}


_REFERENCE = _such_as("4326", "102100", '{"wkid": 102100, "latestWkid": 3857}')
_FILTERS = _such_as('{"0": "depth > 2"}', '{"0": "OBJECTID > 3"}', "0:depth > 2;1:depth < 1")
SCHEMAS: Mapping[str, Schema] = {
    "f": {"type": "string", "enum": [*Form, "geojson"]},
    "bbox": _such_as("-9441000,4318000,-9430000,4326250", '{"xmin": 10, "ymin": 50, "xmax": 11, "ymax": 51}'),
    **dict.fromkeys(("bboxSR", "imageSR", "inSR", "outSR", "sr", "env:outSR", "env:processSR"), _REFERENCE),
    "size": _such_as("400,300", "20,20"),
    "dpi": {"type": "number", "exclusiveMinimum": 0, "maximum": 600},
    "format": {"type": "string", "enum": list(esri_names())},
    "layers": _such_as("show:0", "hide:0,1", "0", "all"),
    "layerDefs": _FILTERS,
    "mapScale": {"type": "number", "exclusiveMinimum": 0},
    "rotation": {"type": "number"},
    "time": _such_as("1700000000000", "null,1700000000000"),
    "layerTimeOptions": _such_as('{"0": {"useTime": false}}', '{"0": {"timeDataCumulative": true}}'),
    "dynamicLayers": _such_as('[{"id": 0, "source": {"type": "mapLayer", "mapLayerId": 0}}]'),
    "where": _such_as("1=1", "depth > 2 AND name LIKE 'a%'"),
    "objectIds": _such_as("1", "1,2,3"),
    "geometry": _such_as('{"x": 10, "y": 50, "spatialReference": {"wkid": 4326}}', "10,50", "10,50,11,51"),
    "geometryType": _such_as("esriGeometryPoint", "esriGeometryEnvelope", "esriGeometryPolygon"),
    "spatialRel": _such_as("esriSpatialRelIntersects", "esriSpatialRelContains", "esriSpatialRelWithin"),
    "distance": {"type": "number", "minimum": 0},
    "units": _such_as("esriSRUnit_Meter", "esriSRUnit_Kilometer"),
    "outFields": _such_as("*", "name,depth"),
    "orderByFields": _such_as("depth DESC", "name ASC,depth"),
    "outStatistics": _such_as('[{"statisticType": "max", "onStatisticField": "depth", "outStatisticFieldName": "deepest"}]'),
    **dict.fromkeys(("resultOffset", "resultRecordCount"), _COUNT),
    "geometryPrecision": {"type": "integer", "minimum": 0, "maximum": 15},
    "maxAllowableOffset": {"type": "number", "minimum": 0},
    "env:extent": _such_as('{"xmin": 10, "ymin": 50, "xmax": 11, "ymax": 51, "spatialReference": {"wkid": 4326}}'),
    "context": _such_as('{"outSR": {"wkid": 4326}, "extent": {"xmin": 10, "ymin": 50, "xmax": 11, "ymax": 51}}'),
    **dict.fromkeys(
        (
            "transparent", "contains", "returnGeometry", "returnIdsOnly", "returnCountOnly", "returnExtentOnly", "returnDistinctValues",
            "returnZ", "returnM", "returnMessages", "returnFieldName", "returnUnformattedValues", "returnExceededLimitFeatures",
        ),
        _FLAG,
    ),
}  # fmt: skip
"""What parameters hold: each name means the same wherever it stands.  All others hold any text."""


TITLES: Mapping[str, str] = {
    "bbox": "Box",
    "size": "Size",
    "format": "Format",
    "layers": "Layers",
    "transparent": "Transparent background",
    "bboxSR": "Spatial reference of the box",
    "imageSR": "Spatial reference of the picture",
    "dpi": "Dots per inch",
    "rotation": "Rotation",
    "time": "Time",
    "layerTimeOptions": "Time by layer",
    "dynamicLayers": "Layers drawn otherwise",
    "layerDefs": "Filters",
    "mapScale": "Scale",
    "where": "Condition",
    "text": "Text",
    "objectIds": "Ids",
    "geometry": "Place",
    "geometryType": "The place is a",
    "inSR": "Spatial reference of the place",
    "spatialRel": "Features that",
    "distance": "Distance around it",
    "units": "Unit of the distance",
    "outFields": "Fields",
    "outSR": "Spatial reference of the answer",
    "returnGeometry": "With shapes",
    "returnIdsOnly": "Only ids",
    "returnCountOnly": "Only the number",
    "returnExtentOnly": "Only the extent",
    "returnDistinctValues": "Different rows",
    "orderByFields": "Order",
    "groupByFieldsForStatistics": "Statistics for each",
    "outStatistics": "Statistics",
    "resultOffset": "Passed over",
    "resultRecordCount": "Limit",
    "returnExceededLimitFeatures": "Features past the limit",
    "maxAllowableOffset": "Shapes simplified by",
    "geometryPrecision": "Decimals of coordinates",
    "returnZ": "With heights",
    "searchText": "Text",
    "contains": "The text stands",
    "searchFields": "Fields",
    "sr": "Spatial reference",
    "tolerance": "Tolerance",
    "mapExtent": "Picture that is looked at",
    "imageDisplay": "Its size",
    "returnFieldName": "Names of fields instead of titles",
    "returnUnformattedValues": "Values as they are",
}
"""What parameters are called on pages."""


def is_flag(name: str) -> bool:
    """Whether a parameter is true or false."""
    return SCHEMAS.get(name) is _FLAG
