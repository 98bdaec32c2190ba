"""What may be told of a layer: of which features' fields, how exactly, and with which shapes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from rendermap.access.grant import LEVELS, Operation
from rendermap.drawables import Drawable
from rendermap.gate import Gate
from rendermap.reply import FieldCard, LayerCard, TimeCard
from rendermap.services.service import Service
from rendermap.symbology.expressions.evaluate import find_name
from rendermap.symbology.facts import Field, FieldKind, VectorFacts
from rendermap.timing import in_steps

ID_FIELD = "OBJECTID"
_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Disclosure:
    """level: the highest that may be asked.  fields: whose values may be told.  decimals: that their numbers are rounded to, by field.

    id_field: the name that features' ids go by.  has_shapes: whether shapes are told.
    """

    level: Operation = Operation.VIEW
    fields: tuple[Field, ...] = ()
    decimals: tuple[tuple[str, int], ...] = ()
    id_field: str = ID_FIELD
    has_shapes: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Of all that may be asked about, the features' ids first."""
        return (self.id_field, *(field.name for field in self.fields)) if self.fields or self.has_shapes else ()

    @property
    def display_field(self) -> str:
        """The field that names a feature best: the first text, else the first, else none."""
        texts = [field.name for field in self.fields if field.kind is FieldKind.TEXT]
        return next(iter((*texts, *(field.name for field in self.fields))), "")

    def tells(self, names: Iterable[str]) -> bool:
        """Whether all fields of those names may be told of."""
        told = [field.name for field in self.fields]
        return all(find_name(name, told) is not None for name in set(names))

    def lets_filter_by(self, names: Iterable[str]) -> bool:
        """Whether pictures may be filtered by the fields: that goes by true values, which are finer than rounded numbers."""
        rounded = {name for name, _ in self.decimals}
        whole = [name for name in self.names if name not in rounded]
        return all(find_name(name, whole) is not None for name in names)

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
    if level is Operation.VIEW or not isinstance(facts, VectorFacts):
        return Disclosure(level)
    told = _told(drawable, facts, level)
    has_shapes = not drawable.tool.is_table and (level is Operation.DATA or drawable.tool.tells_geometry)
    return Disclosure(level, told, _decimals(drawable, told), _free_name(told), has_shapes)


def _told(drawable: Drawable, facts: VectorFacts, level: Operation) -> tuple[Field, ...]:
    listed = drawable.tool.fields
    known = tuple(field for field in facts.fields if field.kind is not FieldKind.OTHER)
    if listed is None:
        return known if level is Operation.DATA else ()
    names = [field.name for field in known]
    found = (find_name(name, names) for name in listed)
    return tuple(known[index] for index in dict.fromkeys(found) if index is not None)


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
