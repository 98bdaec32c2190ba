"""What ``/docs`` says about this front end: the addresses people ask for, with their parameters and what these hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from rendermap.frontends.negotiation import Form, esri_names

Schema = Mapping[str, Any]

_FORM = ("f", "html (default), json or pjson; image where a picture is answered.")
_EXPORT = (
    ("bbox", "xmin,ymin,xmax,ymax or a JSON envelope; the pairs in any order. Required."),
    ("bboxSR", "Spatial reference of bbox: wkid, JSON or WKT. Default: the map's."),
    ("imageSR", "Spatial reference of the picture. Default: the map's."),
    ("size", "width,height in pixels. Default: 400,400."),
    ("dpi", "Scales symbols. Default: 96."),
    ("format", "png (default), png32, png24, png8, jpg, gif, bmp, webp or avif."),
    ("transparent", "true or false (default)."),
    ("rotation", "Degrees by which the map is turned, counter-clockwise."),
    ("time", "A moment or from,to in milliseconds since 1970. Only on layers that have a time."),
    ("dynamicLayers", "Layers of the map, ordered, filtered or drawn otherwise, as JSON."),
    ("layers", "show:, hide:, include: or exclude: and layer ids."),
    ("layerDefs", 'Filters: {"0": "depth > 2"}. Only on layers whose author allows it.'),
    ("mapScale", "Scale at 96 dpi; wins over the box, whose centre is kept."),
)
_QUERY = (
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
)
_FIND = (
    ("searchText", "Required."),
    ("layers", "Ids. Required."),
    ("searchFields", "Names. Default: all that may be told."),
    ("contains", "true (default), or false for the whole value."),
    ("sr", "Spatial reference of the answer. Default: the map's."),
    ("layerDefs", 'Filters: {"0": "depth > 2"}.'),
    ("returnGeometry", "true (default) or false."),
)
_IDENTIFY = (
    ("geometry", "x,y, xmin,ymin,xmax,ymax or JSON. Required."),
    ("geometryType", "Default: esriGeometryPoint."),
    ("sr", "Spatial reference of geometry, mapExtent and the answer. Default: the map's."),
    ("layers", "top (default), visible or all, each alone or with ids: all:0,2."),
    ("tolerance", "Pixels around the geometry."),
    ("mapExtent", "xmin,ymin,xmax,ymax of the picture."),
    ("imageDisplay", "width,height,dpi of the picture."),
    ("layerDefs", 'Filters: {"0": "depth > 2"}.'),
    ("dynamicLayers", "As of export."),
    ("time", "As of export."),
    ("returnGeometry", "true (default) or false."),
    ("returnFieldName", "true, or false (default) for aliases."),
    ("returnUnformattedValues", "true, or false (default) for texts."),
    ("maxAllowableOffset", "By which geometries may be simplified, in units of sr."),
    ("geometryPrecision", "Decimals of coordinates."),
)
_LEGEND = (("dpi", "Of the swatches. Default: 96."), ("size", "width,height of a swatch. Default: 20,20."))
_ENVIRONMENT = (
    ("env:outSR", "Spatial reference of the results: wkid, JSON or WKT. Default: the tool's own."),
    ("env:processSR", "Spatial reference to work in. Default: the tool's own."),
    ("env:extent", "Envelope outside of which nothing needs to be worked out."),
    ("context", "The same as one JSON object of outSR, processSR and extent."),
    ("returnZ", "true or false (default): keep heights."),
    ("returnM", "true or false (default): keep measures."),
)
_MESSAGES = ("returnMessages", "true (default) or false.")

_TEXT: Schema = {"type": "string"}
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
            "returnZ", "returnM", "returnMessages",
        ),
        _FLAG,
    ),
}  # fmt: skip
"""What parameters hold: each name means the same wherever it stands.  All others hold any text."""

_TEMPLATE = "/services/{service}/MapServer"
_MAP = f"{_TEMPLATE}/jobs/{{jobId}}"
_ALIAS = "/services/{service}/jobs/{jobId}/MapServer"
_TASK = "/services/{service}/GPServer/{task}"


class Described(NamedTuple):
    """One address as the documentation shows it.  is_file: answers a picture and takes no ``f``."""

    path: str
    summary: str
    parameters: tuple[tuple[str, str], ...] = ()
    is_file: bool = False

    def operation(self) -> dict[str, Any]:
        """The parameters and answers as OpenAPI writes them, with all parameters in the address."""
        return {"parameters": [*self._in_path(), *({**one, "in": "query"} for one in self._said())], "responses": self._answers()}

    def form(self) -> dict[str, Any]:
        """The same with the parameters as fields of a form, as clients send what is long."""
        fields = {one["name"]: {**one["schema"], "description": one["description"]} for one in self._said()}
        body = {"content": {"application/x-www-form-urlencoded": {"schema": {"type": "object", "properties": fields}}}}
        return {"parameters": self._in_path(), "requestBody": body, "responses": self._answers()}

    def _in_path(self) -> list[dict[str, Any]]:
        names = [part[1:-1] for part in self.path.split("/") if part.startswith("{")]
        return [{"name": name, "in": "path", "required": True, "schema": dict(_TEXT)} for name in names]

    def _said(self) -> list[dict[str, Any]]:
        said = (*self.parameters, *(() if self.is_file else (_FORM,)))
        return [{"name": name, "description": text, "schema": dict(SCHEMAS.get(name, _TEXT))} for name, text in said]

    def _answers(self) -> dict[str, Any]:
        """Errors too have the status 200 and are objects with an ``error``; files that are not there have HTTP's own."""
        kinds = ("image/*",) if self.is_file else ("application/json", "text/html", "application/javascript", "image/*")
        return {"200": {"content": {kind: {} for kind in kinds}}}


