"""Conditions and values -> OGC Filter Encoding 1.1 with GeoServer's functions, as elements whose names have the prefix ``ogc``.

Spec: OGC 04-095.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

from rendermap.errors import InvalidExpression
from rendermap.symbology.expressions.number_text import plain
from rendermap.symbology.expressions.tree import (
    And,
    Arithmetic,
    Call,
    Case,
    Column,
    Comparison,
    Concat,
    Expression,
    IsNull,
    Like,
    Literal,
    Not,
    Operand,
    Or,
)

_COMPARISONS = {
    "=": ("PropertyIsEqualTo", "equalTo"),
    "<>": ("PropertyIsNotEqualTo", "notEqualTo"),
    "<": ("PropertyIsLessThan", "lessThan"),
    ">": ("PropertyIsGreaterThan", "greaterThan"),
    "<=": ("PropertyIsLessThanOrEqualTo", "lessEqualThan"),
    ">=": ("PropertyIsGreaterThanOrEqualTo", "greaterEqualThan"),
}
_ARITHMETIC = {"+": "Add", "-": "Sub", "*": "Mul", "/": "Div"}
_FUNCTIONS = {
    "upper": "strToUpperCase",
    "lower": "strToLowerCase",
    "title": "strCapitalize",
    "trim": "strTrim",
    "length": "strLength",
    "find": "strIndexOf",
    "slice": "strSubstring",
    "abs": "abs",
    "ceiling": "ceil",
    "floor": "floor",
    "round": "round",
    "round_even": "rint",
    "number": "parseDouble",
    "integer": "parseInt",
    "truth": "parseBoolean",
    "sqrt": "sqrt",
    "exp": "exp",
    "ln": "log",
    "power": "pow",
    "sin": "sin",
    "cos": "cos",
    "tan": "tan",
    "asin": "asin",
    "acos": "acos",
    "atan": "atan",
    "atan2": "atan2",
    "degrees": "toDegrees",
    "radians": "toRadians",
    "remainder": "IEEEremainder",
    "modulo": "modulo",
    "minimum": "min",
    "maximum": "max",
    "coalesce": "coalesce",
    "join": "Concatenate",
    "text": "Concatenate",
    "text_or_empty": "Concatenate",
}
_TWO_AT_MOST = ("minimum", "maximum")
_SWAPPED = {"by_pattern": "numberFormat", "date_as": "dateFormat"}


def filter_element(condition: Expression) -> Element:
    """A ``Filter`` element.  Raises InvalidExpression for what the language cannot say."""
    element = Element("ogc:Filter")
    element.append(condition_element(condition))
    return element


def condition_element(condition: Expression) -> Element:
    """A condition.  Raises InvalidExpression."""
    match condition:
        case And(terms) | Or(terms):
            return _with(f"ogc:{type(condition).__name__}", *(condition_element(term) for term in terms))
        case Not(term):
            return _with("ogc:Not", condition_element(term))
        case IsNull(column):
            return _with("ogc:PropertyIsNull", value_element(column))
        case Like():
            return _like(condition)
        case Comparison(operator, left, right):
            return _with(f"ogc:{_COMPARISONS[operator][0]}", value_element(left), value_element(right))


def value_element(value: Operand) -> Element:
    """A value.  Raises InvalidExpression."""
    match value:
        case Column(name):
            return _text("ogc:PropertyName", name)
        case Literal(None):
            raise InvalidExpression(reason="a null")
        case Literal(constant):
            return _text("ogc:Literal", spelled(constant))
        case Arithmetic(operator, left, right):
            return _with(f"ogc:{_ARITHMETIC[operator]}", value_element(left), value_element(right))
        case Concat(parts):
            return _function("Concatenate", *parts)
        case Case(branches, otherwise):
            return _choice(branches, otherwise)
        case Call():
            return _call(value)


def spelled(constant: str | float | int | bool | None) -> str:
    """A constant as text: numbers with all their digits."""
    return repr(constant) if isinstance(constant, float) and not constant.is_integer() else plain(constant)


def _with(name: str, *inside: Element) -> Element:
    element = Element(name)
    element.extend(inside)
    return element


def _text(name: str, text: str) -> Element:
    element = Element(name)
    element.text = text
    return element


def _like(like: Like) -> Element:
    escape = like.escape or "\\"
    element = _with("ogc:PropertyIsLike", value_element(like.column), _text("ogc:Literal", _pattern(like)))
    element.attrib.update({"wildCard": "%", "singleChar": "_", "escapeChar": escape})
    if like.ignores_case:
        element.set("matchCase", "false")
    return element


def _pattern(like: Like) -> str:
    """A pattern without an escape may hold the sign that now is one."""
    return like.pattern if like.escape else like.pattern.replace("\\", "\\\\")


def _function(name: str, *arguments: Operand) -> Element:
    element = _with("ogc:Function", *(value_element(argument) for argument in arguments))
    element.set("name", name)
    return element


def _call(value: Call) -> Element:
    name, arguments = value.function, value.arguments
    if name in _SWAPPED:
        return _function(_SWAPPED[name], arguments[1], arguments[0])
    if name in ("fixed", "grouped"):
        return _fixed(name, arguments)
    if name == "substring":
        return _substring(arguments)
    if name == "replace":
        return _function("strReplace", *arguments, Literal(True))
    if name == "linear":
        what, low, high, first, last = arguments
        return _function("Interpolate", what, low, first, high, last)
    if name not in _FUNCTIONS or (name in _TWO_AT_MOST and len(arguments) != 2) or (name == "round" and len(arguments) != 1):
        raise InvalidExpression(reason=f"the function {name}")
    return _function(_FUNCTIONS[name], *arguments)


def _fixed(name: str, arguments: tuple[Operand, ...]) -> Element:
    places = arguments[1].value if len(arguments) > 1 and isinstance(arguments[1], Literal) else 0
    if not isinstance(places, int) or not 0 <= places <= 20:
        raise InvalidExpression(reason="decimals by the feature")
    pattern = ("#,##0" if name == "grouped" else "0") + ("." + "0" * places if places else "")
    return _function("numberFormat", Literal(pattern), arguments[0])


def _substring(arguments: tuple[Operand, ...]) -> Element:
    what, start, *rest = arguments
    if not rest:
        return _function("strSubstringStart", what, start)
    end: Operand = Arithmetic("+", start, rest[0])
    match start, rest[0]:
        case Literal(int() as first), Literal(int() as length):
            end = Literal(first + length)
    return _function("strSubstring", what, start, end)


def _choice(branches: tuple[tuple[Expression, Operand], ...], otherwise: Operand) -> Element:
    """A value where the first condition is true, and what is left of the choice where it is not."""
    if otherwise == Literal(None):
        otherwise = Literal("")
    (test, one), *rest = branches
    element = Element("ogc:Function", name="if_then_else")
    element.append(_truth(test))
    element.append(value_element(one))
    element.append(_choice(tuple(rest), otherwise) if rest else value_element(otherwise))
    return element


def _truth(condition: Expression) -> Element:
    """A condition as a function, for it stands where a value must."""
    element = Element("ogc:Function")
    match condition:
        case And(terms) | Or(terms):
            element.set("name", type(condition).__name__.lower())
            element.extend(_truth(term) for term in terms)
        case Not(term):
            element.set("name", "not")
            element.append(_truth(term))
        case IsNull(column):
            return _function("isNull", column)
        case Comparison(operator, left, right):
            return _function(_COMPARISONS[operator][1], left, right)
        case Like():
            raise InvalidExpression(reason="a pattern inside a value")
    return element
