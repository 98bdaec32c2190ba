"""Draws runs of vector layers with Mapnik, on maps kept warm between pictures."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rendermap.dispatch.plan import LayerPlan
from rendermap.errors import RenderFailed, SourceUnreadable, StyleInvalid
from rendermap.geo.bbox import BBox
from rendermap.geo.view import MapView
from rendermap.imaging.blend import over
from rendermap.render.assets import assets
from rendermap.render.carriages import carriage_of, is_bent, looked_at
from rendermap.render.clip import boxes_in
from rendermap.render.copies import COPY_MEMBER, Carriage, box_of
from rendermap.render.copy_store import drop_damaged, held_copy
from rendermap.render.engine import mapnik
from rendermap.render.kept_vectors import datasource_of as kept_datasource
from rendermap.render.kept_vectors import find_kept, kept_for, kept_path
from rendermap.render.mapnik_xml import DrawnLayer, drawn_layer, in_pieces, is_of_one_ratio, map_document
from rendermap.render.piece_copies import Uncut, piece_copy
from rendermap.render.pieces import pieces_of
from rendermap.render.points import WARM_STAMPS
from rendermap.render.seals import Held
from rendermap.render.theme_rules import applies_all
from rendermap.render.vector_source import VectorSource, datasource_of, source_of
from rendermap.symbology.facts import VectorFacts
from rendermap.symbology.style import Engine
from rendermap.symbology.symbolizers.symbolizer import PX_PER_PT
from rendermap.symbology.symbols import Fill, Stroke
from rendermap.symbology.template import reach_pt, symbols_of

WARM_MAPS = 48
NARROW_PT = 6.0
"""How far symbols may reach where lines are cut: a margin of so much costs less than the lines do."""
LEAST_PX = 16
"""Mapnik ignores, without a word, a resize to fewer pixels."""

_INDEXED_DRIVERS = ("OpenFileGDB", "GPKG", "FlatGeobuf", "ESRI Shapefile")
_UTF8 = ("", "utf8", "ascii", "usascii")


def vector_reader_for(driver: str, *, has_curves: bool = False, encoding: str | None = None) -> str:
    """Which reader draws a vector dataset: ``ogr`` directly through Mapnik's plugin, ``features`` from a copy.

    driver: GDAL's name.  has_curves: see `copies.holds_curves`; only file geodatabases, GeoPackages and FlatGeobuf can have any.
    encoding: one that the file itself does not tell.
    """
    told = (encoding or "").lower().replace("-", "").replace("_", "") in _UTF8
    return "ogr" if driver in _INDEXED_DRIVERS and not has_curves and told else "features"


@dataclass(slots=True)
class _Warm:
    """A map ready to draw.

    reach_pt: how far its symbols reach from their geometry.  ratio: the only one it serves, None for any.  cuts_lines: see `map_document`.
    kept: the kept files it draws from.  copies: these, and other copies.  awaits: kept files to come.
    unsure: layers drawn without a carriage that may hold what needs one where nobody has looked yet.
    """

    map: mapnik.Map
    reach_pt: float
    ratio: float | None = None
    cuts_lines: bool = False
    kept: tuple[Path, ...] = ()
    copies: tuple[Held, ...] = ()
    awaits: tuple[Path, ...] = ()
    unsure: tuple[tuple[LayerPlan, Carriage], ...] = ()

    def is_wrong_for(self, view: MapView) -> bool:
        """True when a view shows what must be carried otherwise."""
        if any(is_bent(plan, carriage, view.bbox) for plan, carriage in self.unsure):
            return True
        self.unsure = tuple(each for each in self.unsure if looked_at(each[0], view.crs, view.bbox))
        return False

    @property
    def is_outdated(self) -> bool:
        """True once a layer is kept that was not when the map was opened, or what it draws from was written to."""
        return any(file.exists() for file in self.awaits) or any(copy.is_spoilt for copy in self.copies)

    def reach_px(self, pixel_ratio: float) -> int:
        """How far its symbols reach, at least, in whole pixels."""
        return math.ceil(self.reach_pt * PX_PER_PT * pixel_ratio) + 2

    def margin_px(self, pixel_ratio: float) -> int:
        """Pixels that are drawn around a view and not shown: the new ends of lines stand there."""
        return self.reach_px(pixel_ratio) + 2 if self.cuts_lines else 0


class WarmMaps:
    """The maps used last; each and its datasources belong to one thread."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._maps: OrderedDict[object, _Warm] = OrderedDict()

    def get(self, run: Sequence[LayerPlan], view: MapView) -> _Warm:
        """The map of a run for a view, opened when it is not warm."""
        pixel_ratio = view.pixel_ratio
        what = (view.crs, *((p.layer.source, p.layer.reader, p.layer.encoding, p.crs, p.style_key) for p in run))
        warm = self._maps.get((None, what)) or self._maps.get((pixel_ratio, what))
        if warm is None or warm.is_outdated or warm.is_wrong_for(view):
            warm = _open(run, view)
        self._maps[warm.ratio, what] = warm
        self._maps.move_to_end((warm.ratio, what))
        if len(self._maps) > self._limit:
            self._maps.popitem(last=False)
        return warm

    def forget(self) -> None:
        """Close them all."""
        self._maps.clear()


