"""What stands at a place -> what the map page's popup shows: words, one list of facts for each thing found."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from rendermap.frontends.value_words import value_words
from rendermap.frontends.viewer.wording import moment
from rendermap.reply import CellHit, FieldCard, Hit, Hits

MOST_SHOWN = 12
"""More is no popup any more."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOTHING = value_words(None)
_BANDS = ("Red", "Green", "Blue")


def identified(hits: Hits) -> dict[str, object]:
    """``{"found": [{"layer", "title", "facts": [[name, value], ...]}, ...], "isMore"}``, top layer first.

    title: empty where nothing names the thing.  Cells that the picture leaves out are left out here as well, and features of which no
    field may be told.
    """
    seen = [hit for hit in hits.found if _tells(hit)]
    found = [_feature(hit) if isinstance(hit, Hit) else _cell(hit) for hit in seen[:MOST_SHOWN]]
    return {"found": found, "isMore": hits.is_more or len(seen) > MOST_SHOWN}


def _tells(hit: Hit | CellHit) -> bool:
    return any(card.kind != "id" for card in hit.fields) if isinstance(hit, Hit) else bool(hit.values)


def _feature(hit: Hit) -> dict[str, object]:
    """A text names a feature by itself; a number needs to be told what it is of."""
    words = [(card, _words(card, value)) for card, value in zip(hit.fields, hit.feature.values, strict=True) if card.kind != "id"]
    title = next((text for card, text in words if card.name == hit.display_field and card.kind == "text" and text != _NOTHING), "")
    facts = [(card.alias or card.name, text) for card, text in words if not (title and card.name == hit.display_field)]
    return {"layer": hit.layer_name, "title": title, "facts": facts}


def _words(card: FieldCard, value: object) -> str:
    if card.kind == "date" and isinstance(value, int | float):
        return _date(value)
    return value_words(value)


def _date(milliseconds: float) -> str:
    """Dates are often days alone, which are kept as midnight."""
    when = _EPOCH + timedelta(milliseconds=milliseconds)
    return f"{when.day} {when:%b %Y}" if when.time() == _EPOCH.time() else moment(when)


def _cell(hit: CellHit) -> dict[str, object]:
    value = ", ".join(map(value_words, hit.values))
    return {"layer": hit.layer_name, "title": hit.label or value, "facts": list(_cell_facts(hit, value))}


def _cell_facts(hit: CellHit, value: str) -> Iterator[tuple[str, str]]:
    if hit.theme == "bands" and len(hit.values) == len(_BANDS):
        yield from zip(_BANDS, map(value_words, hit.values), strict=True)
    elif hit.label:
        yield "Value", value
