"""What is asked of features -> what a worker is told to find, no further than may be told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from rendermap.access.grant import Bounds
from rendermap.conditions import NEVER, demand_dates, with_shape_tests
from rendermap.disclosure import Disclosure
from rendermap.dispatch.found import Found
from rendermap.dispatch.plan import FeaturesPlan
from rendermap.drawables import Drawable, geometry_of
from rendermap.errors import InvalidFilter, InvalidParameter, SourceUnreadable
from rendermap.geo.bbox import BBox
from rendermap.geo.crs import metres_per_unit
from rendermap.geo.view import PIXEL_M
from rendermap.reply import Feature, Features, FieldCard, FoundText, Value
from rendermap.request import FeaturesRequest, FindRequest, Order, Statistic, Sum, Wanted
from rendermap.symbology.expressions.evaluate import find_name, matcher
from rendermap.symbology.expressions.number_text import plain
from rendermap.symbology.expressions.sql import parse_filter
from rendermap.symbology.expressions.tree import SHAPE, And, Column, Expression, IsNull, Like, Or, columns
from rendermap.symbology.facts import FieldKind

UNKNOWN_FIELD = "A field that is asked for is not there, or may not be told."
_NUMBERS = (FieldKind.INTEGER, FieldKind.REAL)
_ESCAPE = "\\"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Queried:
    """One layer that may be queried, and how far.  crs: of the map.  maximum_records: that one answer holds."""

    drawable: Drawable
    disclosure: Disclosure
    bounds: Bounds
    crs: str
    maximum_records: int

    def plan(self, request: FeaturesRequest) -> FeaturesPlan:
        """What the worker is told, but for what of the layer is drawn at all.

        Raises InvalidFilter, InvalidParameter; SourceUnreadable for a layer that cannot be read.
        """
        drawable, asked = self.drawable, self._asked
        if drawable.layer is None or drawable.crs is None:
            raise SourceUnreadable(drawable.fault)
        limit = self.maximum_records if request.limit is None else min(request.limit, self.maximum_records)
        statistics = tuple(Statistic(one.kind, asked(one.field), one.name) for one in request.statistics)
        return FeaturesPlan(
            layer=drawable.layer,
            crs=drawable.crs,
            out_crs=request.out_crs or self.crs,
            id_field=self.disclosure.id_field,
            fields=self._fields(request),
            wanted=request.wanted,
            limit=limit,
            offset=request.offset,
            decimals=self.disclosure.decimals,
            extent_deg=BBox(*self.bounds.extent_deg) if self.bounds.extent_deg else None,
            cell=self._cell(drawable.crs),
            where=self._condition(request),
            ids=request.ids,
            spatial_filter=request.spatial_filter,
            order=self._order(request),
            statistics=statistics,
            group_by=tuple(map(asked, request.group_by)),
            with_shapes=request.with_shapes and self.disclosure.has_shapes and request.wanted is Wanted.FEATURES,
            with_z=request.with_z,
            tolerance=request.tolerance,
            coordinate_decimals=request.decimals,
        )

    def answer(self, request: FeaturesRequest, plan: FeaturesPlan, found: Found) -> Features:
        """What the worker found, with what its columns are."""
        is_feature = request.wanted is Wanted.FEATURES
        ids = found.ids if is_feature else (None,) * len(found.rows)
        shapes = found.shapes if found.shapes else (None,) * len(found.rows)
        features = (Feature(id_, row, shape) for id_, row, shape in zip(ids, found.rows, shapes, strict=True))
        assert self.drawable.layer
        return Features(
            fields=self._columns(plan),
            geometry=geometry_of(self.drawable.layer),
            crs=plan.out_crs,
            features=tuple(features),
            ids=() if is_feature else found.ids,
            count=found.count,
            bbox=BBox(*found.bounds) if found.bounds else None,
            is_more=found.is_more,
            id_field=self.disclosure.id_field,
            display_field=self.disclosure.display_field,
        )

    def find_plan(self, request: FindRequest) -> tuple[FeaturesRequest, FeaturesPlan]:
        """What finding a text asks of this layer, and what the worker is told.  Fields that the layer does not tell are passed over."""
        known = [field.name for field in self.disclosure.fields]
        named = known if request.fields is None else self.told_of(request.fields)
        asked = FeaturesRequest(
            request.job, self.drawable.tool.id, dict(request.filters).get(self.drawable.tool.id, ""), with_shapes=request.with_shapes,
            out_crs=request.out_crs, tolerance=request.tolerance, decimals=request.decimals,
        )  # fmt: skip
        plan = self.plan(asked)
        holds = self._text_condition(request.text, named, is_whole=not request.contains)
        return asked, replace(plan, where=And((plan.where, holds)) if plan.where else holds)

    # --- names -----------------------------------------------------------------------------------------------------

    def _asked(self, name: str) -> str:
        """A field's name as the data has it.  Raises InvalidParameter, the same for one that is not there and one that may not be told."""
        spelled = self.disclosure.spelled(name)
        if spelled is None or spelled not in self.disclosure.names:
            raise InvalidParameter(UNKNOWN_FIELD)
        return spelled

    def told_of(self, names: Iterable[str]) -> list[str]:
        """The fields of those names that may be told, as the data has them."""
        told = {field.name for field in self.disclosure.fields}
        return [spelled for spelled in map(self.disclosure.spelled, names) if spelled is not None and spelled in told]

    def _fields(self, request: FeaturesRequest) -> tuple[str, ...]:
        if request.wanted is Wanted.STATISTICS:
            return (*map(self._asked, request.group_by), *(one.name for one in request.statistics))
        wanted = self.disclosure.names if request.fields is None else map(self._asked, request.fields)
        return tuple(dict.fromkeys(wanted))

    def _order(self, request: FeaturesRequest) -> tuple[Order, ...]:
        made = tuple(one.name for one in request.statistics) if request.wanted is Wanted.STATISTICS else ()

        def named(order: Order) -> Order:
            index = find_name(order.field, made)
            return Order(self._asked(order.field) if index is None else made[index], order.is_descending)

        order = tuple(map(named, request.order))
        if request.wanted in (Wanted.DISTINCT, Wanted.STATISTICS) and not {one.field for one in order} <= {*self._fields(request)}:
            raise InvalidParameter("Rows can be sorted by their own columns only.")
        return order

    def _columns(self, plan: FeaturesPlan) -> tuple[FieldCard, ...]:
        cards = {card.name: card for card in self.disclosure.field_cards()}
        made = {one.name: self._made(one, cards) for one in plan.statistics}
        return tuple(made.get(name) or cards[name] for name in plan.fields)

    def _made(self, one: Statistic, cards: dict[str, FieldCard]) -> FieldCard:
        if one.kind is Sum.COUNT:
            return FieldCard(one.name, FieldKind.INTEGER.value, one.name)
        kind = cards[one.field].kind
        stays = one.kind in (Sum.MIN, Sum.MAX) and kind != "id"
        return FieldCard(one.name, kind if stays else FieldKind.REAL.value, one.name)

    # --- conditions ------------------------------------------------------------------------------------------------

    def _condition(self, request: FeaturesRequest) -> Expression | None:
        told = (parse_filter(request.where),) if request.where.strip() else ()
        terms: tuple[Expression, ...] = tuple(map(self._spelled, told))
        if request.text:
            terms += (self._text_condition(request.text, (self.disclosure.display_field,)),)
        return And(terms) if len(terms) > 1 else terms[0] if terms else None

    def _spelled(self, condition: Expression) -> Expression:
        """The condition with its fields spelled as the data has them.  Raises InvalidFilter where one may not be told, or is not there."""
        names, told = {SHAPE, *self.disclosure.names}, self.disclosure.fields
        tested = with_shape_tests(condition, told, IsNull(Column(SHAPE)))
        spelled = self.disclosure.spelled_in(tested)
        if not columns(spelled) <= names:
            raise InvalidFilter(UNKNOWN_FIELD)
        demand_dates(spelled, told)
        return spelled

    def _text_condition(self, text: str, fields: Iterable[str], *, is_whole: bool = False) -> Expression:
        """Whether one of the fields holds a text, whatever its case; nothing does where there is no such field."""
        pattern = like_pattern(text, is_whole=is_whole)
        terms = tuple(Like(Column(self._asked(name)), pattern, _ESCAPE, ignores_case=True) for name in fields if name)
        return Or(terms) if len(terms) > 1 else terms[0] if terms else NEVER

    def _cell(self, crs: str) -> float | None:
        scale = max(self.bounds.finest_scale_denominator or 0.0, self.drawable.tool.finest_scale_denominator or 0.0)
        return scale * PIXEL_M / metres_per_unit(crs) if scale else None


