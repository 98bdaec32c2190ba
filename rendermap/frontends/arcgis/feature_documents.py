"""Features that were found -> feature sets in ArcGIS's JSON and in GeoJSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rendermap.frontends.arcgis.geometries import GEOMETRY_TYPES, geojson_geometry, geometry_document
from rendermap.frontends.arcgis.spatial import Json, extent, spatial_reference
from rendermap.frontends.arcgis.spelling import Spelling, text_of
from rendermap.geo.crs import WGS84, to_wkid
from rendermap.reply import Feature, Features, FieldCard, FoundText, Value
from rendermap.request import Wanted

_FIELD_TYPES = {
    "id": "esriFieldTypeOID",
    "integer": "esriFieldTypeInteger",
    "real": "esriFieldTypeDouble",
    "text": "esriFieldTypeString",
    "date": "esriFieldTypeDate",
    "boolean": "esriFieldTypeSmallInteger",
}
_TEXT_LENGTH = 4000


def field_documents(fields: Iterable[FieldCard], *, shape_field: str = "") -> list[Json]:
    """The fields; that of the shape, which clients ask for, behind the ids."""
    documents = [_field(card.name, _FIELD_TYPES[card.kind], card.alias or card.name) for card in fields]
    if shape_field:
        documents.insert(1, _field(shape_field, "esriFieldTypeGeometry", shape_field))
    return documents


def _field(name: str, kind: str, alias: str) -> Json:
    length: Json = {"length": _TEXT_LENGTH} if kind == "esriFieldTypeString" else {}
    return {"name": name, "type": kind, "alias": alias, **length, "domain": None}


def shape_field_of(fields: Sequence[FieldCard]) -> str:
    """The name that the shape goes by: one that is no field's."""
    taken = {card.name.casefold() for card in fields}
    return next(name for name in ("Shape", "SHAPE_", "Shape__") if name.casefold() not in taken)


def query_document(found: Features, wanted: Wanted) -> Json:
    """What a query answers."""
    match wanted:
        case Wanted.COUNT:
            return {"count": found.count}
        case Wanted.IDS:
            more: Json = {"exceededTransferLimit": True} if found.is_more else {}
            return {"objectIdFieldName": found.id_field, "objectIds": list(found.ids), **more}
        case Wanted.EXTENT:
            return {"count": found.count, "extent": extent(found.bbox, found.crs) if found.bbox else _no_extent(found.crs)}
        case Wanted.DISTINCT | Wanted.STATISTICS:
            return set_document(found, has_shapes=False)
    return {"objectIdFieldName": found.id_field, **set_document(found, has_shapes=True)}


def _no_extent(crs: str) -> Json:
    return {"xmin": "NaN", "ymin": "NaN", "xmax": "NaN", "ymax": "NaN", "spatialReference": spatial_reference(crs)}


def set_document(found: Features, *, has_shapes: bool) -> Json:
    """A feature set, or a record set, which is rows alone."""
    shaped: Json = {}
    if has_shapes:
        has_z = any(len(feature.shape.parts[0][0][0]) > 2 for feature in found.features if feature.shape)
        shaped = {"geometryType": GEOMETRY_TYPES[found.geometry], "spatialReference": spatial_reference(found.crs), "hasZ": has_z}
    document: Json = {
        "displayFieldName": found.display_field,
        "fieldAliases": {card.name: card.alias or card.name for card in found.fields},
        **shaped,
        "fields": field_documents(found.fields),
        "features": [feature_document(found.fields, feature) for feature in found.features],
    }
    return {**document, "exceededTransferLimit": True} if found.is_more else document


def feature_document(fields: Sequence[FieldCard], feature: Feature) -> Json:
    """One feature; the geometry is left out where it was not asked for or has no place."""
    document: Json = {"attributes": attributes_of(fields, feature.values)}
    return {**document, "geometry": geometry_document(feature.shape)} if feature.shape else document


def attributes_of(fields: Sequence[FieldCard], values: Sequence[Value]) -> Json:
    """Values by field; truths are 1 and 0, for ArcGIS has none."""
    return {card.name: int(value) if isinstance(value, bool) else value for card, value in zip(fields, values, strict=True)}


def unseen_geojson() -> Json:
    """Features that may not be told: as past a limit of 0."""
    return _exceeded({"type": "FeatureCollection", "features": []})


def geojson_document(found: Features) -> Json:
    """A FeatureCollection (RFC 7946), with the older ``crs`` where it is not in degrees."""
    document: Json = {"type": "FeatureCollection", "features": [_geojson_feature(found.fields, feature) for feature in found.features]}
    wkid = to_wkid(found.crs)
    if found.crs != WGS84 and wkid:
        document["crs"] = {"type": "name", "properties": {"name": f"EPSG:{wkid}"}}
    return _exceeded(document) if found.is_more else document


def _exceeded(document: Json) -> Json:
    """Told in both places where clients look."""
    return {**document, "properties": {"exceededTransferLimit": True}, "exceededTransferLimit": True}


def _geojson_feature(fields: Sequence[FieldCard], feature: Feature) -> Json:
    told: Json = {} if feature.id is None else {"id": feature.id}
    shape = geojson_geometry(feature.shape)
    return {"type": "Feature", **told, "geometry": shape, "properties": attributes_of(fields, feature.values)}


def find_document(found: Sequence[FoundText], spelling: Spelling) -> Json:
    """What a find answers."""
    return {"results": [_find_result(one, spelling) for one in found]}


def _find_result(one: FoundText, spelling: Spelling) -> Json:
    keys, cards = spelling.keys(one.fields), {card.name: card for card in one.fields}
    document: Json = {
        "layerId": one.layer_id,
        "layerName": one.layer_name,
        "displayFieldName": keys.get(one.display_field, ""),
        "foundFieldName": keys[one.field],
        "value": text_of(cards[one.field], one.found),
        "attributes": spelling.attributes(one.fields, one.feature.values),
    }
    if one.feature.shape is None:
        return document
    geometry = {**geometry_document(one.feature.shape), "spatialReference": spatial_reference(one.crs)}
    return {**document, "geometryType": GEOMETRY_TYPES[one.geometry], "geometry": geometry}
