"""Spatial references, extents and scales, between Esri's words and ours."""

from __future__ import annotations

from rendermap.errors import InvalidCrs
from rendermap.frontends.kvp import parse_bbox, parse_json
from rendermap.geo.bbox import BBox, pad
from rendermap.geo.crs import metres_per_unit, parse_crs, unit_name
from rendermap.geo.references import crs_of_reference, reference_of
from rendermap.geo.view import PIXEL_M, MapView

Json = dict[str, object]

ESRI_PIXEL_M = 0.0254 / 96
_MARGIN = 20
_UNITS = {
    "metre": "esriMeters",
    "meter": "esriMeters",
    "degree": "esriDecimalDegrees",
    "foot": "esriFeet",
    "US survey foot": "esriFeet",
    "kilometre": "esriKilometers",
}


def parse_spatial_reference(name: str, text: str) -> str:
    """Our name of a wkid, ``{"wkid": n}``, ``{"wkt": "..."}`` or raw WKT (@arcgis/core sends it at the antimeridian).

    Raises InvalidCrs.
    """
    if text.lstrip().startswith("{"):
        return crs_of_json(name, parse_json(name, text))
    try:
        return parse_crs(text.removesuffix(".0"))
    except InvalidCrs as error:
        raise _unknown(name, error.sentence) from error


def crs_of_json(name: str, value: object) -> str:
    """Our name of a spatialReference object.  Raises InvalidCrs."""
    try:
        return crs_of_reference(value)
    except InvalidCrs as error:
        raise _unknown(name, error.sentence) from error


def _unknown(name: str, sentence: str) -> InvalidCrs:
    """sentence: why, where that is more than that nobody knows it."""
    why = "" if sentence == InvalidCrs.sentence else f" {sentence}"
    return InvalidCrs(f"'{name}' is not a known spatial reference.{why}")


def parse_extent(name: str, text: str) -> tuple[BBox, str | None]:
    """A box from ``xmin,ymin,xmax,ymax``, its pairs in any order, or a JSON envelope with the CRS it names, if it does.

    Raises InvalidBbox, InvalidCrs.
    """
    if not text.lstrip().startswith("{"):
        return parse_bbox(name, text), None
    value = parse_json(name, text)
    assert isinstance(value, dict)
    box = parse_bbox(name, ",".join(str(value.get(key)) for key in ("xmin", "ymin", "xmax", "ymax")))
    reference = value.get("spatialReference")
    return box, crs_of_json(name, reference) if reference else None


def spatial_reference(crs: str) -> Json:
    """``wkid`` and ``latestWkid``, or WKT."""
    return {**reference_of(crs)}


def extent(box: BBox, crs: str) -> Json:
    """An envelope with its spatial reference."""
    return {"xmin": box.xmin, "ymin": box.ymin, "xmax": box.xmax, "ymax": box.ymax, "spatialReference": spatial_reference(crs)}


def with_area(box: BBox, crs: str) -> BBox:
    """The box, grown by some metres where it has no width or no height: clients divide by both."""
    least = 100.0 / metres_per_unit(crs)
    return pad(box, 0.0 if box.width else least, 0.0 if box.height else least)


def around(box: BBox, crs: str) -> BBox:
    """The box with a margin of a twentieth on each side, so that symbols at its border are whole."""
    box = with_area(box, crs)
    return pad(box, box.width / _MARGIN, box.height / _MARGIN)


def box_text(box: BBox) -> str:
    """``xmin,ymin,xmax,ymax`` as an address has it."""
    return ",".join(f"{value:.10g}" for value in box.corners)


def map_units(crs: str) -> str:
    """The unit's Esri name."""
    return _UNITS.get(unit_name(crs), "esriUnknownUnits")


def to_esri_scale(scale_denominator: float | None) -> float:
    """A scale at 0.28 mm per pixel as Esri counts it, at 96 dpi; None, no limit, is 0."""
    if not scale_denominator:
        return 0
    scale = float(f"{scale_denominator * PIXEL_M / ESRI_PIXEL_M:.10g}")
    return int(scale) if scale.is_integer() else scale


def from_esri_scale(esri_scale: float) -> float | None:
    """The opposite of `to_esri_scale`."""
    return esri_scale * ESRI_PIXEL_M / PIXEL_M or None


def scale_of(view: MapView) -> float:
    """The scale of a view as Esri counts it."""
    return view.scale_denominator * PIXEL_M / ESRI_PIXEL_M


def ground_width(esri_scale: float, crs: str, width_px: int, pixel_ratio: float) -> float:
    """Width in units of crs of a picture at a scale."""
    return esri_scale * ESRI_PIXEL_M * width_px / pixel_ratio / metres_per_unit(crs)
