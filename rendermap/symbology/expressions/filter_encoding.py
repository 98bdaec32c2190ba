"""OGC Filter Encoding (1.0, 1.1 and 2.0) and its expressions, as they stand in SLD and SE -> conditions and values.

Every text is what the XML says; nothing is guessed.  What cannot be understood is an error, never a condition that lets more through.
Spec: OGC 02-059, 04-095 and 09-026r2.
"""

from __future__ import annotations

from collections.abc import Callable

from rendermap.errors import InvalidExpression, InvalidFilter
from rendermap.limits import EXPRESSION_DEPTH
from rendermap.symbology.expressions import geoserver_functions, se_functions
from rendermap.symbology.expressions.se_functions import number_in
from rendermap.symbology.expressions.tree import (
    And,
    Arithmetic,
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
    is_deeper_than,
)
from rendermap.symbology.xml_document import XmlNode

_COMPARISONS = {
    "PropertyIsEqualTo": "=",
    "PropertyIsNotEqualTo": "<>",
    "PropertyIsLessThan": "<",
    "PropertyIsGreaterThan": ">",
    "PropertyIsLessThanOrEqualTo": "<=",
    "PropertyIsGreaterThanOrEqualTo": ">=",
}
_ORDERS = ("<", ">", "<=", ">=")
_ARITHMETIC = {"Add": "+", "Sub": "-", "Mul": "*", "Div": "/"}
_LONGEST_NAME = 400
EXPRESSIONS = frozenset({"PropertyName", "ValueReference", "Literal", "Function", *_ARITHMETIC})
"""Elements that are values."""


def read_filter(node: XmlNode) -> Expression:
    """The condition of a ``Filter`` element.

    Raises StyleInvalid with the line where it is not one condition on attributes: spatial and identifier filters too, for a filter that
    is not understood must not show what it hides.
    """
    inside = node.children()
    if len(inside) != 1:
        raise node.wrong("a filter", "one condition on attributes")
    try:
        found = read_condition(inside[0])
    except (InvalidFilter, InvalidExpression) as error:
        raise node.wrong(f"a filter that cannot be used: {error.reason or error.sentence}", "a condition on attributes") from error
    if is_deeper_than(found, EXPRESSION_DEPTH.value):
        raise node.beyond(EXPRESSION_DEPTH)
    return found


def read_condition(node: XmlNode) -> Expression:
    """A condition element.  Raises InvalidFilter and InvalidExpression."""
    name = node.name
    if name in _COMPARISONS:
        return _comparison(node, _COMPARISONS[name])
    if name in _CONDITIONS:
        return _CONDITIONS[name](node)
    raise InvalidFilter(reason=f"{node.where} is no condition on attributes")


def _comparison(node: XmlNode, operator: str) -> Expression:
    left, right = _operands(node, 2)
    truth = _asked_truth(node, operator)
    if truth is not None:
        return truth
    if operator in _ORDERS:
        left, right = _as_number(left), _as_number(right)
    elif not (isinstance(left, Column | Literal) and isinstance(right, Column | Literal)):
        # A field's own kind decides what a literal beside it is; a value that was worked out has none.
        left, right = _as_number(left), _as_number(right)
    if not node.flag("matchCase", True):
        left, right = _lowered(left), _lowered(right)
    return Comparison(operator, left, right)


def _asked_truth(node: XmlNode, operator: str) -> Expression | None:
    """A function that is a condition, compared with true or false, is that condition or its opposite."""
    first, second = node.children()
    if operator not in ("=", "<>"):
        return None
    for function, other in ((first, second), (second, first)):
        word = other.whole_text.lower() if other.name == "Literal" else ""
        if function.name == "Function" and word in ("true", "false"):
            found = _condition_function(function)
            if found is not None:
                return found if (word == "true") == (operator == "=") else Not(found)
    return None


def _lowered(value: Operand) -> Operand:
    if isinstance(value, Literal):
        return Literal(value.value.lower()) if isinstance(value.value, str) else value
    return geoserver_functions.call("lower", (value,))


