"""What ``/docs`` says about this front end: the addresses people ask for, with their parameters."""

from __future__ import annotations

from typing import Any, NamedTuple

_FORM = ("f", "html (default), json or pjson; image where a picture is answered.")
_EXPORT = (
    ("bbox", "xmin,ymin,xmax,ymax or a JSON envelope; the pairs in any order. Required."),
    ("bboxSR", "Spatial reference of bbox: wkid, JSON or WKT. Default: the map's."),
    ("imageSR", "Spatial reference of the picture. Default: the map's."),
    ("size", "width,height in pixels. Default: 400,400."),
    ("dpi", "Scales symbols. Default: 96."),
    ("format", "png (default), png32, png24, png8, jpg, gif, bmp, webp or avif."),
    ("transparent", "true or false (default)."),
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
        """The parameters as OpenAPI writes them."""
        in_path = [part[1:-1] for part in self.path.split("/") if part.startswith("{")]
        return {
            "parameters": [
                *({"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in in_path),
                *(
                    {"name": name, "in": "query", "description": text, "schema": {"type": "string"}}
                    for name, text in (*self.parameters, *(() if self.is_file else (_FORM,)))
                ),
            ]
        }


DESCRIBED = (
    Described("/info", "The server: its version, and that it asks nobody to sign in"),
    Described("/services", "Services and folders"),
    Described("/services/{service}/GPServer", "A geoprocessing service"),
    Described(_TASK, "A task and its parameters"),
    Described(f"{_TASK}/jobs/{{jobId}}", "A job: status, messages, results"),
    Described(f"{_TASK}/submitJob", "A new job, which goes on by itself; the inputs are parameters of their own names", _ENVIRONMENT),
    Described(f"{_TASK}/execute", "A new job when it is over, with the values of its results", (*_ENVIRONMENT, _MESSAGES)),
    Described(f"{_TASK}/jobs/{{jobId}}/cancel", "The job, which is cancelled if it is not over and whoever asks may do so"),
    Described(f"{_TASK}/jobs/{{jobId}}/results/{{parameter}}", "A result: a map image, or a value", _EXPORT),
    Described(f"{_TASK}/jobs/{{jobId}}/inputs/{{parameter}}", "A value the job was given"),
    Described(_MAP, "The map of a job; with f=image a picture of it"),
    Described(f"{_MAP}/export", "A picture of the map, or where it is", _EXPORT),
    Described(f"{_MAP}/layers", "All layers"),
    Described(f"{_MAP}/{{layer}}", "A layer"),
    Described(f"{_MAP}/{{layer}}/query", "Features of a layer whose author hands them out; with f=geojson as GeoJSON", _QUERY),
    Described(f"{_MAP}/find", "Features that hold a text", _FIND),
    Described(f"{_MAP}/legend", "The legend with its swatches", _LEGEND),
    Described(f"{_MAP}/{{layer}}/images/{{swatch}}", "A swatch by the name the legend gives it", is_file=True),
    Described(_ALIAS, "The same map, for clients that cut the address after MapServer; everything below it as well"),
    Described(_TEMPLATE, "The layers of a service without a job"),
    Described(f"{_TEMPLATE}/layers", "All layers of a service without a job"),
    Described(f"{_TEMPLATE}/{{layer}}", "A layer of a service without a job"),
    Described(f"{_TEMPLATE}/legend", "The legend of a service without a job", _LEGEND),
    Described("/directories/arcgisoutput/{folder}/{file}", "The picture that an export announced as its href", is_file=True),
)
