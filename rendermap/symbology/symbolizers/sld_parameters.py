"""The parameters of SLD and SE symbolizers: numbers, lengths, colours and sizes, constant or by the feature.

A px of a style is a px of CSS, 1/96 inch, as most map servers draw it, and not OGC's 0.28 mm.  Lengths on the ground do not follow the
scale: they are as long at every scale as at 1:10 000.
"""

from __future__ import annotations

import math
import re

from PIL import ImageColor

from rendermap.errors import InvalidExpression, InvalidFilter
from rendermap.symbology.expressions.filter_encoding import read_classifier, read_parameter
from rendermap.symbology.expressions.se_functions import Interpolate, number_in
from rendermap.symbology.expressions.tree import Call, Literal, Operand
from rendermap.symbology.symbols import Color, SizeBy
from rendermap.symbology.xml_document import XmlNode

PT_PER_PX = 72 / 96
LONGEST_PX = 2000.0
LARGEST_FACTOR = 1000.0
_GROUND_SCALE = 10_000
_PT_PER_METRE = 72 / 0.0254 / _GROUND_SCALE
_UNITS = {
    "px": PT_PER_PX,
    "pixel": PT_PER_PX,
    "pt": 1.0,
    "point": 1.0,
    "mm": 72 / 25.4,
    "millimeter": 72 / 25.4,
    "m": _PT_PER_METRE,
    "metre": _PT_PER_METRE,
    "meter": _PT_PER_METRE,
    "ft": _PT_PER_METRE * 0.3048,
    "foot": _PT_PER_METRE * 0.3048,
}
_ON_THE_GROUND = ("m", "metre", "meter", "ft", "foot")
_LENGTH = re.compile(r"([-+0-9.eE]+)\s*([a-z]*)")
_BASE_PX = 10.0
_HEX = re.compile(r"#?[0-9a-fA-F]{6}")


def unit_pt(symbolizer: XmlNode) -> float:
    """How many points the symbolizer's unit of measure is."""
    name = symbolizer.attribute("uom").rpartition("/")[2].lower()
    if not name:
        return PT_PER_PX
    if name not in _UNITS:
        symbolizer.warn(f"the unit {name!r}", "pixels are used")
        return PT_PER_PX
    if name in _ON_THE_GROUND:
        _warn_ground(symbolizer)
    return _UNITS[name]


def _warn_ground(node: XmlNode) -> None:
    node.warn("lengths on the ground", f"they are as long at every scale as at 1:{_GROUND_SCALE}")


def css(node: XmlNode | None, name: str) -> XmlNode | None:
    """The CssParameter (SLD) or SvgParameter (SE) of a name."""
    inside = node.children() if node else ()
    return next((p for p in inside if p.name in ("CssParameter", "SvgParameter") and p.attribute("name") == name), None)


def warn_unknown(node: XmlNode, known: tuple[str, ...]) -> None:
    """Notes the parameters of an element that are none of the known."""
    for inner in node.children():
        if inner.name in ("CssParameter", "SvgParameter") and inner.attribute("name") not in known:
            inner.warn(f"the parameter {inner.attribute('name')!r}", "it is not used")


def value_of(node: XmlNode | None) -> Operand | None:
    """A parameter's value, None where it is absent, empty, or cannot be understood (which is noted)."""
    if node is None:
        return None
    try:
        found = read_parameter(node)
    except (InvalidFilter, InvalidExpression) as error:
        node.warn(f"an expression that cannot be used ({error.reason or error.sentence})", "the usual value is used")
        return None
    return None if found == Literal("") else found


def constant(node: XmlNode | None) -> str | None:
    """A parameter's text, None where it is absent or depends on the feature (which is noted)."""
    found = value_of(node)
    if found is None or isinstance(found, Literal):
        return None if found is None or found.value is None else str(found.value).strip()
    assert node is not None
    node.warn("a value by the feature", "the usual value is used")
    return None


def number(node: XmlNode | None, default: float) -> float:
    """A constant number.  Raises StyleInvalid where there is something else."""
    text = constant(node)
    return default if node is None or not text else _finite(node, text)


def share(node: XmlNode | None, default: float = 1.0) -> float:
    """A constant number held between 0 and 1."""
    return min(max(number(node, default), 0.0), 1.0)


def length_pt(node: XmlNode | None, default_px: float, unit: float) -> float:
    """A constant length in points; a unit may stand behind the number.  unit: points of the symbolizer's unit."""
    text = constant(node)
    if node is None or not text:
        return default_px * PT_PER_PX
    return _length(node, text, unit)


def lengths_pt(node: XmlNode | None, unit: float) -> tuple[float, ...]:
    """Lengths divided by blanks or commas, none negative (which is noted)."""
    text = constant(node)
    if node is None or not text:
        return ()
    return tuple(_not_negative(node, _length(node, part, unit)) for part in text.replace(",", " ").split())


