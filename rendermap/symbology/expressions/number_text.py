"""Numbers and other values as people write them: 12 and not 12.0, thousands apart, by a pattern such as ``#,##0.00``."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

MOST_PLACES = 20
"""More decimals than any number has."""

LONGEST_PATTERN = 200
_PATTERN = re.compile(r"^(?P<before>[^#0.,]*+)(?P<digits>[#0,]*+)(?:\.(?P<decimals>[0#]*+))?+(?P<after>[^#0]*+)$")
_QUOTED = re.compile(r"'([^']*)'")


def plain(value: object) -> str:
    """A value as text; null is empty."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d" if (value.hour, value.minute, value.second) == (0, 0, 0) else "%Y-%m-%d %H:%M:%S")
    return _plain_real(value) if isinstance(value, float) else str(value)


def _plain_real(value: float) -> str:
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    text = f"{value:.15g}"
    return f"{Decimal(text):f}" if "e" in text and 1e-7 <= abs(value) < 1e21 else text


def rounded(value: float, places: int = 0) -> float:
    """Half away from zero, by the decimals that are read: 1.005 to two places is 1.01."""
    return float(_exactly(value, places))


def fixed(value: float, places: int, *, is_grouped: bool = False) -> str:
    """So many decimals, thousands apart when grouped; no minus before a zero."""
    number = _exactly(value, min(max(places, 0), MOST_PLACES))
    return f"{number if number else abs(number):{',' if is_grouped else ''}f}"


def _exactly(value: float, places: int) -> Decimal:
    if not math.isfinite(value):
        raise ValueError(value)
    places = min(max(places, -300), MOST_PLACES)
    number = Decimal(repr(value))
    if -number.as_tuple().exponent <= places:  # type: ignore[operator]
        return number if places < 0 or abs(number) >= 10**20 else number.quantize(Decimal(1).scaleb(-places))
    result = number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    return result if places >= 0 else Decimal(f"{result:f}")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A number pattern taken apart.  whole: least digits before the point.  least, most: decimals."""

    before: str
    after: str
    whole: int
    least: int
    most: int
    is_grouped: bool
    factor: int


@lru_cache(maxsize=256)
def number_pattern(text: str) -> Pattern:
    """``#,##0.00``, ``0.0##``, ``#%``, ``$#,##0``; the half behind a semicolon, for negative numbers, is left out.  Raises ValueError."""
    if len(text) > LONGEST_PATTERN:
        raise ValueError(text[:LONGEST_PATTERN])
    quoted: list[str] = _QUOTED.findall(text)
    found = _PATTERN.match(_QUOTED.sub("\0", text).split(";")[0])
    if found is None or not (found["digits"] or found["decimals"]) or len(found["decimals"] or "") > MOST_PLACES:
        raise ValueError(text)
    literals = iter(part or "'" for part in quoted)
    before, after = (re.sub("\0", lambda _: next(literals), part) for part in (found["before"], found["after"]))
    signs = found["before"] + found["after"]
    decimals = found["decimals"] or ""
    factor = 100 if "%" in signs else 1000 if "‰" in signs else 1
    return Pattern(before, after, found["digits"].count("0"), decimals.count("0"), len(decimals), "," in found["digits"], factor)


def by_pattern(value: float, text: str) -> str:
    """A number by its pattern.  Raises ValueError."""
    pattern = number_pattern(text)
    digits = fixed(abs(value) * pattern.factor, pattern.most, is_grouped=pattern.is_grouped)
    whole, _, decimals = digits.partition(".")
    decimals = decimals.rstrip("0").ljust(pattern.least, "0")
    if whole == "0" and not pattern.whole and decimals:
        whole = ""
    whole = whole.zfill(pattern.whole)
    sign = "-" if value < 0 and any(sign in "123456789" for sign in digits) else ""
    return f"{sign}{pattern.before}{whole}{'.' + decimals if decimals else ''}{pattern.after}"