def _between(node: XmlNode) -> Expression:
    low, high = node.child("LowerBoundary"), node.child("UpperBoundary")
    values = [inner for inner in node.children() if inner.name in EXPRESSIONS]
    if low is None or high is None or len(values) != 1:
        raise InvalidFilter(reason=f"{node.where} needs a value and two boundaries")
    value = _as_number(read_value(values[0]))
    return And((Comparison(">=", value, _as_number(_only(low))), Comparison("<=", value, _as_number(_only(high)))))


def _like(node: XmlNode) -> Expression:
    """Wildcards of any spelling become ``%`` and ``_``."""
    value, pattern = _operands(node, 2)
    if not isinstance(pattern, Literal) or pattern.value is None:
        raise InvalidFilter(reason=f"{node.where} needs a pattern that is a literal")
    many, one = node.attribute("wildCard", "*"), node.attribute("singleChar", "#")
    escape = node.attribute("escapeChar") or node.attribute("escape", "!")
    spelled = _like_pattern(str(pattern.value), many, one, escape)
    ignores_case = not node.flag("matchCase", True)
    return Like(value, spelled, "\\" if "\\" in spelled else "", ignores_case)


def _like_pattern(text: str, many: str, one: str, escape: str) -> str:
    pieces, at = [], 0
    while at < len(text):
        if escape and text.startswith(escape, at) and at + len(escape) < len(text):
            at += len(escape)
        elif many and text.startswith(many, at):
            pieces.append("%")
            at += len(many)
            continue
        elif one and text.startswith(one, at):
            pieces.append("_")
            at += len(one)
            continue
        pieces.append("\\" + text[at] if text[at] in "%_\\" else text[at])
        at += 1
    return "".join(pieces)


def _is_null(node: XmlNode) -> Expression:
    return IsNull(_operands(node, 1)[0])


def _joined(kind: type[And] | type[Or]) -> Callable[[XmlNode], Expression]:
    def read(node: XmlNode) -> Expression:
        terms = tuple(read_condition(inner) for inner in node.children())
        if not terms:
            raise InvalidFilter(reason=f"{node.where} is empty")
        return terms[0] if len(terms) == 1 else kind(terms)

    return read


def _not(node: XmlNode) -> Expression:
    inside = node.children()
    if len(inside) != 1:
        raise InvalidFilter(reason=f"{node.where} must hold one condition")
    return Not(read_condition(inside[0]))


_CONDITIONS: dict[str, Callable[[XmlNode], Expression]] = {
    "PropertyIsBetween": _between,
    "PropertyIsLike": _like,
    "PropertyIsNull": _is_null,
    "PropertyIsNil": _is_null,
    "And": _joined(And),
    "Or": _joined(Or),
    "Not": _not,
    # QGIS has written filters inside filters.
    "Filter": _joined(And),
}


# --- values -----------------------------------------------------------------------------------------------------------


def read_value(node: XmlNode) -> Operand:
    """A value element.  Raises InvalidFilter and InvalidExpression."""
    match node.name:
        case "PropertyName" | "ValueReference":
            return Column(_field(node))
        case "Literal":
            if node.children():
                raise InvalidFilter(reason=f"{node.where} holds elements, such as a geometry")
            return Literal(_literal(node))
        case "Function":
            return _function(node)
        case name if name in _ARITHMETIC:
            left, right = (_as_number(value) for value in _operands(node, 2))
            return Arithmetic(_ARITHMETIC[name], left, right)
    classifier = read_classifier(node)
    found = se_functions.chosen(classifier) if classifier else se_functions.value(node, read_parameter)
    if found is None:
        raise InvalidFilter(reason=f"{node.where} is no value")
    return found


def read_parameter(node: XmlNode, *, is_text: bool = False) -> Operand:
    """What a parameter of a symbolizer is: a text, values, or both in turn.

    is_text: blanks between values count, as in labels; line ends with the blanks of their indentation do not.
    Raises InvalidFilter and InvalidExpression.
    """
    parts: list[Operand] = []
    _add_text(parts, node.element.text, is_text)
    for inner in node.children():
        parts.append(read_value(inner))
        _add_text(parts, inner.element.tail, is_text)
    parts = _trimmed(parts) if is_text else parts
    if len(parts) == 1:
        return parts[0]
    return Concat(tuple(parts)) if parts else Literal("")