DESCRIBED = (
    Described("/info", "The server: its version, and that it asks nobody to sign in"),
    Described("/services", "Services and folders"),
    Described("/services/{service}/GPServer", "A geoprocessing service"),
    Described(_TASK, "A task and its parameters"),
    Described(f"{_TASK}/jobs/{{jobId}}", "A job: status, messages, results"),
    Described(f"{_TASK}/submitJob", "A new job, which goes on by itself; the inputs are parameters of their own names", _ENVIRONMENT),
    Described(f"{_TASK}/execute", "A new job when it is over, with the values of its results", (*_ENVIRONMENT, _MESSAGES)),
    Described(f"{_TASK}/jobs/{{jobId}}/cancel", "The job, which is cancelled if it is not over and whoever asks may do so"),
    Described(
        f"{_TASK}/jobs/{{jobId}}/results/{{parameter}}", "A result: a map image, or a value; features with f=geojson as GeoJSON", _EXPORT
    ),
    Described(f"{_TASK}/jobs/{{jobId}}/inputs/{{parameter}}", "A value the job was given"),
    Described(_MAP, "The map of a job; with f=image a picture of it"),
    Described(f"{_MAP}/export", "A picture of the map, or where it is", _EXPORT),
    Described(f"{_MAP}/layers", "All layers"),
    Described(f"{_MAP}/{{layer}}", "A layer"),
    Described(f"{_MAP}/{{layer}}/query", "Features of a layer whose author hands them out; with f=geojson as GeoJSON", _QUERY),
    Described(f"{_MAP}/find", "Features that hold a text", _FIND),
    Described(f"{_MAP}/identify", "What stands at a place, in layers whose author lets people ask", _IDENTIFY),
    Described(f"{_MAP}/legend", "The legend with its swatches", _LEGEND),
    Described(f"{_MAP}/{{layer}}/images/{{swatch}}", "A swatch by the name the legend gives it", is_file=True),
    Described(_ALIAS, "The same map, for clients that cut the address after MapServer; everything below it as well"),
    Described(_TEMPLATE, "The layers of a service without a job"),
    Described(f"{_TEMPLATE}/layers", "All layers of a service without a job"),
    Described(f"{_TEMPLATE}/{{layer}}", "A layer of a service without a job"),
    Described(f"{_TEMPLATE}/legend", "The legend of a service without a job", _LEGEND),
    Described("/directories/arcgisoutput/{folder}/{file}", "The picture that an export announced as its href", is_file=True),
)
