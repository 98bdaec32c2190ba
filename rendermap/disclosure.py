"""What may be told of a layer: of which features' fields, how exactly, and with which shapes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from rendermap.access.grant import LEVELS, Operation
from rendermap.conditions import exchanged
from rendermap.drawables import Drawable
from rendermap.gate import Gate
from rendermap.reply import FieldCard, LayerCard, TimeCard
from rendermap.services.service import Service
from rendermap.symbology.expressions.evaluate import find_name
from rendermap.symbology.expressions.tree import Column, Expression
from rendermap.symbology.facts import Field, FieldKind, VectorFacts
from rendermap.symbology.field_names import field_of
from rendermap.timing import in_steps

ID_FIELD = "OBJECTID"
_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Disclosure:
    """level: the highest that may be asked.  fields: whose values may be told.  decimals: that their numbers are rounded to, by field.

    id_field: the name that features' ids go by.  has_shapes: whether shapes are told.  known: all fields of the dataset, told or not.
    """

    level: Operation = Operation.VIEW
    fields: tuple[Field, ...] = ()
    decimals: tuple[tuple[str, int], ...] = ()
    id_field: str = ID_FIELD
    has_shapes: bool = False
    known: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Of all that may be asked about, the features' ids first."""
        return (self.id_field, *(field.name for field in self.fields)) if self.fields or self.has_shapes else ()

    @property
    def display_field(self) -> str:
        """The field that names a feature best: the first text, else the first, else none."""
        texts = [field.name for field in self.fields if field.kind is FieldKind.TEXT]
        return next(iter((*texts, *(field.name for field in self.fields))), "")

    def spelled(self, name: str) -> str | None:
        """The very field that a name means, as the data has it, whether it may be told or not; None for none.

        A name that means a field that may not be told never means another one that may.
        """
        ids = (self.id_field,) if self.names else ()
        names = (*ids, *(known for known in self.known if known.casefold() not in map(str.casefold, ids)))
        at = find_name(name, names)
        return None if at is None else names[at]

    def spelled_in(self, condition: Expression) -> Expression:
        """A condition with its fields as `spelled`; names that mean none stay."""
        return exchanged(condition, lambda part: Column(self.spelled(part.name) or part.name) if isinstance(part, Column) else part)

    def tells(self, names: Iterable[str]) -> bool:
        """Whether all fields of those names may be told of."""
        return {self.spelled(name) for name in names} <= {field.name for field in self.fields}

    def lets_filter_by(self, names: Iterable[str]) -> bool:
        """Whether pictures may be filtered by the fields: that goes by true values, which are finer than rounded numbers."""
        return {self.spelled(name) for name in names} <= {*self.names} - {name for name, _ in self.decimals}

    def time_of(self, drawable: Drawable) -> TimeCard | None:
        """The layer's time as it may be asked about: exactly by fields that are told, else in the steps its author allows, else not."""
        time, step_h = drawable.time, drawable.tool.time_step_h
        if time is None or self.tells([name for name in (time.start_field, time.end_field) if name]):
            return time
        return None if step_h is None else in_steps(time, step_h * _HOUR_MS)

    def field_cards(self) -> tuple[FieldCard, ...]:
        """The fields as they are told of."""
        cards = tuple(FieldCard(field.name, field.kind.value, field.alias or field.name) for field in self.fields)
        return (FieldCard(self.id_field, "id", self.id_field), *cards) if self.names else ()

    def told_on(self, card: LayerCard, drawable: Drawable) -> LayerCard:
        """The card of the layer with what may be asked of it."""
        fields, time = self.field_cards(), self.time_of(drawable)
        return replace(card, access=self.level.value, fields=fields, display_field=self.display_field, time=time)


def disclosure_of(drawable: Drawable, gate: Gate, service: Service) -> Disclosure:
    """What may be told of a layer to who stands at the gate."""
    reached = [level for level in LEVELS if drawable.tool.id in gate.allowed(level)]
    level = reached[-1] if reached else Operation.VIEW
    facts = drawable.layer.facts if drawable.layer else None
    if level is Operation.DATA and (service.maximum_records == 0 or (facts is not None and not isinstance(facts, VectorFacts))):
        level = Operation.IDENTIFY
    if not isinstance(facts, VectorFacts):
        return Disclosure(level)
    known = tuple(field.name for field in facts.fields)
    if level is Operation.VIEW:
        return Disclosure(level, known=known)
    told = _told(drawable, facts, level)
    has_shapes = not drawable.tool.is_table and (level is Operation.DATA or drawable.tool.tells_geometry)
    return Disclosure(level, told, _decimals(drawable, told), _free_name(told), has_shapes, known)


def _told(drawable: Drawable, facts: VectorFacts, level: Operation) -> tuple[Field, ...]:
    listed = drawable.tool.fields
    if listed is None:
        wanted = facts.fields if level is Operation.DATA else ()
    else:
        found = dict.fromkeys(field_of(name, facts) for name in listed)
        wanted = tuple(field for field in found if field is not None)
    return tuple(field for field in wanted if field.kind is not FieldKind.OTHER)


def _decimals(drawable: Drawable, told: tuple[Field, ...]) -> tuple[tuple[str, int], ...]:
    wanted = drawable.tool.decimals
    numbers = [field.name for field in told if field.kind in (FieldKind.INTEGER, FieldKind.REAL)]
    if wanted is None or isinstance(wanted, int):
        return () if wanted is None else tuple((name, wanted) for name in numbers)
    places = ((find_name(name, numbers), decimals) for name, decimals in wanted)
    return tuple((numbers[index], decimals) for index, decimals in places if index is not None)


def _free_name(told: tuple[Field, ...]) -> str:
    """A name for features' ids that is no field's."""
    taken = {field.name.casefold() for field in told}
    names = (ID_FIELD, "FID", *(f"{ID_FIELD}_{number}" for number in range(1, len(told) + 2)))
    return next(name for name in names if name.casefold() not in taken)