WARM = WarmMaps(WARM_MAPS)


def draw_vectors(run: Sequence[LayerPlan], view: MapView, clip_deg: BBox | None = None) -> NDArray[np.uint8]:
    """Draw consecutive vector layers.

    run: bottom first; layers without a bbox have nothing to draw.  clip_deg: features outside the box around it are not drawn, however far
    their symbols reach.  Result: (height, width, 4) uint8, straight alpha, not writeable.
    Raises SourceUnreadable, StyleInvalid, RenderFailed.
    """
    picture: NDArray[np.uint8] | None = None
    for pixels in _drawn_parts([plan for plan in run if plan.layer.bbox is not None], view, clip_deg):
        picture = pixels if picture is None else over(picture, pixels)
    return np.zeros((view.height_px, view.width_px, 4), np.uint8) if picture is None else picture


def _drawn_parts(run: Sequence[LayerPlan], view: MapView, clip_deg: BBox | None) -> Iterator[NDArray[np.uint8]]:
    """Layers that are stamped each for itself, those between them together."""
    waiting: list[LayerPlan] = []
    for plan in run:
        stamps = WARM_STAMPS.get(plan, view.crs, view.pixel_ratio)
        pixels = stamps.draw(view, clip_deg) if stamps else None
        if pixels is None:
            waiting.append(plan)
            continue
        if waiting:
            yield _draw_map(waiting, view, clip_deg)
            waiting = []
        yield pixels
    if waiting:
        yield _draw_map(waiting, view, clip_deg)


def _draw_map(drawn: Sequence[LayerPlan], view: MapView, clip_deg: BBox | None) -> NDArray[np.uint8]:
    if clip_deg is None:
        return _draw_within(drawn, view, None)
    boxes = boxes_in(clip_deg, view)
    if len(boxes) == 1:
        return _draw_within(drawn, view, boxes[0])
    picture = np.zeros((view.height_px, view.width_px, 4), np.uint8)
    x = view.bbox.xmin + (np.arange(view.width_px) + 0.5) * view.bbox.width / view.width_px
    for box in boxes:
        is_inside = (x >= box.xmin) & (x <= box.xmax)
        picture[:, is_inside] = _draw_within(drawn, view, box)[:, is_inside]
    return picture


def _draw_within(drawn: Sequence[LayerPlan], view: MapView, extent: BBox | None) -> NDArray[np.uint8]:
    """extent: where features are looked for; None for everywhere."""
    warm = WARM.get(drawn, view)
    margin_px = warm.margin_px(view.pixel_ratio)
    width_px, height_px = (max(side + 2 * margin_px, LEAST_PX) for side in (view.width_px, view.height_px))
    image = mapnik.Image(width_px, height_px)
    _set_frame(warm, view, width_px, height_px)
    warm.map.maximum_extent = mapnik.Box2d(*extent.corners) if extent else None
    try:
        mapnik.render(warm.map, image, view.pixel_ratio)
    except (RuntimeError, ValueError) as error:
        if warm.kept:
            return _draw_from_originals(warm, drawn, view, extent)
        raise RenderFailed(reason=str(error)) from error
    pixels = np.frombuffer(image.to_string(), np.uint8).reshape(height_px, width_px, 4)
    return pixels[margin_px : margin_px + view.height_px, margin_px : margin_px + view.width_px]


def _draw_from_originals(warm: _Warm, run: Sequence[LayerPlan], view: MapView, extent: BBox | None) -> NDArray[np.uint8]:
    """As `_draw_within`, after a map could not be drawn from its kept files: they are damaged, or were dropped to make room."""
    for file in warm.kept:
        drop_damaged(file)
    WARM.forget()
    return _draw_within(run, view, extent)


