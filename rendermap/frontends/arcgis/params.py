"""The parameters of export and legend -> what is asked of the service."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rendermap.errors import InvalidBbox, InvalidParameter, InvalidSize
from rendermap.frontends.arcgis.layers import Filters, parse_dynamic_layers, parse_layer_choice, parse_layer_defs
from rendermap.frontends.arcgis.spatial import ground_width, parse_extent, parse_spatial_reference, with_area
from rendermap.frontends.arcgis.times import parse_time
from rendermap.frontends.arcgis.undone import refuse_undone
from rendermap.frontends.kvp import Checks, Parameters, parse_bool, parse_float
from rendermap.frontends.kvp import parse_size as parse_pair
from rendermap.frontends.negotiation import format_of
from rendermap.geo.bbox import BBox, fit_aspect
from rendermap.geo.crs import transform_view
from rendermap.geo.turning import ANGLE_PLACES
from rendermap.geo.view import MapView
from rendermap.imaging.formats import FORMATS, Format
from rendermap.limits import DPI, PICTURE_SIDE, SWATCH_SIDE
from rendermap.reply import MapCard
from rendermap.request import RGB, ComposedLayer, JobRequest, LayerChoice, MapRequest

DEFAULT_SIZE = (400, 400)
DEFAULT_SWATCH_PX = (20, 20)
WHITE: RGB = (255, 255, 255)
_ALL: tuple[LayerChoice, Filters] = (LayerChoice(), ())
_DPI = 96.0
LEAST_DPI = 10


@dataclass(frozen=True, slots=True)
class _Frame:
    """A box in some CRS, and the CRS of the picture."""

    bbox: BBox
    crs: str
    picture_crs: str


def parse_export(parameters: Parameters, job: JobRequest, card: MapCard) -> MapRequest:
    """What an export asks for; every parameter may be absent but bbox.

    The box is extended, never distorted, to the picture's ratio.  Raises BadRequest with all faults.
    """
    checks = Checks()
    checks.read(lambda: refuse_undone(parameters), None)
    frame = checks.read(lambda: _parse_frame(parameters, card), None)
    size = checks.read(lambda: parse_size(parameters, card.max_px), DEFAULT_SIZE)
    ratio = checks.read(lambda: parse_pixel_ratio(parameters), 1.0)
    format_ = checks.read(lambda: format_of(parameters.get("format") or "png"), FORMATS["png"])
    transparent = checks.read(lambda: parse_bool("transparent", parameters.get("transparent") or "false"), False)
    rotation_deg = checks.read(lambda: parse_rotation(parameters), 0.0)
    time = checks.read(lambda: parse_time(parameters), None)
    composition = checks.read(lambda: parse_composition(parameters), None)
    layers, filters = _ALL if composition is not None else checks.read(lambda: _parse_layers(parameters, card), _ALL)
    view = checks.read(lambda: _view(frame, size, ratio, parameters), None) if frame else None
    checks.finish()
    assert view is not None
    background = _background(format_, transparent)
    return MapRequest(job, view, layers, format_.name, background, filters, rotation_deg=rotation_deg, composition=composition, time=time)


def _background(format_: Format, transparent: bool) -> RGB | None:
    """Formats without transparency are drawn on white whatever is asked."""
    return None if transparent and format_.has_alpha else WHITE


def _parse_frame(parameters: Parameters, card: MapCard) -> _Frame:
    text = parameters.get("bbox")
    if text is None:
        raise InvalidBbox("'bbox' is required.")
    bbox, named = parse_extent("bbox", text)
    bbox_sr, image_sr = parameters.get("bboxsr"), parameters.get("imagesr")
    crs = parse_spatial_reference("bboxSR", bbox_sr) if bbox_sr else named or card.crs
    picture_crs = parse_spatial_reference("imageSR", image_sr) if image_sr else card.crs
    return _Frame(bbox, crs, picture_crs)


def parse_size(parameters: Parameters, max_px: int) -> tuple[int, int]:
    """(width, height) in device pixels, rounded.  Raises InvalidSize."""
    text = parameters.get("size")
    if text is None:
        return DEFAULT_SIZE
    width, height = parse_pair("size", text)
    if min(width, height) < 0.5:
        raise InvalidSize("'size' must be two positive numbers.")
    if round(width) > max_px or round(height) > max_px:
        raise InvalidSize(f"'size' is too large. {replace(PICTURE_SIDE, value=max_px).sentence}")
    return max(1, round(width)), max(1, round(height))


def parse_pixel_ratio(parameters: Parameters) -> float:
    """Device pixels per 96-dpi pixel.  Raises InvalidParameter."""
    dpi = parse_float("dpi", parameters.get("dpi") or str(_DPI))
    if dpi > DPI.value:
        raise InvalidParameter(f"'dpi' is too large. {DPI.sentence}")
    if dpi < LEAST_DPI:
        raise InvalidParameter(f"'dpi' must be at least {LEAST_DPI}.")
    return dpi / _DPI


def parse_rotation(parameters: Parameters) -> float:
    """Degrees counter-clockwise, from 0 to below 360 in hundredths.  Raises InvalidParameter."""
    return round(parse_float("rotation", parameters.get("rotation") or "0") % 360, ANGLE_PLACES) % 360


def parse_composition(parameters: Parameters) -> tuple[ComposedLayer, ...] | None:
    """``dynamicLayers``, which goes before ``layers`` and ``layerDefs``; None without.  Raises InvalidLayer, NotSupported."""
    dynamic = parameters.get("dynamiclayers")
    return None if dynamic is None else parse_dynamic_layers(dynamic)


def _parse_layers(parameters: Parameters, card: MapCard) -> tuple[LayerChoice, Filters]:
    defs = parameters.get("layerdefs")
    return parse_layer_choice(parameters.get("layers")), parse_layer_defs(defs, card) if defs else ()


def _view(frame: _Frame, size: tuple[int, int], ratio: float, parameters: Parameters) -> MapView:
    bbox = transform_view(frame.bbox, frame.crs, frame.picture_crs)
    if bbox is None:
        raise InvalidBbox("'bbox' lies outside of what 'imageSR' can show.")
    bbox = _fitted(with_area(bbox, frame.picture_crs), size[0], size[1])
    scale = _parse_scale(parameters)
    if scale:
        bbox = _at_scale(bbox, scale, frame.picture_crs, size, ratio)
    return MapView(bbox, frame.picture_crs, size[0], size[1], ratio)


def _parse_scale(parameters: Parameters) -> float:
    """A scale denominator at 96 dpi, or 0, which clients send for none.  Raises InvalidParameter."""
    scale = parse_float("mapScale", parameters.get("mapscale") or "0")
    if scale < 0:
        raise InvalidParameter("'mapScale' must be above 0.")
    return scale


def _fitted(bbox: BBox, width_px: int, height_px: int) -> BBox:
    """The box at the picture's ratio.  A misfit below half a pixel comes from rounded sizes and stays: tiles must share their edges."""
    across, up = bbox.width / width_px, bbox.height / height_px
    if abs(across - up) * max(width_px, height_px) <= min(across, up) / 2:
        return bbox
    return fit_aspect(bbox, width_px, height_px)


def _at_scale(bbox: BBox, esri_scale: float, crs: str, size: tuple[int, int], ratio: float) -> BBox:
    """The scale wins over the extent, the centre is kept."""
    (x, y), width = bbox.center, ground_width(esri_scale, crs, size[0], ratio)
    height = width * size[1] / size[0]
    return BBox(x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def parse_swatch_size(parameters: Parameters) -> tuple[int, int]:
    """(width, height) of legend swatches at ratio 1.  Raises InvalidSize."""
    text = parameters.get("size")
    if text is None:
        return DEFAULT_SWATCH_PX
    width, height = (round(side) for side in parse_pair("size", text))
    if min(width, height) < 1:
        raise InvalidSize("'size' must be two positive numbers.")
    if max(width, height) > SWATCH_SIDE.value:
        raise InvalidSize(f"'size' is too large. {SWATCH_SIDE.sentence}")
    return width, height
