"""Cards of maps -> the documents of the map side: root, layers, legend.

Everything is said at the level that is granted: a map that may only be seen has the capability ``Map`` and no more, its layers have no
fields and no renderer, and its record limit is 0.  A layer that may be asked about tells how it is drawn and the fields that may be told.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence, Set

from rendermap.frontends.arcgis.feature_documents import field_documents, shape_field_of
from rendermap.frontends.arcgis.geometries import GEOMETRY_TYPES
from rendermap.frontends.arcgis.spatial import (
    Json,
    extent,
    map_units,
    scale_of,
    spatial_reference,
    to_esri_scale,
    with_area,
)
from rendermap.frontends.negotiation import esri_names
from rendermap.geo.view import MapView
from rendermap.reply import LayerCard, LegendEntry, LegendLayer, MapCard

CURRENT_VERSION = 11.1
CAPABILITIES = {"view": "Map", "identify": "Map,Query", "data": "Map,Query,Data"}

_ADVANCED = (
    "supportsPagination", "supportsOrderBy", "supportsStatistics", "supportsDistinct", "supportsQueryWithDistance",
    "supportsReturningQueryExtent", "supportsReturningGeometryCentroid", "supportsCountDistinct",
)  # fmt: skip
_NEVER = {"supportsReturningGeometryCentroid": False, "supportsCountDistinct": False}
_LAYER_TYPES = {"raster": "Raster Layer", "vector": "Feature Layer", "group": "Group Layer"}


def root_document(card: MapCard, alias_url: str | None) -> Json:
    """The root of a map.  alias_url: its address for clients that lose the job, told where no client interprets it."""
    frame = extent(with_area(card.home, card.crs), card.crs)
    return {
        "currentVersion": CURRENT_VERSION,
        "serviceDescription": card.service.description,
        "mapName": card.title,
        "description": card.service.description,
        "copyrightText": card.service.credits,
        "supportsDynamicLayers": True,
        "layers": [_layer_entry(layer) for layer in card.layers],
        "tables": [],
        "spatialReference": spatial_reference(card.crs),
        "singleFusedMapCache": False,
        "initialExtent": frame,
        "fullExtent": frame,
        "datesInUnknownTimezone": False,
        "minScale": 0,
        "maxScale": 0,
        "units": map_units(card.crs),
        "supportedImageFormatTypes": ",".join(esri_names()),
        "documentInfo": {
            "Title": card.title,
            "Author": "",
            "Comments": f"Also served at {alias_url}" if alias_url else "",
            "Subject": card.service.description,
            "Category": "",
            "Keywords": "",
        },
        "capabilities": CAPABILITIES[max((access_of(layer) for layer in card.layers), key=list(CAPABILITIES).index, default="view")],
        "supportedQueryFormats": "JSON, geoJSON",
        "supportsQueryDomains": False,
        "exportTilesAllowed": False,
        "referenceScale": 0,
        "supportsDatumTransformation": False,
        "supportsClipping": False,
        "supportsSpatialFilter": False,
        "maxRecordCount": card.service.maximum_records if any(access_of(layer) == "data" for layer in card.layers) else 0,
        "maxImageHeight": card.max_px,
        "maxImageWidth": card.max_px,
        "supportedExtensions": "",
        **_map_time(card.layers),
    }


def _map_time(layers: Iterable[LayerCard]) -> Json:
    """Its presence alone switches time sliders on, so only a map with time has it."""
    times = [layer.time for layer in layers if layer.time]
    return {"timeInfo": _time_info(min(t.first_ms for t in times), max(t.last_ms for t in times))} if times else {}


def _layer_time(layer: LayerCard) -> Json:
    """The fields are named where they may be told at all."""
    if layer.time is None:
        return {}
    told = {field.name for field in layer.fields}
    names = [name if name in told else None for name in (layer.time.start_field, layer.time.end_field)]
    options = {"useTime": True, "timeDataCumulative": False, "timeOffset": None, "timeOffsetUnits": None}
    info = _time_info(layer.time.first_ms, layer.time.last_ms)
    return {
        "timeInfo": {
            "startTimeField": names[0], "endTimeField": names[1], "trackIdField": None, **info, "timeInterval": 0,
            "timeIntervalUnits": "esriTimeUnitsUnknown", "exportOptions": options,
        }
    }  # fmt: skip


def _time_info(first_ms: float, last_ms: float) -> Json:
    return {
        "timeExtent": [round(first_ms), round(last_ms)],
        "timeReference": {"timeZone": "UTC", "respectsDaylightSaving": False},
        "hasLiveData": False,
    }


def _layer_entry(layer: LayerCard) -> Json:
    entry: Json = {
        "id": layer.id,
        "name": layer.name,
        "parentLayerId": -1 if layer.parent is None else layer.parent,
        "defaultVisibility": layer.visible,
        "subLayerIds": list(layer.children) if layer.kind == "group" else None,
        "minScale": to_esri_scale(layer.min_scale_denominator),
        "maxScale": to_esri_scale(layer.max_scale_denominator),
        "type": _LAYER_TYPES[layer.kind],
        "supportsDynamicLegends": True,
    }
    return {**entry, **_geometry_type(layer)}


def _geometry_type(layer: LayerCard) -> Json:
    """Required of feature layers, also of those whose data nobody could look into."""
    return {"geometryType": GEOMETRY_TYPES.get(layer.geometry or "", "esriGeometryPolygon")} if layer.kind == "vector" else {}


def layers_document(card: MapCard, drawing_infos: Mapping[int, Json]) -> Json:
    """All layers in full.  drawing_infos: by layer id, of the layers whose symbology may be told."""
    return {"layers": [layer_document(card, layer, drawing_infos.get(layer.id)) for layer in card.layers], "tables": []}


def layer_document(card: MapCard, layer: LayerCard, drawing_info: Json | None) -> Json:
    """One layer in full; its extent is that of its coordinates, in the map's own spatial reference: QGIS draws nothing outside of it."""
    names = {other.id: other.name for other in card.layers}
    is_queried = access_of(layer) == "data"
    parent = None if layer.parent is None else {"id": layer.parent, "name": names.get(layer.parent, "")}
    document: Json = {
        "currentVersion": CURRENT_VERSION,
        "id": layer.id,
        "name": layer.name,
        "type": _LAYER_TYPES[layer.kind],
        "description": layer.fault or "",
        "copyrightText": card.service.credits,
        "parentLayer": parent,
        "subLayers": [{"id": child, "name": names.get(child, "")} for child in layer.children],
        "minScale": to_esri_scale(layer.min_scale_denominator),
        "maxScale": to_esri_scale(layer.max_scale_denominator),
        "defaultVisibility": layer.visible,
        "extent": extent(with_area(layer.bbox or card.bbox, card.crs), card.crs),
        "sourceSpatialReference": spatial_reference(card.crs),
        "drawingInfo": drawing_info,
        "hasAttachments": False,
        "htmlPopupType": "esriServerHTMLPopupTypeNone",
        "displayField": layer.display_field,
        "typeIdField": None,
        "fields": _fields(layer),
        "canModifyLayer": access_of(layer) != "view",
        "canScaleSymbols": False,
        "hasLabels": bool(drawing_info and drawing_info.get("labelingInfo")),
        "capabilities": CAPABILITIES[access_of(layer)],
        "maxRecordCount": card.service.maximum_records if is_queried else 0,
        "supportsStatistics": is_queried,
        "supportsAdvancedQueries": is_queried,
        "supportedQueryFormats": "JSON, geoJSON",
        "isDataVersioned": False,
        "advancedQueryCapabilities": dict.fromkeys(_ADVANCED, is_queried) | _NEVER,
    }
    if layer.fields:
        document["objectIdField"] = layer.fields[0].name
    return {**document, **_layer_time(layer), **_geometry_type(layer)}


