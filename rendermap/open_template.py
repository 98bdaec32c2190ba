"""A service's map without a job, opened for drawing."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from rendermap.access.grant import Grant, Operation
from rendermap.asked_layers import opaque
from rendermap.cards import legend_layer
from rendermap.disclosure import ID_FIELD
from rendermap.dispatch.plan import (
    LegendPlan,
    MapPlan,
    SheetPlan,
    SwatchLayer,
)
from rendermap.drawables import Drawable
from rendermap.errors import InvalidFormat, LayerNotFound, NotSupported
from rendermap.geo.view import RATIO_PLACES
from rendermap.imaging.formats import FORMATS
from rendermap.open_map import map_request_of
from rendermap.reply import Features, FieldCard, FoundText, Hits, LegendLayer, MapCard, Picture
from rendermap.request import FeaturesRequest, FindRequest, IdentifyRequest, LegendRequest, LegendSheetRequest, MapRequest, TileRequest
from rendermap.studio import Studio
from rendermap.symbology.writers.written import Document


class OpenTemplate:
    """A service's map without a job: the same layers, and nothing on them."""

    def __init__(self, studio: Studio, card: MapCard, grant: Grant, swatches: tuple[SwatchLayer, ...], tools: tuple[Drawable, ...]) -> None:
        self._studio = studio
        self._grant = grant
        self._swatches = swatches
        self._tools = tools
        self.card = card

    @property
    def is_public(self) -> bool:
        """True when everybody would see the very same."""
        return self._grant.is_public

    @property
    def is_kept(self) -> bool:
        """True: there is nothing to mark."""
        return True

    async def draw(self, request: MapRequest) -> Picture:
        """A blank picture of the size asked."""
        return await self._studio.picture(self._grant, self._plan(request))

    def digest_of(self, request: MapRequest | TileRequest) -> str:
        """The digest the blank picture would have, told without drawing it."""
        asked = map_request_of(request) if isinstance(request, TileRequest) else request
        return self._studio.digest_of(self._grant, self._plan(asked))

    @property
    def picture_max_age_s(self) -> int:
        """How long clients may keep its pictures without asking again."""
        return self._studio.picture_max_age_s

    def _plan(self, request: MapRequest) -> MapPlan:
        if request.format not in FORMATS:
            raise InvalidFormat
        return MapPlan(request.view, (), request.background, request.format, request.quality)

    def styles_in(self, language: str) -> Mapping[int, Document]:
        """None: classes made from results are not known yet."""
        del language
        return {}

    @cached_property
    def opacities(self) -> Mapping[int, float]:
        """As of a job's map, for @arcgis/core asks here about the layers of one."""
        allowed = {layer.id for layer in self.card.layers if layer.access != Operation.VIEW.value}
        in_files = {swatch.id: swatch.style.opacity for swatch in self._swatches}
        return {tool.tool.id: in_files.get(tool.tool.id, tool.tool.opacity) for tool in self._tools if tool.tool.id in allowed}

    async def legend(self, request: LegendRequest) -> tuple[LegendLayer, ...]:
        """What the layer files say; classes made from results are not known yet."""
        swatches = tuple(opaque(s) if request.is_opaque and s.id in self.opacities else s for s in self._swatches)
        plan = LegendPlan(swatches, round(request.pixel_ratio, RATIO_PLACES), request.swatch_px)
        drawn = {layer.id: layer for layer in await self._studio.swatches(self._grant, plan)}
        return tuple(legend_layer(d, drawn.get(d.tool.id)) for d in self._tools)

    async def features(self, request: FeaturesRequest) -> Features:
        """None: there is no data.  Raises LayerNotFound, NotSupported."""
        layer = next((layer for layer in self.card.layers if layer.id == request.layer), None)
        if layer is None:
            raise LayerNotFound
        if layer.access != Operation.DATA.value or layer.kind != "vector":
            raise NotSupported
        return Features(
            (FieldCard(ID_FIELD, "id", ID_FIELD),), layer.geometry or "polygon", request.out_crs or self.card.crs, id_field=ID_FIELD
        )

    async def find(self, request: FindRequest) -> tuple[FoundText, ...]:
        """None: there is no data."""
        del request
        return ()

    async def identify(self, request: IdentifyRequest) -> Hits:
        """Nothing: there is no data."""
        del request
        if all(layer.access == Operation.VIEW.value for layer in self.card.layers):
            raise NotSupported
        return Hits()

    async def legend_sheet(self, request: LegendSheetRequest) -> Picture:
        """What the layer files say, as one picture."""
        if request.format not in FORMATS:
            raise InvalidFormat
        sheet = SheetPlan(self.card.title if request.title is None else request.title, request.dark, request.format)
        return await self._studio.sheet(
            self._grant, LegendPlan(self._swatches, round(request.legend.pixel_ratio, RATIO_PLACES), request.legend.swatch_px, sheet)
        )
