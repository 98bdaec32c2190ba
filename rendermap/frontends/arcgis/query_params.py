"""The parameters of query and find -> what is asked of the service."""

from __future__ import annotations

import re

from rendermap.errors import InvalidLayer, InvalidParameter, NotSupported
from rendermap.frontends.arcgis.clock import at_now
from rendermap.frontends.arcgis.geometries import parse_geometry
from rendermap.frontends.arcgis.layers import parse_layer_defs
from rendermap.frontends.arcgis.spatial import parse_spatial_reference
from rendermap.frontends.arcgis.times import parse_time
from rendermap.frontends.arcgis.undone import refuse_undone
from rendermap.frontends.kvp import Checks, Parameters, parse_bool, parse_float, parse_json, parse_layer_ids
from rendermap.geo.crs import WGS84, metres_per_unit
from rendermap.reply import LayerCard, MapCard
from rendermap.request import FeaturesRequest, FindRequest, JobRequest, Order, Relation, SpatialFilter, Statistic, Sum, Wanted

MOST_FIELDS = 200
FARTHEST_M = 20_040_000.0
QUERY_UNDONE = ("having", "fullText", "uniqueIds", "returnUniqueIdsOnly", "relationParam")
SHAPE_FIELD = "shape"
GEOJSON = "geojson"
_MOST_DECIMALS = 15
_LARGEST = 2**31 - 1

_RELATIONS = {
    "esrispatialrelintersects": Relation.INTERSECTS,
    "esrispatialrelcontains": Relation.CONTAINS,
    "esrispatialrelwithin": Relation.WITHIN,
    "esrispatialrelcrosses": Relation.CROSSES,
    "esrispatialreloverlaps": Relation.OVERLAPS,
    "esrispatialreltouches": Relation.TOUCHES,
    "esrispatialrelenvelopeintersects": Relation.BOXES,
    "esrispatialrelindexintersects": Relation.BOXES,
}
_METRES = {
    "esrisrunit_meter": 1.0,
    "esrisrunit_kilometer": 1000.0,
    "esrisrunit_foot": 0.3048,
    "esrisrunit_statutemile": 1609.344,
    "esrisrunit_nauticalmile": 1852.0,
    "esrisrunit_usnauticalmile": 1853.248,
}
_KINDS = ("point", "multipoint", "polyline", "polygon", "envelope")
_NO_STATISTICS: tuple[Statistic, ...] = ()
_NO_NAMES: tuple[str, ...] = ()
_NAME = re.compile(r"[^\W\d]\w{0,63}")
_ORDER = re.compile(r"""\s*("[^"]+"|[^\s"]+)(?:\s+(ASC|DESC))?\s*""", re.IGNORECASE)


def parse_query(parameters: Parameters, job: JobRequest, card: MapCard, layer: LayerCard) -> FeaturesRequest:
    """What a query asks for.  Raises BadRequest with all faults."""
    checks = Checks()
    checks.read(lambda: refuse_undone(parameters, QUERY_UNDONE), None)
    wanted = checks.read(lambda: _parse_wanted(parameters), Wanted.FEATURES)
    statistics = checks.read(lambda: _parse_statistics(parameters), _NO_STATISTICS)
    asked = FeaturesRequest(
        job=job,
        layer=layer.id,
        where=at_now(parameters.get("where") or ""),
        text=parameters.get("text") or "",
        ids=checks.read(lambda: _parse_ids(parameters), None),
        spatial_filter=checks.read(lambda: _parse_spatial_filter(parameters, card), None),
        wanted=Wanted.STATISTICS if statistics else wanted,
        fields=checks.read(lambda: _parse_fields(parameters, layer), None),
        with_shapes=checks.read(lambda: parse_flag(parameters, "returnGeometry", otherwise=True), True),
        out_crs=checks.read(lambda: _parse_out_crs(parameters), None),
        order=checks.read(lambda: _parse_order(parameters), ()),
        statistics=statistics,
        group_by=checks.read(lambda: _names("groupByFieldsForStatistics", parameters.get("groupbyfieldsforstatistics")), ()),
        offset=checks.read(lambda: _whole(parameters, "resultOffset"), None) or 0,
        limit=checks.read(lambda: _whole(parameters, "resultRecordCount"), None) or None,
        tolerance=checks.read(lambda: parse_tolerance(parameters), 0.0),
        decimals=checks.read(lambda: parse_decimals(parameters), None),
        with_z=checks.read(lambda: parse_flag(parameters, "returnZ"), False),
        time=checks.read(lambda: parse_time(parameters), None),
    )
    checks.finish()
    return asked


