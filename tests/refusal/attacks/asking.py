"""Asking straight out: for what stands at a place, for files, and for whatever documents and errors say."""

from __future__ import annotations

import math
from collections.abc import Iterator
from urllib.parse import quote

from tests.builders.register import CELL_M, CELLS, FIELDS, SOUTH, WEST
from tests.refusal.addresses import Kind, every_address
from tests.refusal.thief import UTM, Thief, is_picture

_PLACE = "geometry={x},{y}&geometryType=esriGeometryPoint&sr=32616&inSR=32616"
_LOOK = f"{_PLACE}&tolerance=5&mapExtent={{x}},{{y}},{{e}},{{n}}&imageDisplay=400,400,96&returnGeometry=true&layers=all"
_OGC = "service=WMS&version=1.3.0&request=GetFeatureInfo&crs=EPSG:32616&bbox={x},{y},{e},{n}&width=9&height=9&i=4&j=4&layers=0"
_QUERIES = (
    f"{_PLACE}&outFields=*&returnGeometry=true&spatialRel=esriSpatialRelIntersects",
    "where=1%3D1&outFields=*", "where=worth_in_euro%3E500000&returnCountOnly=true", "where=1%3D1&returnIdsOnly=true",
    "where=1%3D1&returnExtentOnly=true", "where=1%3D1&returnDistinctValues=true&outFields=zone_of_plan", "objectIds=1,2,3&outFields=*",
    "outStatistics=%5B%7B%22statisticType%22:%22max%22,%22onStatisticField%22:%22worth_in_euro%22%7D%5D",
)  # fmt: skip
FORMS = ("json", "pjson", "geojson", "pbf", "html", "kmz")
FORMATS = (
    "tiff", "tif", "geotiff", "image/tiff", "image/geotiff", "jp2", "svg", "image/svg+xml", "pdf", "application/pdf", "emf", "ps", "kml",
    "kmz", "geojson", "application/geo+json", "mvt", "pbf", "application/x-protobuf", "application/vnd.mapbox-vector-tile", "utfgrid",
    "npy", "csv", "text/csv", "netcdf", "nc", "lerc", "lerc2d", "bsq", "bil", "zip", "shapefile", "gpkg", "flatgeobuf", "parquet",
)  # fmt: skip
SUFFIXES = ("pbf", "mvt", "geojson", "json", "grid.json", "tif", "tiff", "svg", "pdf", "npy", "csv", "kml", "lerc", "gif", "bmp", "xml")
WRONG = ("bbox=a", "size=0,0", "bboxSR=999999", "layers=x:y", "format=%00", "f=%2e%2e", *(f"{field}=1" for field in FIELDS))
WORDS = ("a", "e", "zn", "Dwelling", "19", "0", "%", "_", "owner")


def spellings(thief: Thief) -> tuple[str, ...]:
    """Every way to ask what stands at a place, as templates with the place: ``{x}``, ``{y}``, and a corner beyond: ``{e}``, ``{n}``."""
    maps = (thief.map_path, f"/arcgis/rest/services/Land/Register/jobs/{thief.register.job_id}/MapServer")
    operations = [f"/identify?{_LOOK}", *(f"/{layer}/query?{query}" for layer in (0, 1) for query in _QUERIES), f"/query?{_QUERIES[0]}"]
    operations += [f"/find?searchText={quote(word)}&layers=0&contains=true&returnGeometry=true" for word in WORDS]
    operations += [
        f"/0/queryRelatedRecords?objectIds=1&{_PLACE}",
        f"/1/identify?{_LOOK}",
        f"/0/generateRenderer?{_PLACE}",
        "/0/{x}",
        "/0/1",
    ]
    arcgis = [f"{m}{o}{'&' if '?' in o else '?'}f={form}" for m in maps for o in operations for form in FORMS[: 2 if m == maps[1] else 6]]
    service = f"Land/Register/jobs/{thief.register.job_id}"
    wms = (f"/wms/{service}", f"{thief.map_path}/WMSServer")
    others = [
        *(f"{head}?{_OGC}&query_layers=0&info_format={form}" for head in wms for form in ("text/plain", "application/json")),
        f"/wmts/{service}?service=WMTS&request=GetFeatureInfo&tilematrix=14&tilerow=6432&tilecol=4334&i=4&j=4",
        f"/ogcapi/{service}/collections/0/items?bbox={{x}},{{y}},{{e}},{{n}}", f"{thief.tiles_path}/point/{{x}},{{y}}",
        f"{thief.tiles_path}/statistics?bbox={{x}},{{y}},{{e}},{{n}}", f"{thief.tiles_path}/tiles/14/4334/6432.grid.json",
        f"/arcgis/rest/services/Land/Register/ImageServer/identify?{_PLACE}&f=json",
        f"/arcgis/rest/services/Land/Register/ImageServer/getSamples?{_PLACE}&f=json",
        f"/arcgis/rest/services/Land/Register/FeatureServer/0/query?{_QUERIES[0]}&f=json",
        f"/arcgis/rest/services/Land/Register/GPServer/Value/jobs/{thief.register.job_id}/results/Parcels?f=geojson&{_PLACE}",
        f"/arcgis/rest/services/Land/Register/GPServer/Value/jobs/{thief.register.job_id}/results/Depth?f=json&{_PLACE}&returnType=data",
    ]  # fmt: skip
    return (*arcgis, *others)


