"""Labels of a stretch whose numbers are those of the template's own data, told anew for the result."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rendermap.symbology.numbers import spell_all
from rendermap.symbology.ramps import GRAYS
from rendermap.symbology.stretch_curve import LegendRamp
from rendermap.symbology.style import StretchRecipe

# ``High : 256`` and ``256`` are numbers that the program wrote; ``Class 2`` is somebody's word.
_NUMBERED = re.compile(r"^(?P<words>|.*[:=]\s*)(?P<number>[-+]?\d[\d.,\s]*(?:[eE][-+]?\d+)?)\s*$")
_BESIDE, _WITHIN = 0.005, 0.2
_SHARES: dict[int, tuple[float, ...]] = {2: (1.0, 0.0), 3: (1.0, 0.5, 0.0), 5: (1.0, 0.7, 0.5, 0.3, 0.0)}


def relabel(labels: Sequence[str], recipe: StretchRecipe) -> tuple[str, ...]:
    """Labels from high to low, numbers in them being those that the fitted recipe draws there; words stay as they are."""
    shares = _SHARES.get(len(labels), ())
    if not any(_NUMBERED.match(label) for label in labels):
        return tuple(labels)
    if not shares:
        return ()
    ramp = LegendRamp.of(GRAYS, recipe)
    values = spell_all([ramp.value_at(share) for share in shares])
    return tuple(_with_number(label, value) for label, value in zip(labels, values, strict=True))


def labels_along(given: Sequence[tuple[float, str]], recipe: StretchRecipe) -> tuple[str, ...]:
    """Labels from high to low of a ramp with words at some of its places, numbers where its ends have none; empty for numbers alone.

    given: (share from the lowest value, label), ascending.  A word stands beside the slice it falls in, a number only beside itself.
    """
    ends = given[-1][1], given[0][1]
    inner = [(share, label) for share, label in given[1:-1] if label]
    values = spell_all([LegendRamp.of(GRAYS, recipe).value_at(share) for share in (1.0, 0.0)])
    labels = [ends[0] or values[0], "", "", "", ends[1] or values[1]]
    for share, label in inner:
        place = min((1, 2, 3), key=lambda i: abs(_SHARES[5][i] - share))
        off = abs(_SHARES[5][place] - share)
        if not labels[place] and off <= (_BESIDE if _NUMBERED.match(label) else _WITHIN):
            labels[place] = label
    if any(labels[1:-1]):
        return tuple(labels)
    return ends if all(ends) else ()


def without_numbers(labels: Sequence[str]) -> tuple[str, ...]:
    """Labels of a stretch whose numbers change from view to view: words alone, nothing where that leaves none."""
    words = tuple(found["words"].rstrip(" :=\t") if (found := _NUMBERED.match(label)) else label for label in labels)
    return words if any(words) else ()


def _with_number(label: str, value: str) -> str:
    found = _NUMBERED.match(label)
    return found["words"] + value if found else label
