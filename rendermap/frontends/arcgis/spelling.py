"""How values of features are spelled in results of identify and find."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rendermap.frontends.arcgis.query_params import parse_flag
from rendermap.frontends.arcgis.spatial import Json
from rendermap.frontends.kvp import Parameters
from rendermap.reply import FieldCard, Value

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Spelling:
    """by_name: by fields' names, else by their aliases.  is_plain: values as they are, else as text."""

    by_name: bool = False
    is_plain: bool = False

    def keys(self, fields: Sequence[FieldCard]) -> dict[str, str]:
        """What each field is called, by its name."""
        return {card.name: card.name for card in fields} if self.by_name else _aliases(fields)

    def attributes(self, fields: Sequence[FieldCard], values: Sequence[Value]) -> Json:
        """Values by what their fields are called; truths are 1 and 0."""
        keys = self.keys(fields)
        return {keys[card.name]: self._told(card, value) for card, value in zip(fields, values, strict=True)}

    def _told(self, card: FieldCard, value: Value) -> object:
        if self.is_plain:
            return int(value) if isinstance(value, bool) else value
        return text_of(card, value)


def parse_spelling(parameters: Parameters) -> Spelling:
    """Raises InvalidParameter."""
    return Spelling(*(parse_flag(parameters, name) for name in ("returnFieldName", "returnUnformattedValues")))


def _aliases(fields: Sequence[FieldCard]) -> dict[str, str]:
    """What each field is shown as; those of one alias keep their names, or one would hide the other."""
    counted = Counter(card.alias or card.name for card in fields)
    taken = {card.name for card in fields}
    return {
        card.name: card.alias if card.alias and counted[card.alias] == 1 and card.alias not in taken - {card.name} else card.name
        for card in fields
    }


def text_of(card: FieldCard, value: Value) -> str:
    """``Null`` for none, as ArcGIS spells it."""
    if card.kind == "date" and isinstance(value, int | float):
        return (_EPOCH + timedelta(milliseconds=value)).strftime("%Y-%m-%d %H:%M:%S")
    return value_text(int(value) if isinstance(value, bool) else value)


def value_text(value: object) -> str:
    """As `text_of`, of what is no date."""
    return "Null" if value is None else f"{value:.12g}" if isinstance(value, float) else str(value)
