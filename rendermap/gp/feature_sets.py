"""Feature sets and record sets given to tools: checked, bounded, and written one way only.

The canonical form is Esri's JSON: ``geometryType``, ``spatialReference``, ``fields``, ``features`` of ``attributes`` and ``geometry``, and
``hasZ`` or ``hasM`` where vertices have more than x and y.  OGR opens it as it stands (driver ESRIJSON).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from rendermap.errors import InvalidCrs, InvalidParameter
from rendermap.geo.crs import metres_per_unit, unit_name
from rendermap.geo.references import crs_of_reference, reference_of
from rendermap.gp.field_types import fits, is_known, type_of
from rendermap.limits import INPUT_FEATURES, INPUT_FIELDS, INPUT_TEXT, INPUT_VERTICES

Json = dict[str, JsonValue]

PARTS: Mapping[str, str] = {"esriGeometryMultipoint": "points", "esriGeometryPolyline": "paths", "esriGeometryPolygon": "rings"}
"""Where a geometry of many vertices has them."""
POINT, POLYGON, ENVELOPE = "esriGeometryPoint", "esriGeometryPolygon", "esriGeometryEnvelope"
GEOMETRY_TYPES: Mapping[str, str] = {
    "point": POINT,
    "multipoint": "esriGeometryMultipoint",
    "line": "esriGeometryPolyline",
    "polygon": POLYGON,
}
"""Esri's word for ours."""
FARTHEST = 1e300
"""Whole numbers of JSON know no bound, and those of tools do."""
FARTHEST_M = 1e8
"""Of what is on the earth, from where a projected system counts: zones may stand before an easting in metres."""
_SIDES = ("xmin", "ymin", "xmax", "ymax")
_FIELD_KEYS = ("name", "type", "alias", "length")
_LEAST_VERTICES = {"points": 1, "paths": 2, "rings": 4}


def check_record_set(name: str, value: object) -> Json:
    """A table in the canonical form.  Raises InvalidParameter."""
    found = _Set(name, value)
    rows = [found.attributes(each) for each in found.features()]
    return {"fields": found.fields(rows), "features": [{"attributes": row} for row in rows]}


def check_feature_set(name: str, value: object, geometry: str | None = None, crs: str | None = None) -> Json:
    """Features in the canonical form.

    geometry: ``point``, ``multipoint``, ``line`` or ``polygon`` where only such will do.  crs: of features that do not say theirs.
    Raises InvalidParameter.
    """
    found = _Set(name, value)
    features = list(found.features())
    kind = found.kind(features, geometry)
    rows = [found.attributes(each) for each in features]
    shapes = [found.geometry(each, kind) for each in features]
    own = found.crs(features, crs)
    found.check_reach(own)
    known: Json = {"geometryType": kind, "spatialReference": {**reference_of(own)}, **found.more_than_xy()}
    read: list[JsonValue] = [{"attributes": row, "geometry": shape} for row, shape in zip(rows, shapes, strict=True)]
    return {**known, "fields": found.fields(rows), "features": read}


def names_reference(value: object) -> bool:
    """False for a good set of features whose place on the earth is anybody's guess."""
    found = _Set("", value)
    features = list(found.features())
    return not features or bool(found.references(features))