def _not_negative(node: XmlNode, length: float) -> float:
    if length < 0:
        node.warn("a length of less than nothing", "none is used")
    return max(length, 0.0)


def _length(node: XmlNode, text: str, unit: float) -> float:
    found = _LENGTH.fullmatch(text.lower())
    if found is None or (found[2] and found[2] not in _UNITS):
        raise node.wrong(repr(text[:40]), "a length")
    if found[2] in _ON_THE_GROUND:
        _warn_ground(node)
    length = short(_finite(node, found[1]) * (_UNITS[found[2]] if found[2] else unit))
    longest = LONGEST_PX * PT_PER_PX
    if abs(length) > longest:
        node.warn(f"a length of {text[:40]}", f"{LONGEST_PX:.0f} px are used")
    return min(max(length, -longest), longest)


def _finite(node: XmlNode, text: str) -> float:
    found = number_in(text)
    if found is None:
        raise node.wrong(repr(text[:40]), "a number")
    return float(found)


def size(node: XmlNode | None, default_px: float, unit: float) -> tuple[float, SizeBy | None]:
    """(length in points, how it grows by the feature): constant, interpolated between numbers, or a number of the feature itself."""
    found = value_of(node)
    if node is None or found is None or isinstance(found, Literal):
        length = length_pt(node, default_px, unit)
        return (length if node is None else _not_negative(node, length)), None
    inner = node.children()
    classifier = read_classifier(inner[0]) if len(inner) == 1 else None
    if isinstance(classifier, Interpolate):
        return _interpolated(node, classifier, unit)
    base = _BASE_PX * PT_PER_PX
    largest = LARGEST_FACTOR * base / unit
    return base, SizeBy(found, ((0.0, 0.0), (largest, LARGEST_FACTOR)))


def _interpolated(node: XmlNode, found: Interpolate, unit: float) -> tuple[float, SizeBy | None]:
    """The first length that is more than nothing is the symbol's own."""
    lengths = [_constant_length(node, value, unit) for _, value in found.points]
    base = next((length for length in lengths if length > 0), 0.0)
    if base == 0.0:
        return 0.0, None
    value, exponent = _without_power(found.lookup)
    numbers = [_root(data, exponent) for data, _ in found.points]
    stops = tuple((data, short(length / base)) for data, length in zip(numbers, lengths, strict=True))
    return base, SizeBy(value, stops, exponent) if len(stops) > 1 else None


def _constant_length(node: XmlNode, value: Operand, unit: float) -> float:
    if not isinstance(value, Literal):
        raise node.wrong("lengths by the feature between which is interpolated", "constant lengths")
    return _not_negative(node, _length(node, str(value.value).strip(), unit))


def _without_power(lookup: Operand) -> tuple[Operand, float]:
    """A power of a number is how areas are made proportional."""
    match lookup:
        case Call("power", (inner, Literal(int() | float() | str() as exponent))):
            power = number_in(str(exponent))
            if power is not None and 0 < power <= 10:
                return inner, float(power)
    return lookup, 1.0


def _root(data: float, exponent: float) -> float:
    return data if exponent == 1.0 else short(math.pow(max(data, 0.0), 1 / exponent))


def short(value: float) -> float:
    """Without the last digits, in which rounding shows."""
    return float(f"{value:.9g}")


def color(node: XmlNode | None, default: Color, opacity: float = 1.0) -> Color:
    """A constant colour; opacity multiplies its alpha.  Raises StyleInvalid where it is none."""
    text = constant(node)
    found = default if node is None or not text else parse_color(node, text)
    return found._replace(a=round(found.a * opacity))


def parse_color(node: XmlNode, text: str) -> Color:
    """``#rrggbb``, its shorter and longer forms, or a name of CSS.  Raises StyleInvalid."""
    text = text.strip()
    try:
        # GeoServer takes the digits alone
        r, g, b, a = ImageColor.getcolor("#" + text.lstrip("#") if _HEX.fullmatch(text) else text[:40], "RGBA")  # type: ignore[misc]
    except ValueError as error:
        raise node.wrong(repr(text[:40]), "a colour") from error
    return Color(r, g, b, a)


def turn_of(node: XmlNode | None) -> tuple[float, Operand | None]:
    """(degrees counter-clockwise, a value by which the feature turns clockwise); SE turns clockwise."""
    found = value_of(node)
    if node is None or found is None:
        return 0.0, None
    if isinstance(found, Literal):
        return 0.0 - number(node, 0.0), None
    return 0.0, found


def point(node: XmlNode | None, names: tuple[str, str], default: tuple[float, float], unit: float | None = None) -> tuple[float, float]:
    """Two numbers in child elements of these names; lengths in points where a unit is given."""
    if node is None:
        return default
    x, y = (node.child(name) for name in names)
    if unit is None:
        return number(x, default[0]), number(y, default[1])
    return length_pt(x, 0.0, unit), length_pt(y, 0.0, unit)