def _set_frame(warm: _Warm, view: MapView, width_px: int, height_px: int) -> None:
    """Frame the view with its margin, extended to the right and below where Mapnik's smallest map is larger."""
    box, dx, dy = view.bbox, view.bbox.width / view.width_px, view.bbox.height / view.height_px
    margin_px = warm.margin_px(view.pixel_ratio)
    left, top = box.xmin - dx * margin_px, box.ymax + dy * margin_px
    warm.map.resize(width_px, height_px)
    if (warm.map.width, warm.map.height) != (width_px, height_px):
        raise RenderFailed(reason=f"Mapnik does not draw {width_px} x {height_px} px")
    warm.map.buffer_size = 0 if margin_px else warm.reach_px(view.pixel_ratio)
    warm.map.zoom_to_box(mapnik.Box2d(left, top - dy * height_px, left + dx * width_px, top))


@dataclass(frozen=True, slots=True)
class _Drawing:
    """What is drawn of a layer, and from where.  kept: the kept file, None for another.  awaits: the kept file to come, None for none."""

    layer: DrawnLayer
    source: Mapping[str, str]
    kept: Path | None = None
    awaits: Path | None = None


def _drawing_of(plan: LayerPlan, crs: str, seen: BBox) -> _Drawing:
    kept = kept_for(plan, crs)
    if kept and (file := find_kept(kept)):
        return _Drawing(kept.layer, kept_datasource(file), kept=file)
    uncut = drawn_layer(plan)
    whole = source_of(plan, crs, uncut.columns.computed, uncut.remaking, seen)
    layer, source = _in_pieces(plan, replace(uncut, crs=whole.crs), whole, crs)
    return _Drawing(layer, datasource_of(plan, layer, source), awaits=kept_path(kept) if kept else None)


def _open(run: Sequence[LayerPlan], view: MapView) -> _Warm:
    crs, pixel_ratio = view.crs, view.pixel_ratio
    drawings = [_drawing_of(plan, crs, view.bbox) for plan in run]
    copies = tuple(filter(None, (held_copy(each.source.get("file", "")) for each in drawings)))
    opened = mapnik.Map(LEAST_PX, LEAST_PX)
    farthest_pt = max((reach_pt(plan.style) for plan in run), default=0.0)
    cuts_lines = farthest_pt <= NARROW_PT and all(map(_is_plain, run))
    try:
        document = map_document(
            [each.layer for each in drawings], [each.source for each in drawings], crs, assets(), pixel_ratio, cuts_lines=cuts_lines
        )
        mapnik.load_map_from_string(opened, document)
    except RuntimeError as error:
        if kept := tuple(each.kept for each in drawings if each.kept):
            for file in kept:
                drop_damaged(file)
            return _open(run, view)
        if any(isinstance(plan.style.theme, Engine) for plan in run):
            raise StyleInvalid(reason=str(error)) from error
        raise SourceUnreadable(reason=str(error)) from error
    # The frame is drawn exactly as asked, also when its pixels are not square on the ground.
    opened.aspect_fix_mode = mapnik.aspect_fix_mode.RESPECT
    ratio = pixel_ratio if any(is_of_one_ratio(plan.style) for plan in run) else None
    kept, awaits = (tuple(filter(None, files)) for files in zip(*((each.kept, each.awaits) for each in drawings), strict=True))
    originals = [plan for plan, each in zip(run, drawings, strict=True) if each.layer.crs != crs and looked_at(plan, crs, view.bbox)]
    unsure = tuple((plan, carriage) for plan in originals if (carriage := carriage_of(plan, crs)) and carriage.longest)
    return _Warm(opened, farthest_pt, ratio, cuts_lines, kept, copies, awaits, unsure)


def _is_plain(plan: LayerPlan) -> bool:
    """True for areas and lines alone: patterns and markers along lines would begin elsewhere in a larger picture."""
    theme = plan.style.theme
    return not isinstance(theme, Engine) and all(isinstance(part, Fill | Stroke) for symbol in symbols_of(theme) for part in symbol.layers)


def _in_pieces(plan: LayerPlan, drawn: DrawnLayer, source: VectorSource, map_crs: str) -> tuple[DrawnLayer, VectorSource]:
    """The layer and where it is drawn from, both in pieces where its symbols need that and the dataset is not too large for it."""
    pieces = pieces_of((rule.symbol for rule in drawn.rules), drawn.geometry, follow=applies_all(plan.style.theme))
    if pieces is None:
        return drawn, source
    facts = plan.layer.facts
    count = facts.count if isinstance(facts, VectorFacts) else -1
    file = piece_copy(Uncut(source.file, source.member, plan.layer.source, count), (source.crs, map_crs), pieces)
    if file is None:
        return drawn, source
    box = box_of(str(file)) or source.box
    return in_pieces(drawn, map_crs, pieces), VectorSource(str(file), COPY_MEMBER, "FlatGeobuf", map_crs, box)
