"""Values of GP parameters -> words for people, on the pages of every front end."""

from __future__ import annotations

import json
import re

LONGEST_VALUE = 240


def value_words(value: object) -> str:
    """A GP parameter's value in words: units spelled out, records counted, the rest as short JSON."""
    match value:
        case None | "":
            return "–"
        case bool():
            return "Yes" if value else "No"
        case int() | float() | str():
            return _shortened(f"{value:.10g}" if isinstance(value, float) else str(value))
        case (
            {"distance": amount, "units": str(units)}
            | {"area": amount, "units": str(units)}
            | {"areaSize": amount, "units": str(units)}
            | {"time": amount, "units": str(units)}
        ):
            return f"{value_words(amount)} {unit_words(units)}"
        case {"features": [*features]}:
            return f"{len(features)} {'feature' if len(features) == 1 else 'features'}"
        case [*items] if all(isinstance(item, str | int | float) for item in items):
            return _shortened(", ".join(map(value_words, items)))
        case _:
            return _shortened(json.dumps(value, ensure_ascii=False, default=str))


def unit_words(units: str) -> str:
    """``esriSquareMiles``: square miles."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", units.removeprefix("esri")).lower()


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
