"""The functions of Symbology Encoding 1.1, clause 11.6: texts, numbers and dates as text, and the three that classify.

Those that classify also come as GeoServer's functions of the same names.  They are kept as what they say, for a style's theme is in them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from rendermap.errors import InvalidExpression
from rendermap.symbology.document import to_number
from rendermap.symbology.expressions.functions import call
from rendermap.symbology.expressions.tree import Arithmetic, Case, Comparison, Concat, Literal, Operand
from rendermap.symbology.xml_document import XmlNode

Item = TypeVar("Item")
Read = Callable[[XmlNode], Operand]
CLASSIFIERS = ("Recode", "Categorize", "Interpolate")


@dataclass(frozen=True, slots=True)
class Recode:
    """items: (value looked up, what stands for it)."""

    lookup: Operand
    items: tuple[tuple[Operand, Operand], ...]


@dataclass(frozen=True, slots=True)
class Categorize:
    """values: one more than thresholds, which ascend.  is_upper_inclusive: a threshold belongs to the class below it."""

    lookup: Operand
    thresholds: tuple[float, ...]
    values: tuple[Operand, ...]
    is_upper_inclusive: bool


@dataclass(frozen=True, slots=True)
class Interpolate:
    """points: (number looked up, what stands for it), ascending; constant beyond the ends."""

    lookup: Operand
    points: tuple[tuple[float, Operand], ...]


Classifier = Recode | Categorize | Interpolate


def number_in(text: str) -> float | int | None:
    """The number that a text is: whole ones as integers, so that none loses a digit; None where it is none."""
    text = text.strip()
    if text.lstrip("+-").isdecimal() and text.isascii() and len(text) < 18:
        return int(text) if text.count("-") + text.count("+") <= 1 else None
    return None if "_" in text else to_number(text)


def classifier(node: XmlNode, read: Read) -> Classifier | None:
    """What a classifying element or function says, None where it is neither.

    read: of a parameter in an element, of a value in a function.  Raises InvalidExpression and what read raises.
    """
    name = node.attribute("name") if node.name == "Function" else node.name
    kind = next((known for known in CLASSIFIERS if known.lower() == name.lower()), None)
    if kind is None:
        return None
    return _FROM_FUNCTION[kind](node, read) if node.name == "Function" else _FROM_ELEMENT[kind](node, read)


def chosen(found: Classifier) -> Operand:
    """A classifier as a value."""
    match found:
        case Recode():
            return Case(tuple((Comparison("=", found.lookup, data), value) for data, value in found.items))
        case Categorize():
            below = "<=" if found.is_upper_inclusive else "<"
            steps = zip(found.thresholds, found.values, strict=False)
            return Case(tuple((Comparison(below, found.lookup, Literal(t)), value) for t, value in steps), found.values[-1])
        case Interpolate():
            return _interpolated(found)


def _interpolated(found: Interpolate) -> Operand:
    """Piece by piece; beyond the ends the pieces there stay at their own ends."""
    pieces = []
    for (low, one), (high, other) in pairwise(found.points):
        piece = call("linear", (found.lookup, Literal(low), Literal(high), _as_number(one), _as_number(other)))
        pieces.append((Comparison("<=", found.lookup, Literal(high)), piece))
    if not pieces:
        return found.points[0][1]
    return Case(tuple(pieces[:-1]), pieces[-1][1]) if len(pieces) > 1 else pieces[0][1]


def _as_number(value: Operand) -> Operand:
    number = number_in(value.value) if isinstance(value, Literal) and isinstance(value.value, str) else None
    return value if number is None else Literal(number)


# --- as elements ------------------------------------------------------------------------------------------------------


def _need(node: XmlNode, name: str) -> XmlNode:
    found = node.child(name)
    if found is None:
        raise InvalidExpression(reason=f"{node.where} has no {name}")
    return found


def _lookup(node: XmlNode, read: Read) -> Operand:
    return read(_need(node, "LookupValue"))


def _recode(node: XmlNode, read: Read) -> Recode:
    items = tuple((read(_need(item, "Data")), read(_need(item, "Value"))) for item in node.children("MapItem"))
    return Recode(_lookup(node, read), _some(node, items))


def _categorize(node: XmlNode, read: Read) -> Categorize:
    values = tuple(read(value) for value in node.children("Value"))
    thresholds = tuple(_constant(read(limit), node) for limit in node.children("Threshold"))
    belongs = node.attribute("thresholdsBelongTo", node.attribute("threshholdsBelongTo", "succeeding"))
    return _checked(Categorize(_lookup(node, read), thresholds, values, belongs == "preceding"), node)


def _interpolate(node: XmlNode, read: Read) -> Interpolate:
    if node.attribute("method", "linear") != "linear":
        node.warn(f"the interpolation {node.attribute('method')!r}", "a linear one is used")
    points = ((_constant(read(_need(p, "Data")), node), read(_need(p, "Value"))) for p in node.children("InterpolationPoint"))
    return Interpolate(_lookup(node, read), _some(node, tuple(sorted(points, key=lambda point: point[0]))))


def _constant(value: Operand, node: XmlNode) -> float:
    number = number_in(str(value.value)) if isinstance(value, Literal) else None
    if number is None:
        raise InvalidExpression(reason=f"{node.where} has a limit that is no number")
    return float(number)


def _some(node: XmlNode, items: tuple[Item, ...]) -> tuple[Item, ...]:
    if not items:
        raise InvalidExpression(reason=f"{node.where} has no classes")
    return items


def _checked(found: Categorize, node: XmlNode) -> Categorize:
    is_ascending = all(low < high for low, high in pairwise(found.thresholds))
    if len(found.values) != len(found.thresholds) + 1 or not is_ascending:
        raise InvalidExpression(reason=f"{node.where} needs ascending thresholds between its values")
    return found


_FROM_ELEMENT: dict[str, Callable[[XmlNode, Read], Classifier]] = {
    "Recode": _recode,
    "Categorize": _categorize,
    "Interpolate": _interpolate,
}


# --- as functions of GeoServer ----------------------------------------------------------------------------------------


def _arguments(node: XmlNode, read: Read) -> list[Operand]:
    found = [read(inner) for inner in node.children()]
    if len(found) < 3:
        raise InvalidExpression(reason=f"{node.where} needs more arguments")
    return found


def _recode_function(node: XmlNode, read: Read) -> Recode:
    lookup, *rest = _arguments(node, read)
    return Recode(lookup, _some(node, tuple(zip(rest[::2], rest[1::2], strict=False))))


def _categorize_function(node: XmlNode, read: Read) -> Categorize:
    lookup, *rest = _arguments(node, read)
    belongs = "succeeding"
    if len(rest) % 2 == 0:
        *rest, last = rest
        belongs = str(last.value) if isinstance(last, Literal) else belongs
    thresholds = tuple(_constant(limit, node) for limit in rest[1::2])
    return _checked(Categorize(lookup, thresholds, tuple(rest[::2]), belongs == "preceding"), node)


def _interpolate_function(node: XmlNode, read: Read) -> Interpolate:
    lookup, *rest = _arguments(node, read)
    while rest and (mode := _word(rest[-1])) in _MODES:
        rest.pop()
        if mode in ("cubic", "cosine"):
            node.warn("an interpolation that is not linear", "a linear one is used")
    points = [(_constant(data, node), value) for data, value in zip(rest[::2], rest[1::2], strict=False)]
    return Interpolate(lookup, _some(node, tuple(sorted(points, key=lambda point: point[0]))))


def _word(value: Operand) -> str:
    return str(value.value).lower() if isinstance(value, Literal) else ""


_MODES = ("linear", "cubic", "cosine", "numeric", "color")
_FROM_FUNCTION: dict[str, Callable[[XmlNode, Read], Classifier]] = {
    "Recode": _recode_function,
    "Categorize": _categorize_function,
    "Interpolate": _interpolate_function,
}


# --- texts, numbers and dates -----------------------------------------------------------------------------------------


def value(node: XmlNode, read: Read) -> Operand | None:
    """A function element of SE as a value, None where it is none.  Raises InvalidExpression and what read raises."""
    return _TEXTS[node.name](node, read) if node.name in _TEXTS else None


def _text(node: XmlNode, read: Read) -> Operand:
    return read(_need(node, "StringValue"))


def _substring(node: XmlNode, read: Read) -> Operand:
    """SE counts from one."""
    start, length = node.child("Position"), node.child("Length")
    first = _as_number(read(start)) if start else Literal(1)
    from_zero: Operand = Arithmetic("-", first, Literal(1))
    if isinstance(first, Literal) and isinstance(first.value, int):
        from_zero = Literal(max(first.value - 1, 0))
    return call("substring", (_text(node, read), from_zero, *((_as_number(read(length)),) if length else ())))


def _joined(node: XmlNode, read: Read) -> Operand:
    return Concat(_some(node, tuple(read(part) for part in node.children("StringValue"))))


def _changed_case(node: XmlNode, read: Read) -> Operand:
    return call("lower" if node.attribute("direction", "toUpper") == "toLower" else "upper", (_text(node, read),))


def _trimmed(node: XmlNode, read: Read) -> Operand:
    side = {"trailing": "trim_right", "both": "trim"}.get(node.attribute("stripOffPosition", "leading"), "trim_left")
    return call(side, (_text(node, read), Literal(node.attribute("stripOffChar", " "))))


def _position(node: XmlNode, read: Read) -> Operand:
    """From one; 0 where the text is not found."""
    return Arithmetic("+", call("find", (_text(node, read), read(_need(node, "LookupString")))), Literal(1))


def _number(node: XmlNode, read: Read) -> Operand:
    return call("by_pattern", (read(_need(node, "NumericValue")), read(_need(node, "Pattern"))))


def _date(node: XmlNode, read: Read) -> Operand:
    """SE's codes for parts of a date are ours but for the year and the day in capitals, and the minute."""
    pattern = read(_need(node, "Pattern"))
    if isinstance(pattern, Literal):
        pattern = Literal(str(pattern.value).replace("YYYY", "yyyy").replace("YY", "yy").replace("DD", "dd").replace("\\", ""))
    return call("date_as", (read(_need(node, "DateValue")), pattern))


_TEXTS: dict[str, Callable[[XmlNode, Read], Operand]] = {
    "Substring": _substring,
    "Concatenate": _joined,
    "ChangeCase": _changed_case,
    "Trim": _trimmed,
    "StringPosition": _position,
    "StringLength": lambda node, read: call("length", (_text(node, read),)),
    "FormatNumber": _number,
    "FormatDate": _date,
}