def parse_find(parameters: Parameters, job: JobRequest, card: MapCard) -> FindRequest:
    """What a find asks for.  Raises BadRequest with all faults, NotSupported for layers that are not the map's own."""
    if parameters.get("dynamiclayers"):
        raise NotSupported(details=("'dynamicLayers' cannot be searched.",))
    checks = Checks()
    checks.read(lambda: refuse_undone(parameters), None)
    fields, defs = parameters.get("searchfields"), parameters.get("layerdefs")
    asked = FindRequest(
        job=job,
        text=checks.read(lambda: required(parameters, "searchText"), ""),
        layers=checks.read(lambda: _parse_layers(parameters), ()),
        contains=checks.read(lambda: parse_flag(parameters, "contains", otherwise=True), True),
        fields=checks.read(lambda: _names("searchFields", fields), _NO_NAMES) if fields else None,
        filters=checks.read(lambda: parse_layer_defs(defs, card), ()) if defs else (),
        with_shapes=checks.read(lambda: parse_flag(parameters, "returnGeometry", otherwise=True), True),
        out_crs=checks.read(lambda: parse_crs_of(parameters, "sr"), None),
        tolerance=checks.read(lambda: parse_tolerance(parameters), 0.0),
        decimals=checks.read(lambda: parse_decimals(parameters), None),
        time=checks.read(lambda: parse_time(parameters), None),
    )
    checks.finish()
    return asked


def is_geojson(parameters: Parameters) -> bool:
    """Whether GeoJSON is asked for."""
    return (parameters.get("f") or "").lower() == GEOJSON


def required(parameters: Parameters, name: str) -> str:
    """A parameter that must be there.  Raises InvalidParameter."""
    text = parameters.get(name.lower())
    if text is None:
        raise InvalidParameter(f"'{name}' is required.")
    return text


def _parse_layers(parameters: Parameters) -> tuple[int, ...]:
    text = parameters.get("layers")
    if text is None:
        raise InvalidLayer("'layers' is required.")
    return parse_layer_ids("layers", text.rpartition(":")[2])


def _parse_wanted(parameters: Parameters) -> Wanted:
    """Where a client asks for several, the least: an extent tells the count as well.  Distinct values are counted as such."""
    if all(parse_flag(parameters, name) for name in ("returnCountOnly", "returnDistinctValues")):
        return Wanted.DISTINCT
    for name, wanted in (
        ("returnExtentOnly", Wanted.EXTENT),
        ("returnCountOnly", Wanted.COUNT),
        ("returnIdsOnly", Wanted.IDS),
        ("returnDistinctValues", Wanted.DISTINCT),
    ):
        if parse_flag(parameters, name):
            return wanted
    return Wanted.FEATURES


def parse_flag(parameters: Parameters, name: str, *, otherwise: bool = False) -> bool:
    """A truth.  Raises InvalidParameter."""
    text = parameters.get(name.lower())
    return otherwise if text is None else parse_bool(name, text)


def _parse_ids(parameters: Parameters) -> tuple[int, ...] | None:
    text = parameters.get("objectids")
    if text is None:
        return None
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not all(re.fullmatch(r"-?[0-9]{1,18}", word) for word in words):
        raise InvalidParameter("'objectIds' must list whole numbers.")
    return tuple(sorted({int(word) for word in words}))


def _parse_spatial_filter(parameters: Parameters, card: MapCard) -> SpatialFilter | None:
    text = parameters.get("geometry")
    if text is None:
        return None
    demand_geometry_type(parameters)
    relation = _RELATIONS.get((parameters.get("spatialrel") or "esriSpatialRelIntersects").lower())
    if relation is None:
        raise InvalidParameter("'spatialRel' must be a relation that is known here.")
    shape, named = parse_geometry(text)
    crs = parse_crs_of(parameters, "inSR") or named or card.crs
    return SpatialFilter(shape, crs, relation, _parse_distance(parameters, crs))


def demand_geometry_type(parameters: Parameters) -> None:
    """The geometry itself tells its type, which clients send besides.  Raises InvalidParameter for a word that is none."""
    told = parameters.get("geometrytype")
    if told and told.lower().removeprefix("esrigeometry") not in _KINDS:
        raise InvalidParameter("'geometryType' must be a geometry type of ArcGIS.")