def ask_on_a_grid(thief: Thief) -> str:
    """Every point of a grid over the data, each in another spelling; every tenth as a form."""
    ways = spellings(thief)
    for number, (x, y) in enumerate(places(thief.points)):
        path = ways[number % len(ways)].format(x=f"{x:.2f}", y=f"{y:.2f}", e=f"{x + 50:.2f}", n=f"{y + 50:.2f}")
        if number % 10 == 9 and path.startswith("/arcgis"):
            address, _, query = path.partition("?")
            thief.ask("POST", address, content=query, headers={"content-type": "application/x-www-form-urlencoded"})
        else:
            thief.get(path)
    return f"{len(ways)} spellings"


def places(count: int) -> Iterator[tuple[float, float]]:
    """So many points over the register, row by row."""
    side = math.isqrt(count - 1) + 1
    step = CELL_M * CELLS / side
    yield from ((WEST + (n % side + 0.5) * step, SOUTH + (n // side + 0.5) * step) for n in range(count))


def ask_for_formats(thief: Thief) -> str:
    """Formats of files that hold data, by parameter, suffix and Accept: pictures, or words of refusal."""
    box = f"bbox={WEST},{SOUTH},{WEST + 2400},{SOUTH + 2400}&bboxSR={UTM}&size=64,64"
    result = f"/arcgis/rest/services/Land/Register/GPServer/Value/jobs/{thief.register.job_id}/results/"
    asked = [f"{thief.map_path}/export?{box}&f={f}&format={quote(form)}" for form in FORMATS for f in ("image", "json")]
    asked += [
        f"{path}f={form}&{box}"
        for form in (*FORMATS, *FORMS)
        for path in (f"{thief.map_path}/export?", f"{result}Depth?", f"{result}Parcels?")
    ]
    asked += [f"{thief.tiles_path}/tiles/{way}14/4334/6432.{suffix}" for suffix in SUFFIXES for way in ("", f"{thief.version}/")]
    asked += [f"{thief.tiles_path}/{name}.{suffix}" for name in ("tilejson", "legend", "data", "raster") for suffix in SUFFIXES]
    given = 0
    for path in asked:
        given += _hands_out(thief, path)
    for form in FORMATS:
        given += _hands_out(thief, f"{thief.tiles_path}/tiles/14/4334/6432.png", {"accept": form})
    return f"{given} answers were neither picture nor words"


def _hands_out(thief: Thief, path: str, headers: dict[str, str] | None = None) -> int:
    answer = thief.get(path, headers=headers or {})
    kind = answer.headers.get("content-type", "")
    if is_picture(answer) or kind.startswith(("application/json", "text/html", "application/javascript")):
        return 0
    thief.loot.add(f"file {path}", len(answer.content))
    return 1


def read_documents(thief: Thief) -> str:
    """Every address of the application, about this job and about its service, in every form, and with every parameter wrong."""
    register = thief.register
    legend = thief.get(f"{thief.map_path}/legend?f=json").json()
    swatch = legend["layers"][0]["legend"][0]["url"].split("/")[-1]
    names = {"service": "Land/Register", "job": register.job_id, "layer": "0", "version": thief.version, "swatch": swatch, "picture": "p.x"}
    for address in every_address("manifest.json"):
        path = address.filled(names).replace("/GPServer/Run", "/GPServer/Value").replace("/Seen", "/Parcels")
        for headers in ({}, {"accept": "text/html"}):
            thief.get(path, headers=headers)
        if address.kind is Kind.JOB and "?" in path:
            for wrong in (
                "bbox=a",
                "size=0,0",
                "bboxSR=999999",
                "layers=x:y",
                "format=%00",
                "f=%2e%2e",
                *(f"{field}=1" for field in FIELDS),
            ):
                thief.get(f"{path}&{wrong}")
    return ""