def found_texts(request: FindRequest, queried: Queried, features: Features) -> list[FoundText]:
    """The features that were found, each with the first of its fields that holds the text."""
    holds = matcher(like_pattern(request.text, is_whole=not request.contains), _ESCAPE, ignores_case=True)
    names = [card.name for card in features.fields if card.kind != "id"]
    wanted = names if request.fields is None else queried.told_of(request.fields)
    places = [next(at for at, card in enumerate(features.fields) if card.name == name) for name in wanted]
    dates = {at for at in places if features.fields[at].kind == FieldKind.DATE}
    tool, found = queried.drawable.tool, []
    for feature in features.features:
        told = {at: _moment(feature.values[at]) if at in dates else feature.values[at] for at in places}
        at = next((at for at in places if told[at] is not None and holds(plain(told[at]))), places[0])
        where = features.display_field, features.fields[at].name, feature.values[at]
        found.append(FoundText(tool.id, tool.name, *where, features.fields, feature, features.geometry, features.crs))
    return found


def _moment(value: Value) -> Value | datetime:
    """A date as conditions have it, from milliseconds since 1970."""
    return _EPOCH + timedelta(milliseconds=value) if isinstance(value, int | float) else value


def like_pattern(text: str, *, is_whole: bool) -> str:
    """The LIKE pattern of a text that stands for itself, anywhere or as the whole value."""
    marked = "".join(_ESCAPE + sign if sign in "%_" + _ESCAPE else sign for sign in text)
    return marked if is_whole else f"%{marked}%"
