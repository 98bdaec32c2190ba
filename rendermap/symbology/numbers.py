"""Numbers for people: as many digits as tell neighbours apart, and no more."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise


def spell(value: float, step: float | None = None) -> str:
    """value with digits down to a hundredth of step, the smallest difference that matters."""
    if not math.isfinite(value):
        return "∞" if value > 0 else "-∞"
    step = abs(step if step else value)
    if value == 0 or step == 0:
        return "0"
    if not 1e-5 <= max(abs(value), step) < 1e12:
        return f"{value:.3g}"
    decimals = min(max(2 - math.floor(math.log10(step)), 0), 10)
    text = f"{value:.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def spell_all(values: Sequence[float]) -> tuple[str, ...]:
    """Values spelled alike: digits by the smallest gap between them."""
    finite = sorted({v for v in values if math.isfinite(v)})
    gaps = [b - a for a, b in pairwise(finite)]
    step = min(gaps) if gaps else None
    return tuple(spell(v, step) for v in values)


def spell_ranges(minimum: float | None, uppers: Sequence[float]) -> tuple[str, ...]:
    """A label for each class up to its upper limit: ``0 – 1.5``, ``≤ 1.5`` where there is no minimum, ``> 9`` where no upper."""
    limits = spell_all([*([minimum] if minimum is not None else []), *uppers])
    texts = limits if minimum is not None else ("", *limits)
    labels = []
    for i, upper in enumerate(uppers):
        low, high = texts[i], texts[i + 1]
        has_low = bool(low) and low != "-∞"
        if not math.isfinite(upper):
            labels.append(f"> {low}" if has_low else "")
        else:
            labels.append(f"{low} – {high}" if has_low else f"≤ {high}")
    return tuple(labels)


def spell_value(value: str | float | int | bool | None) -> str:
    """A single value of a category."""
    if value is None:
        return "<Null>"
    if isinstance(value, float):
        return f"{value:.10g}"
    return str(value)