@dataclass
class _Set:
    """One value while it is read.  vertices: counted so far.  sizes: how many numbers they have.

    reach: how far from zero they lie at most, in x and in y.
    """

    name: str
    value: object
    vertices: int = 0
    sizes: set[int] = field(default_factory=set)
    reach: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        if isinstance(self.value, dict) and isinstance(inner := self.value.get("featureSet"), dict):
            self.value = inner  # of a layer, beside its layerDefinition
        if isinstance(self.value, dict) and ("url" in self.value or "itemID" in self.value):
            raise self.fault("must hold the features themselves: addresses and uploaded items are not fetched")
        if not isinstance(self.value, dict) or not isinstance(self.value.get("features"), list):
            raise self.fault("must be a JSON object with a list of features")
        if len(self.value["features"]) > INPUT_FEATURES.value:
            raise self.fault(f"has too many features. {INPUT_FEATURES.sentence.removesuffix('.')}")

    def fault(self, what: str) -> InvalidParameter:
        return InvalidParameter(f"'{self.name}' {what}.")

    def get(self, key: str) -> object:
        assert isinstance(self.value, dict)
        return self.value.get(key)

    def features(self) -> Iterator[Mapping[str, object]]:
        features = self.get("features")
        assert isinstance(features, list)
        for feature in features:
            if not isinstance(feature, dict):
                raise self.fault("has a feature that is no JSON object")
            yield feature

    def fields(self, rows: Sequence[Json]) -> list[JsonValue]:
        """The fields that are told, and those that only the attributes in rows tell: a reader of the set knows no others."""
        fields = self.get("fields") or []
        if not isinstance(fields, list) or not all(isinstance(each, dict) and _is_name(each.get("name")) for each in fields):
            raise self.fault("must list its fields as JSON objects with a name")
        told = [{key: each[key] for key in _FIELD_KEYS if isinstance(each.get(key), str | int)} for each in fields]
        for each in told:
            self._check_column(each, rows)
        names = {str(each["name"]) for each in told}
        more = dict.fromkeys(name for row in rows for name in row if name not in names)
        if len(told) + len(more) > INPUT_FIELDS.value:
            raise self.fault(f"has too many fields. {INPUT_FIELDS.sentence.removesuffix('.')}")
        known = (*told, *({"name": name} for name in more))
        return [{"type": type_of(row.get(str(each["name"])) for row in rows), "alias": each["name"], **each} for each in known]

    def _check_column(self, field: Mapping[str, object], rows: Sequence[Json]) -> None:
        """What is not as its field says, a reader of the set would make something else of, or nothing."""
        name = str(field["name"])
        if not is_known(field.get("type")):
            raise self.fault(f"has a field {name} of a type that is not known")
        if not all(fits(field, row.get(name)) for row in rows):
            raise self.fault(f"has values in the field {name} that are not of its type")

    def attributes(self, feature: Mapping[str, object]) -> Json:
        given = feature.get("attributes") or {}
        if not isinstance(given, dict) or not all(_is_name(name) and _is_plain(value) for name, value in given.items()):
            raise self.fault("must have attributes that are texts, numbers, true, false or null")
        return given

    # --- geometries ---

    def kind(self, features: list[Mapping[str, object]], wanted: str | None) -> str:
        """The one geometry type of all features, Esri's word; envelopes are polygons."""
        told = self._told_kind()
        kinds = {_kind_of(feature.get("geometry")) for feature in features} or {told or GEOMETRY_TYPES[wanted or "point"]}
        if None in kinds:
            raise self.fault("must give every feature a geometry: a point, multipoint, polyline, polygon or envelope, without curves")
        found = {_unboxed(kind) for kind in kinds if kind}
        if len(found) > 1:
            raise self.fault("mixes geometries of several types")
        kind = found.pop()
        if told is not None and kind != told:
            raise self.fault("does not have the geometries that its geometryType says")
        if wanted and kind != GEOMETRY_TYPES[wanted]:
            raise self.fault(f"must have geometries of type {GEOMETRY_TYPES[wanted]}")
        return kind

    def _told_kind(self) -> str | None:
        told = self.get("geometryType")
        if told is None:
            return None
        if not isinstance(told, str) or _unboxed(told) not in GEOMETRY_TYPES.values():
            raise self.fault(f"must have a geometryType of {', '.join(GEOMETRY_TYPES.values())} or {ENVELOPE}")
        return _unboxed(told)

    def crs(self, features: list[Mapping[str, object]], otherwise: str | None) -> str:
        """The one CRS: of the set, of its geometries, or else what is usual."""
        try:
            found = {crs_of_reference(each) for each in self.references(features)} or ({otherwise} if otherwise else set())
        except InvalidCrs as error:
            raise self.fault("is in a spatial reference that is not known") from error
        if len(found) > 1:
            raise self.fault("mixes spatial references")
        if not found:
            raise self.fault("must name its spatialReference")
        return found.pop()

    def references(self, features: list[Mapping[str, object]]) -> list[object]:
        """All that are told, as they are told."""
        told = [geometry.get("spatialReference") for each in features if isinstance(geometry := each.get("geometry"), dict)]
        return list({repr(each): each for each in (self.get("spatialReference"), *told) if each}.values())

    def check_reach(self, crs: str) -> None:
        """Raises InvalidParameter for places that are not on the earth: tools would take them for others, or fail in words of their own."""
        x, y = self.reach
        if unit_name(crs) == "degree":
            if x > 360 or y > 90:
                raise self.fault("must have longitudes from -360 to 360 and latitudes from -90 to 90")
        elif max(x, y) * metres_per_unit(crs) > FARTHEST_M:
            raise self.fault("has coordinates that are nowhere on the earth")

    def geometry(self, feature: Mapping[str, object], kind: str) -> Json:
        given = feature["geometry"]
        assert isinstance(given, dict)
        if kind == POINT:
            return self._point(given)
        if _kind_of(given) == ENVELOPE:
            return {"rings": [self._box(given)]}
        key = PARTS[kind]
        parts = given[key]
        if not isinstance(parts, list) or not parts:
            raise self.fault(f"has a geometry without {key}")
        if key == "points":
            return {key: self._vertices(parts, key)}
        return {key: [self._vertices(part, key) for part in parts]}

    def _point(self, given: Mapping[str, object]) -> Json:
        numbers = {axis: given[axis] for axis in ("x", "y", "z", "m") if given.get(axis) is not None}
        if "y" not in numbers:
            raise self.fault("must have coordinates that are finite numbers")
        self._count(1)
        self.sizes.add(len(numbers))
        read = {axis: self._coordinate(value) for axis, value in numbers.items()}
        self._extend([read["x"]], [read["y"]])
        return {**read}

    def _box(self, given: Mapping[str, object]) -> list[JsonValue]:
        left, bottom, right, top = (self._coordinate(given[side]) for side in _SIDES)
        self._count(5)
        self.sizes.add(2)
        self._extend([left, right], [bottom, top])
        return [[left, bottom], [left, top], [right, top], [right, bottom], [left, bottom]]

    def _vertices(self, given: object, key: str) -> list[JsonValue]:
        if not isinstance(given, list) or not all(isinstance(vertex, list) and 2 <= len(vertex) <= 4 for vertex in given):
            raise self.fault(f"must have vertices of two to four numbers in {key}")
        if len(given) < _LEAST_VERTICES[key]:
            raise self.fault(f"has {key} of too few vertices")
        if key == "rings" and given[0] != given[-1]:
            raise self.fault("has rings that are not closed")
        self._count(len(given))
        self.sizes.update(map(len, given))
        read = [[self._coordinate(number) for number in vertex] for vertex in given]
        self._extend([vertex[0] for vertex in read], [vertex[1] for vertex in read])
        return [[*vertex] for vertex in read]

    def _extend(self, xs: list[float], ys: list[float]) -> None:
        self.reach = max(self.reach[0], *map(abs, xs)), max(self.reach[1], *map(abs, ys))

    def _count(self, vertices: int) -> None:
        self.vertices += vertices
        if self.vertices > INPUT_VERTICES.value:
            raise self.fault(f"has too many vertices. {INPUT_VERTICES.sentence.removesuffix('.')}")

    def _coordinate(self, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= FARTHEST:
            raise self.fault("must have coordinates that are finite numbers")
        return value

    def more_than_xy(self) -> Json:
        """``hasZ`` and ``hasM`` as told, or else as the vertices are: a third number is a height, a fourth a measure."""
        told = {key: bool(self.get(key)) for key in ("hasZ", "hasM") if self.get(key) is not None}
        if len(self.sizes) > 1:
            raise self.fault("mixes vertices with and without heights or measures")
        size = max(self.sizes, default=2 + sum(told.values()))
        has = {"hasZ": size > 2 and not (size == 3 and told.get("hasM")), "hasM": size > 3 or (size == 3 and bool(told.get("hasM")))}
        if any(told.values()) and told != {key: has[key] for key in told}:
            raise self.fault("does not have the heights or measures that hasZ and hasM say")
        return {key: True for key, holds in has.items() if holds}


def _kind_of(geometry: object) -> str | None:
    if not isinstance(geometry, dict):
        return None
    if all(side in geometry for side in _SIDES):
        return ENVELOPE
    if isinstance(geometry.get("x"), int | float) and "y" in geometry:
        return POINT
    return next((kind for kind, key in PARTS.items() if key in geometry), None)


def _unboxed(kind: str) -> str:
    return POLYGON if kind == ENVELOPE else kind


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 255


def _is_plain(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= INPUT_TEXT.value
    return value is None or (isinstance(value, bool | int | float) and abs(value) <= FARTHEST)