def _add_text(parts: list[Operand], text: str | None, is_text: bool) -> None:
    if not text:
        return
    if not is_text:
        if text.strip():
            parts.append(Literal(text.strip()))
        return
    if text.strip() or "\n" not in text or text == "\n":
        lines = [line.strip() for line in text.split("\n")] if text.strip() else [text]
        # An indented line end is how the document is laid out; one that stands alone is meant.
        parts.append(Literal(" ".join(line for line in lines if line) if text.strip() and len(lines) > 1 else text))


def _trimmed(parts: list[Operand]) -> list[Operand]:
    while parts and isinstance(parts[0], Literal) and not str(parts[0].value).strip():
        parts = parts[1:]
    while parts and isinstance(parts[-1], Literal) and not str(parts[-1].value).strip():
        parts = parts[:-1]
    if len(parts) == 1 and isinstance(parts[0], Literal):
        return [Literal(str(parts[0].value).strip())]
    return parts


def read_arguments(node: XmlNode) -> tuple[Operand, ...]:
    """A function's arguments.  Raises InvalidFilter and InvalidExpression."""
    return tuple(read_value(inner) for inner in node.children() if inner.name != "Fallback")


def _function(node: XmlNode) -> Operand:
    name = node.attribute("name")
    if name in ("if_then_else", "IfThenElse") and len(node.children()) == 3:
        test, one, other = node.children()
        return geoserver_functions.choice(_truth(test), read_value(one), read_value(other))
    if name == "env":
        node.warn("a value of the request (env)", "its default is used")
        arguments = read_arguments(node)
        return arguments[1] if len(arguments) > 1 else Literal(None)
    classifier = read_classifier(node)
    return se_functions.chosen(classifier) if classifier else geoserver_functions.value(name, read_arguments(node))


def _literal(node: XmlNode) -> str:
    """Blanks count, but not those by which the document is laid out; a line end alone is meant."""
    text = node.element.text or ""
    return text.strip() if "\n" in text and text != "\n" else text


def _condition_function(node: XmlNode) -> Expression | None:
    """The condition that a function is, None when it is none.  Raises InvalidFilter and InvalidExpression."""
    name = node.attribute("name").lower()
    if name in ("and", "or", "not"):
        terms = tuple(_truth(inner) for inner in node.children())
        if not terms or (name == "not" and len(terms) > 1):
            raise InvalidFilter(reason=f"{node.where} takes another number of arguments")
        return Not(terms[0]) if name == "not" else And(terms) if name == "and" else Or(terms)
    return geoserver_functions.condition(name, read_arguments(node))


def _truth(node: XmlNode) -> Expression:
    if node.name == "Function":
        found = _condition_function(node)
        if found is not None:
            return found
    return Comparison("=", geoserver_functions.call("truth", (read_value(node),)), Literal(True))


def read_classifier(node: XmlNode) -> se_functions.Classifier | None:
    """What a classifying element or function says, None where it is neither.  Raises InvalidFilter and InvalidExpression."""
    return se_functions.classifier(node, read_value if node.name == "Function" else read_parameter)


def _operands(node: XmlNode, count: int) -> tuple[Operand, ...]:
    inside = node.children()
    if len(inside) != count:
        raise InvalidFilter(reason=f"{node.where} needs {count} values")
    return tuple(read_value(inner) for inner in inside)


def _only(node: XmlNode) -> Operand:
    """The one value in an element, or its text."""
    inside = node.children()
    if len(inside) > 1 or not (inside or node.text):
        raise InvalidFilter(reason=f"{node.where} needs one value")
    return read_value(inside[0]) if inside else Literal(node.text)


def _field(node: XmlNode) -> str:
    """A name without its namespace; of a path its last step.  Raises InvalidFilter."""
    name = node.text.rstrip("/").rpartition("/")[2].lstrip("@")
    prefix, colon, rest = name.partition(":")
    name = rest if colon and prefix.isidentifier() else name
    if not name or "[" in name or "(" in name or len(name) > _LONGEST_NAME or node.children():
        raise InvalidFilter(reason=f"{node.where} names no field: {node.text[:80]!r}")
    return name


def _as_number(value: Operand) -> Operand:
    """A literal that is a number as a number, for texts are not ordered by their digits."""
    if not isinstance(value, Literal) or not isinstance(value.value, str):
        return value
    number = number_in(value.value)
    return value if number is None else Literal(number)