def _parse_distance(parameters: Parameters, crs: str) -> float:
    """Metres; without a unit it is that of the geometry."""
    distance = parse_float("distance", parameters.get("distance") or "0")
    unit = parameters.get("units")
    metres = _METRES.get(unit.lower()) if unit else metres_per_unit(crs)
    if metres is None:
        raise InvalidParameter("'units' must be a unit of length of ArcGIS.")
    if not 0 <= distance * metres <= FARTHEST_M:
        raise InvalidParameter("'distance' must be at least 0 and no farther than half around the earth.")
    return distance * metres


def parse_crs_of(parameters: Parameters, name: str) -> str | None:
    """A spatial reference, None where it is left out.  Raises InvalidCrs."""
    text = parameters.get(name.lower())
    return parse_spatial_reference(name, text) if text else None


def _parse_out_crs(parameters: Parameters) -> str | None:
    """GeoJSON is in degrees unless somebody says otherwise."""
    return parse_crs_of(parameters, "outSR") or (WGS84 if is_geojson(parameters) else None)


def _parse_fields(parameters: Parameters, layer: LayerCard) -> tuple[str, ...] | None:
    """None for all; without a list the one that names features, or their ids.  The shape is no field to list."""
    text = parameters.get("outfields")
    if text is None:
        return (layer.display_field,) if layer.display_field else tuple(card.name for card in layer.fields[:1])
    names = _names("outFields", text)
    if "*" in names:
        return None
    own = {card.name.casefold() for card in layer.fields}
    return tuple(name for name in names if name.casefold() != SHAPE_FIELD or SHAPE_FIELD in own)


def _names(name: str, text: str | None) -> tuple[str, ...]:
    words = tuple(dict.fromkeys(word.strip().strip('"') for word in (text or "").split(",") if word.strip()))
    if len(words) > MOST_FIELDS:
        raise InvalidParameter(f"'{name}' lists too many fields.")
    return words


def _parse_order(parameters: Parameters) -> tuple[Order, ...]:
    text = parameters.get("orderbyfields")
    found = [_ORDER.fullmatch(part) for part in text.split(",")] if text else []
    if len(found) > MOST_FIELDS or not all(found):
        raise InvalidParameter("'orderByFields' must list fields, each alone or with ASC or DESC behind it.")
    return tuple(Order(one[1].strip('"'), (one[2] or "").upper() == "DESC") for one in found if one)


def _parse_statistics(parameters: Parameters) -> tuple[Statistic, ...]:
    text = parameters.get("outstatistics")
    value = parse_json("outStatistics", text) if text else []
    if not isinstance(value, list) or len(value) > MOST_FIELDS or not all(isinstance(one, dict) for one in value):
        raise InvalidParameter("'outStatistics' must be a list of statistics.")
    found = tuple(map(_statistic, value))
    names = [one.name.casefold() for one in found]
    groups = {name.casefold() for name in _names("groupByFieldsForStatistics", parameters.get("groupbyfieldsforstatistics"))}
    if len({*names, *groups}) < len(names) + len(groups):
        raise InvalidParameter("'outStatistics' must have different names, and none of a field that groups them.")
    return found


def _statistic(value: dict[str, object]) -> Statistic:
    kinds = {kind.value: kind for kind in Sum}
    kind, field = kinds.get(str(value.get("statisticType")).lower()), value.get("onStatisticField")
    if kind is None or not isinstance(field, str) or not field.strip():
        raise InvalidParameter(f"'outStatistics' must hold statistics of a field: {', '.join(kinds)}.")
    name = value.get("outStatisticFieldName") or f"{kind.value}_{re.sub(r'[^a-zA-Z0-9_]', '_', field)}"
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidParameter("'outStatistics' must have names of letters, digits and _.")
    return Statistic(kind, field.strip(), name)


def _whole(parameters: Parameters, name: str) -> int | None:
    text = parameters.get(name.lower())
    number = parse_float(name, text) if text else None
    if number is not None and not (0 <= number <= _LARGEST and number.is_integer()):
        raise InvalidParameter(f"'{name}' must be a whole number, 0 or more.")
    return None if number is None else int(number)


def parse_tolerance(parameters: Parameters) -> float:
    """``maxAllowableOffset``.  Raises InvalidParameter."""
    return max(0.0, parse_float("maxAllowableOffset", parameters.get("maxallowableoffset") or "0"))


def parse_decimals(parameters: Parameters) -> int | None:
    """``geometryPrecision``.  Raises InvalidParameter."""
    places = _whole(parameters, "geometryPrecision")
    return None if places is None else min(places, _MOST_DECIMALS)