def transparency_document(opacity: float) -> Json:
    """The drawingInfo of a layer of which nothing else is told."""
    return {"transparency": round((1 - opacity) * 100), "labelingInfo": None}


def access_of(layer: LayerCard) -> str:
    """What may be done with a layer, never the data of what are no features, nor anything with what is a heading."""
    return "view" if layer.kind == "group" else "identify" if layer.kind == "raster" and layer.access == "data" else layer.access


def _fields(layer: LayerCard) -> list[Json] | None:
    if layer.kind != "vector":
        return None
    shape_field = shape_field_of(layer.fields) if layer.access == "data" and layer.fields else ""
    return field_documents(layer.fields, shape_field=shape_field)


def picture_document(href: str, view: MapView) -> Json:
    """What an export with f=json answers; the extent is the one drawn."""
    return {
        "href": href,
        "width": view.width_px,
        "height": view.height_px,
        "extent": extent(view.bbox, view.crs),
        "scale": scale_of(view),
    }


def legend_document(layers: Sequence[LegendLayer], suffix: str = "", told: Set[int] = frozenset()) -> Json:
    """The legend with its swatches in it.

    suffix: tells swatches of other sizes apart in their addresses.  told: ids of the layers whose classes' values may be told.
    """
    return {"layers": [_legend_layer(layer, suffix, tells_values=layer.id in told) for layer in layers]}


def _legend_layer(layer: LegendLayer, suffix: str, *, tells_values: bool) -> Json:
    headings = list(dict.fromkeys(entry.heading or layer.heading for entry in layer.entries))
    lines = [_legend_entry(entry, suffix, tells_values=tells_values) for entry in layer.entries]
    document: Json = {
        "layerId": layer.id,
        "layerName": layer.name,
        "layerType": _LAYER_TYPES[layer.kind],
        "minScale": to_esri_scale(layer.min_scale_denominator),
        "maxScale": to_esri_scale(layer.max_scale_denominator),
        "legend": lines,
    }
    if not any(headings):
        return document
    groups = {heading: number for number, heading in enumerate(headings)}
    document["legendGroups"] = [{"id": number, "heading": heading} for heading, number in groups.items()]
    document["legend"] = [
        {**line, "groupId": groups[entry.heading or layer.heading]} for line, entry in zip(lines, layer.entries, strict=True)
    ]
    return document


def _legend_entry(entry: LegendEntry, suffix: str, *, tells_values: bool) -> Json:
    document: Json = {
        "label": entry.label,
        "url": swatch_name(entry) + suffix,
        "imageData": base64.b64encode(entry.swatch).decode(),
        "contentType": "image/png",
        "height": entry.height_px,
        "width": entry.width_px,
    }
    # @arcgis/core matches classes by them; always a list
    return {**document, "values": list(entry.values)} if tells_values and entry.values else document


def swatch_name(entry: LegendEntry) -> str:
    """A swatch's name: a digest of its pixels."""
    return hashlib.blake2b(entry.swatch, digest_size=12).hexdigest()


def swatch_named(layers: Iterable[LegendLayer], layer_id: int, name: str) -> bytes | None:
    """The swatch of a layer by its name."""
    entries = (entry for layer in layers if layer.id == layer_id for entry in layer.entries)
    return next((entry.swatch for entry in entries if swatch_name(entry) == name), None)
