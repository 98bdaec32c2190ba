"""A map opened for drawing: one look at the job, from which any number of pictures of the same version are drawn."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property, partial

from rendermap.access.grant import Operation, Principal
from rendermap.ahead import SLOW_S, TilePyramid
from rendermap.asked_layers import AskedLayers, plan_of
from rendermap.cards import legend_layer, map_card
from rendermap.disclosure import disclosure_of
from rendermap.dispatch.found import Found
from rendermap.dispatch.plan import (
    FeaturesPlan,
    LegendPlan,
    MapPlan,
    SheetPlan,
    SwatchLayer,
)
from rendermap.drawables import Drawable, JobMap, geometry_of
from rendermap.errors import InvalidFormat, LayerNotFound, NotSupported
from rendermap.filtering import at_time, definition_of
from rendermap.fineness import Fineness
from rendermap.gate import Gate
from rendermap.geo.bbox import BBox
from rendermap.geo.crs import transform_bbox
from rendermap.geo.lattice import lattice_of
from rendermap.geo.tiling import TileAddress, crs_of_set, view_of
from rendermap.geo.view import RATIO_PLACES, snapped
from rendermap.identifying import (
    MOST_HITS,
    LayerHits,
    Looked,
    cell_hits,
    cells_plan,
    feature_hits,
    features_plan,
    gathered,
    looked_into,
    positions_of,
    queried,
)
from rendermap.imaging.formats import FORMATS
from rendermap.marking import marked, stamp_of, text_for, under_mark, watermark_plan
from rendermap.queries import Queried, found_texts
from rendermap.reply import Features, FoundText, Hits, LegendLayer, MapCard, Picture
from rendermap.request import (
    FeaturesRequest,
    FindRequest,
    IdentifyRequest,
    JobRequest,
    LegendRequest,
    LegendSheetRequest,
    MapRequest,
    TileRequest,
    TimeSpan,
)
from rendermap.selection import bounded, chosen, visible, within
from rendermap.studio import Studio
from rendermap.symbology.facts import VectorFacts, kind_of
from rendermap.symbology.field_names import fields_named
from rendermap.symbology.writers.written import Document


class OpenMap:
    """A finished job's map.  Requests may name any job: what is drawn is the one that was opened."""

    def __init__(self, studio: Studio, gate: Gate, job_map: JobMap) -> None:
        self._studio = studio
        self._gate = gate
        self._grant = gate.view
        self._job_map = within(job_map, self._grant)
        self._protection = job_map.service.protection
        self._fineness = Fineness(job_map.crs, self._grant.bounds.finest_scale_denominator)
        self._layers = AskedLayers(self._job_map, gate, self._fineness, studio.looks, studio.scaled)

    @property
    def is_public(self) -> bool:
        """True when everybody would see the very same, so that caches between us and the client may keep it."""
        return self._grant.is_public

    @property
    def is_kept(self) -> bool:
        """False when each picture is made for its asker alone."""
        return not self._protection.watermark

    @cached_property
    def card(self) -> MapCard:
        """What the map is; a layer that could not be drawn has that for its fault while it rests."""
        drawables = tuple(replace(d, fault=d.fault or self._resting(d)) for d in self._job_map.drawables)
        card = map_card(replace(self._job_map, drawables=drawables), self._studio.limits.max_px, self._fineness)
        told, of_id = self._layers.disclosures, {drawable.tool.id: drawable for drawable in drawables}
        layers = (told[one.id].told_on(one, of_id[one.id]) if one.id in told else one for one in card.layers)
        return replace(card, layers=tuple(layers))

    @property
    def version(self) -> str:
        """Names this version of the result, as the card's digest does."""
        return self._job_map.digest

    @property
    def appearance(self) -> tuple[object, ...]:
        """Equal while strangers would be given the very same pictures, and the same would be refused them."""
        return self._job_map, self._gate.service, self._gate.job, self._grant.layer_ids, self._grant.bounds

    def shown_to(self, stranger: Principal) -> OpenMap:
        """The map a stranger was let see, to another.  Raises JobNotFound where either is no stranger."""
        shown = OpenMap.__new__(OpenMap)
        vars(shown).update(vars(self))
        shown._grant = self._studio.policy.pass_on(self._grant, stranger)
        shown._gate = replace(self._gate, principal=stranger, view=shown._grant)
        return shown

    def note_opening(self) -> None:
        """It is told of to whom it was opened for."""
        self._studio.ledger.opened(self._grant)

    def give_again(self, stranger: Principal, pixels: int) -> None:
        """Count a picture that a stranger was given of this map, and that is given again to one.

        pixels: 0 for a picture that the client has already.  Raises TooMany; JobNotFound where either is no stranger.
        """
        self._studio.ledger.give_again(self._studio.policy.pass_on(self._grant, stranger), pixels)

    async def draw(self, request: MapRequest) -> Picture:
        """A picture of exactly the size asked.  Raises InvalidFormat, InvalidFilter, NotSupported, TooCostly, Busy, Broken."""
        plan = self._plan(request)
        kept = under_mark(plan, self._protection)
        picture = await self._studio.picture(self._grant, kept)
        if kept is plan:
            return picture
        text = text_for(self._grant, self._protection, self._studio.clock())
        drawn = await self._studio.pool.watermark(watermark_plan(picture, plan, lattice_of(request.drawn_view), text))
        return marked(picture, drawn.body, plan.format)

    async def tile(self, request: TileRequest) -> Picture:
        """One tile; once one was slow, the far ones of the map are drawn ahead.  Raises TileOutside, and as `draw`."""
        began = time.perf_counter()
        picture = await self.draw(map_request_of(request))
        if (took_s := time.perf_counter() - began) > SLOW_S and (pyramid := self._pyramid_of(request)):
            self._studio.ahead.add(pyramid, request.tile, took_s)
        return picture

    def _pyramid_of(self, request: TileRequest) -> TilePyramid | None:
        """None where the set's CRS does not show the map."""
        extent = transform_bbox(self._job_map.bbox, self._job_map.crs, crs_of_set(request.tile.tms))
        asked = request.layers, request.size_px, request.pixel_ratio, request.format, request.tile.tms
        shown = self.version, self._grant.layer_ids, self._grant.bounds

        async def draw(tile: TileAddress) -> float | None:
            plan = self._plan(map_request_of(replace(request, tile=tile)))
            return await self._studio.keep(self._grant, under_mark(plan, self._protection))

        return TilePyramid(shown, asked, extent, draw) if extent else None

    def digest_of(self, request: MapRequest | TileRequest) -> str:
        """The digest the picture would have, told without drawing it.  Raises as `draw` and `tile` where the question is wrong."""
        asked = map_request_of(request) if isinstance(request, TileRequest) else request
        return self._studio.digest_of(self._grant, under_mark(self._plan(asked), self._protection))

    @property
    def picture_max_age_s(self) -> int:
        """How long clients may keep its pictures without asking again."""
        return self._studio.picture_max_age_s

    async def legend(self, request: LegendRequest) -> tuple[LegendLayer, ...]:
        """The legend, top layer first; layers that cannot be drawn are listed with their fault and no entries."""
        shown = self._layers.of_legend(request, self.opacities.keys())
        plan = _legend_plan(shown, request, {})
        drawn = {layer.id: layer for layer in await self._studio.swatches(self._grant, plan)}
        faults = {swatch.id: self._studio.breaker.fault_of(swatch) for swatch in plan.layers}
        told = (replace(d, fault=d.fault or self._resting(d) or faults.get(d.tool.id)) for d in shown)
        return tuple(legend_layer(d, drawn.get(d.tool.id)) for d in told)

    def styles_in(self, language: str) -> Mapping[int, Document]:
        """How the layers look, by layer id, in a language of `symbology.writers`.

        A style names fields and values, so it is told only of layers whose author lets people ask about them, and about all that it names.
        """
        allowed, written = self._told_styles, self._studio.written
        return {
            d.tool.id: written.get(language, d.style, d.style_key, kind_of(d.layer.facts), d.tool.name)
            for d in self._job_map.drawables
            if d.layer and d.style and d.tool.id in allowed
        }

    @cached_property
    def opacities(self) -> Mapping[int, float]:
        """How opaque the layers are that may be asked about, by their ids: clients that know it lay it on swatches themselves."""
        allowed = self._gate.allowed(Operation.IDENTIFY)
        return {d.tool.id: d.style.opacity for d in self._job_map.drawables if d.style and d.tool.id in allowed}

    @cached_property
    def _told_styles(self) -> frozenset[int]:
        allowed, told = self._gate.allowed(Operation.IDENTIFY), self._layers.disclosures
        styled = ((d, told[d.tool.id]) for d in self._job_map.drawables if d.style and d.tool.id in allowed)
        return frozenset(d.tool.id for d, disclosure in styled if disclosure.tells(fields_named(d.style)))

    async def features(self, request: FeaturesRequest) -> Features:
        """Features of one layer, of those that may be queried.

        Raises LayerNotFound, NotSupported, InvalidFilter, InvalidParameter, TooMany, TooCostly, Busy, Broken.
        """
        queried = self._queried(self._drawable(request.layer), request.time)
        plan = queried.plan(request)
        return queried.answer(request, plan, await self._found(queried, plan))

    async def rows(self, parameter: str, request: JobRequest) -> Features | None:
        """The rows of an output that is a table, up to the limit; None where they may not be told.

        A grant of a part of the earth is for features: nobody knows where a row belongs.  Raises SourceUnreadable, Busy, Broken.
        """
        table = next((one for one in self._job_map.tables if one.tool.parameter.casefold() == parameter.casefold()), None)
        if table is None or self._grant.bounds.extent_deg:
            return None
        disclosure = disclosure_of(table, self._gate, self._job_map.service)
        if disclosure.level is not Operation.DATA:
            return None
        queried = Queried(table, disclosure, self._grant.bounds, self._job_map.crs, self._job_map.service.maximum_records)
        asked = FeaturesRequest(request, table.tool.id, with_shapes=False)
        plan = queried.plan(asked)
        return queried.answer(asked, plan, await self._found(queried, plan))

    async def find(self, request: FindRequest) -> tuple[FoundText, ...]:
        """Features that hold a text, in the order of the layers; those that may not be searched, or are no features, hold none.

        Raises as `features`; NotSupported where none of the layers may be searched.
        """
        told, wanted = self._layers.disclosures, set(request.layers)
        named = [d for d in self._job_map.drawables if d.tool.id in wanted and not _is_raster(d)]
        asked = [d for d in named if told[d.tool.id].level is Operation.DATA]
        if named and not asked:
            raise NotSupported
        found: list[FoundText] = []
        for layer in (self._queried(drawable, request.time) for drawable in asked):
            sought, plan = layer.find_plan(request)
            found += found_texts(request, layer, layer.answer(sought, plan, await self._found(layer, plan)))
        return tuple(found[: self._job_map.service.maximum_records])

    async def identify(self, request: IdentifyRequest) -> Hits:
        """What stands at a place, in layers whose author lets people ask.

        A layer that fails is left out, as pictures leave it out.  Raises NotSupported where there is none to be asked, InvalidFilter,
        InvalidParameter, TooMany, TooCostly, Busy; Broken where nothing but failures was found.
        """
        if all(told.level is Operation.VIEW for told in self._layers.disclosures.values()):
            raise NotSupported
        limit = self._job_map.service.maximum_records or MOST_HITS
        looked = looked_into(self._layers.of_identify(request), request)
        return await gathered(looked, partial(self._told, request, limit), limit, request.depth)

    async def _told(self, request: IdentifyRequest, limit: int, looked: Looked) -> LayerHits:
        return await (self._cells(looked, request) if looked.is_raster else self._hits(looked, request, limit))

    async def _hits(self, looked: Looked, request: IdentifyRequest, limit: int) -> LayerHits:
        layer_id, bounds, crs = looked.drawable.tool.id, self._grant.bounds, self._job_map.crs
        asked, plan = features_plan(looked, request, bounds, crs, limit)
        found = await self._studio.found(self._gate.granted(Operation.IDENTIFY, layer_id), plan)
        return feature_hits(looked, queried(looked, bounds, crs, limit).answer(asked, plan, found)), found.is_more

    async def _cells(self, looked: Looked, request: IdentifyRequest) -> LayerHits:
        spots = positions_of(request, self._grant.bounds)
        if not spots:
            return (), False
        plan = cells_plan(looked, request, spots, self._grant.bounds)
        read = await self._studio.cells(self._gate.granted(Operation.IDENTIFY, looked.drawable.tool.id), plan)
        return cell_hits(looked, request, spots, read), False

    async def _found(self, queried: Queried, plan: FeaturesPlan) -> Found:
        drawn = definition_of(queried.drawable, queried.disclosure)
        return await self._studio.found(self._gate.granted(Operation.DATA, queried.drawable.tool.id), replace(plan, definition=drawn))

    def _drawable(self, layer_id: int) -> Drawable:
        drawable = next((d for d in self._job_map.drawables if d.tool.id == layer_id), None)
        if drawable is None:
            raise LayerNotFound
        return drawable

    def _queried(self, drawable: Drawable, span: TimeSpan | None) -> Queried:
        disclosure = self._layers.disclosures[drawable.tool.id]
        if disclosure.level is not Operation.DATA:
            raise NotSupported
        timed = at_time(drawable, span, disclosure) if span else drawable
        return Queried(timed, disclosure, self._grant.bounds, self._job_map.crs, self._job_map.service.maximum_records)

    async def legend_sheet(self, request: LegendSheetRequest) -> Picture:
        """The whole legend as one picture."""
        if request.format not in FORMATS:
            raise InvalidFormat
        shown = chosen(self._job_map, request.legend.layers)
        title = self._job_map.service.title if request.title is None else request.title
        groups: dict[int | None, str] = {group.id: group.name for group in self._job_map.service.groups}
        plan = replace(_legend_plan(shown, request.legend, groups), sheet=SheetPlan(title, request.dark, request.format))
        return await self._studio.sheet(self._grant, plan)

    def _resting(self, drawable: Drawable) -> str | None:
        is_drawn = drawable.layer and drawable.style and drawable.crs
        return self._studio.breaker.fault_of(plan_of(drawable)) if is_drawn else None

    def _plan(self, request: MapRequest) -> MapPlan:
        if request.format not in FORMATS:
            raise InvalidFormat
        asked = request.drawn_view
        view, lattice = snapped(asked), lattice_of(asked)
        shown = visible(self._layers.of_map(request), view, lattice, self._fineness)
        layers = tuple(self._layers.plan(drawable, view) for drawable in reversed(shown))
        is_labelled = any(plan.style.labels for plan in layers)
        stamp = stamp_of(self._job_map.job, self._protection)
        plan = MapPlan(
            view, layers, request.background, request.format, request.quality, lattice if is_labelled else None, stamp=stamp
        )  # fmt: skip
        extent = self._grant.bounds.extent_deg
        return bounded(plan, shown, BBox(*extent) if extent else None, self._fineness)


def _is_raster(drawable: Drawable) -> bool:
    return drawable.layer is not None and not isinstance(drawable.layer.facts, VectorFacts)


def map_request_of(request: TileRequest) -> MapRequest:
    """The picture that a tile is."""
    view = view_of(request.tile, request.size_px, request.pixel_ratio)
    return MapRequest(request.job, view, request.layers, request.format)


def _legend_plan(drawables: Iterable[Drawable], request: LegendRequest, groups: Mapping[int | None, str]) -> LegendPlan:
    """groups: names of the group layers that are headings."""
    swatches = tuple(
        SwatchLayer(d.tool.id, d.tool.name, geometry_of(d.layer), d.style, d.layer, groups.get(d.tool.group, ""), d.style_key)
        for d in drawables
        if d.layer and d.style
    )
    return LegendPlan(swatches, round(request.pixel_ratio, RATIO_PLACES), request.swatch_px)
