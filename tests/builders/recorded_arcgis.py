"""The map side's requests as real clients were recorded to send them, below the address of a job's map."""

from __future__ import annotations

BOX = "-9441000,4318000,-9430000,4326250"
SWAPPED = "-9441000,4326250,-9430000,4318000"
JS = f"bbox={BOX}&bboxSR=102100&imageSR=102100&size=400,300&format=png32&transparent=true&f=image"
LEAFLET = "size=800,600&dpi=96&format=png32&transparent=true&bboxSR=3857&imageSR=3857&layers=show:0"
TILE = "size=256,256&f=image"

PICTURES: dict[str, tuple[str, tuple[int, int]]] = {
    "core": (f"/export?{JS}&dpi=96&layers=show:0", (400, 300)),
    "core, filtered and turned": (f'/export?{JS}&layers=show:0&layerDefs={{"0":"OBJECTID>3"}}&rotation=-30&dpi=192', (400, 300)),
    "core, all off": (f"/export?{JS}&dpi=96&layers=show:-1", (400, 300)),
    "core, time and a stamp against caches": (f"/export?{JS}&dpi=96&layers=show:0&time=null,null&_ts=1700000000000", (400, 300)),
    "leaflet": (f"/export?bbox={SWAPPED}&{LEAFLET}&f=image", (800, 600)),
    "openlayers": (f"?f=image&format=png32&transparent=true&size=300,300&bbox={BOX}&bboxSR=3857&imageSR=3857&dpi=90", (300, 300)),
    "openlayers, fractions": (f"?F=image&FORMAT=PNG32&SIZE=299.9996,300&BBOX={BOX}&BBOXSR=3857&IMAGESR=3857&DPI=90&LAYERS=", (300, 300)),
    "qgis": ("/export?bbox=700000,4000000,706000,4006000&size=256,256&format=PNG&layers=show:&transparent=true&f=image", (256, 256)),
    "gdal": (f"/export?{TILE}&bbox={BOX}&format=png&transparent=false&layers=&layerdefs=&time=&bboxSR=3857&imageSR=3857", (256, 256)),
    "cesium": (f"/export?{TILE}&bbox=-84.8,36,-84.7,36.2&format=png32&transparent=true&bboxSR=4326&imageSR=4326&layers=0", (256, 256)),
    "python": (f"/export?bbox={BOX}&bboxSR=3857&size=600,550&dpi=200&transparent=False&format=png&layers=show:0&f=image", (600, 550)),
}  # fmt: skip
"""By client: the request, and how large a picture it asks for."""
DOCUMENTS: dict[str, tuple[str, str]] = {
    "core, root": ("?f=json", "layers"),
    "leaflet, root": ("/?f=json", "layers"),
    "core, updates": ("?f=json&returnUpdates=true", "fullExtent"),
    "core, legend": ("/legend?f=json", "layers"),
    "legend of a sharp screen": ("/legend?f=json&dpi=192&size=20,20", "layers"),
    "leaflet, export": (f"/export?bbox={SWAPPED}&{LEAFLET}&f=json", "href"),
    "gdal, metadata": ("?f=json&pretty=true", "fullExtent"),
    "qgis, layer": ("/0?f=json", "extent"),
}
"""By client: the request, and what it reads first of the answer."""
QUESTIONS: dict[str, str] = {
    "core, identify": "/identify?f=json&returnFieldName=true&returnGeometry=true&returnUnformattedValues=true&returnZ=false&tolerance=3"
    f'&imageDisplay=400,300,96&geometry={{"x":-9435000,"y":4322000}}&geometryType=esriGeometryPoint&sr=102100&mapExtent={BOX}&layers=all',
    "leaflet, identify": "/identify?sr=4326&layers=all&tolerance=3&returnGeometry=true&imageDisplay=800,600,96&mapExtent=-85,36,-84,37"
    '&geometry={"x":-84.76,"y":36.13,"spatialReference":{"wkid":4326}}&geometryType=esriGeometryPoint&layerDefs=0:a>1&f=json',
    "core, query": "/0/query?f=json&spatialRel=esriSpatialRelIntersects&where=1=1",
}
"""By client: requests about features."""
