"""Rules whose symbolizers classify by themselves (Recode, Categorize) -> a rule for each class."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from lxml import etree

from rendermap.errors import InvalidExpression, InvalidFilter
from rendermap.limits import RULES, SYMBOL_ELEMENTS
from rendermap.symbology.expressions.filter_encoding import read_classifier
from rendermap.symbology.expressions.logic import all_of
from rendermap.symbology.expressions.se_functions import CLASSIFIERS, Categorize, Interpolate, Recode
from rendermap.symbology.expressions.tree import Comparison, Expression, Literal, Operand
from rendermap.symbology.numbers import spell_all, spell_ranges, spell_value
from rendermap.symbology.readers.sld.rules import SldRule
from rendermap.symbology.xml_document import XmlNode

_DEEPEST = 4
_NAMES = frozenset(name.lower() for name in CLASSIFIERS)
_CLASSIFYING = tuple(f"{{*}}{name}" for name in (*CLASSIFIERS, "Function"))
_NOT_CLASSIFIED = ("TextSymbolizer", "RasterSymbolizer")


def expand(rules: tuple[SldRule, ...]) -> tuple[SldRule, ...]:
    """All rules, those that classify as one rule for each of their classes.  Raises StyleInvalid where they become too many."""
    count = elements = 0
    for rule in rules:
        classes, kept = _size(rule)
        count += classes
        elements += classes * kept if classes > 1 else 0
        # Told before anything is copied, for classes by several values multiply.
        if count > RULES.value:
            raise rule.node.beyond(RULES, count)
        if elements > SYMBOL_ELEMENTS.value:
            raise rule.node.beyond(SYMBOL_ELEMENTS, elements)
    return tuple(made for rule in rules for made in _expanded(rule, 0))


def _size(rule: SldRule) -> tuple[int, int]:
    """(classes it makes, elements of its symbolizers that each of them has)."""
    if rule.is_else:
        return 1, 0
    counts: dict[object, int] = {}
    elements = 0
    for symbolizer in rule.symbolizers:
        inner = 0
        for node, found in _constants(symbolizer):
            if _keys(found) in counts or len(counts) < _DEEPEST:
                counts.setdefault(_keys(found), len(_values(found)))
                inner += sum(1 for _ in node.element.iter())
        elements += sum(1 for _ in symbolizer.element.iter()) - inner if inner else 0
    return math.prod(counts.values()), elements


def interpolated_color(symbolizer: XmlNode) -> tuple[XmlNode, Interpolate] | None:
    """The parameter of a symbolizer whose colour is interpolated by a number, and how; None where there is none."""
    for parameter, node in _classifying(symbolizer):
        if parameter.attribute("name") in ("fill", "stroke"):
            found = read_or_none(node)
            if isinstance(found, Interpolate):
                return parameter, found
    return None


def with_text(symbolizer: XmlNode, parameter: XmlNode, text: str) -> XmlNode:
    """A copy of the symbolizer in which one parameter is a constant."""
    tree = symbolizer.element.getroottree()
    made = _copied(symbolizer)
    path = tree.getelementpath(parameter.element)
    own = tree.getelementpath(symbolizer.element)
    inner = made.element.find(path[len(own) + 1 :])
    assert inner is not None
    _set_text(inner, text)
    return made


def read_or_none(node: XmlNode) -> Recode | Categorize | Interpolate | None:
    """The classifier that an element is; None, with a note, where it cannot be understood."""
    try:
        return read_classifier(node)
    except (InvalidFilter, InvalidExpression) as error:
        node.warn(f"a classification that cannot be used ({error.reason or error.sentence})", "the usual value is used")
        return None


def _classifying(symbolizer: XmlNode) -> Iterator[tuple[XmlNode, XmlNode]]:
    """(parameter, the classifier that is all of it)."""
    for element in symbolizer.element.iter(*_CLASSIFYING):
        parameter, node = element.getparent(), XmlNode(element, symbolizer.notes)
        name = node.attribute("name") if node.name == "Function" else node.name
        if parameter is not None and len(parameter) == 1 and name.lower() in _NAMES:
            yield XmlNode(parameter, symbolizer.notes), node


def _expanded(rule: SldRule, depth: int) -> list[SldRule]:
    first = next(_splitting(rule), None)
    if first is None or rule.is_else:
        return [rule]
    if depth == _DEEPEST:
        rule.node.warn("classes by very many values at once", "the usual value is used")
        return [rule]
    classes, forms = _classes_of(first), [_form(symbolizer, first) for symbolizer in rule.symbolizers]
    made = []
    for index, (label, condition) in enumerate(classes):
        terms = (*((rule.filter,) if rule.filter else ()), *((condition,) if condition else ()))
        symbolizers = tuple(form.filled(index) for form in forms)
        made += _expanded(replace(rule, label=label, filter=all_of(terms), symbolizers=symbolizers), depth + 1)
    return made


@dataclass(frozen=True, slots=True)
class _Form:
    """A symbolizer with blanks.  blanks: of each the way to its parameter, by places among the children, and its text for each class."""

    symbolizer: XmlNode
    blanks: tuple[tuple[tuple[int, ...], tuple[str, ...]], ...] = ()

    def filled(self, index: int) -> XmlNode:
        """The symbolizer as it is for a class."""
        if not self.blanks:
            return self.symbolizer
        made = _copied(self.symbolizer)
        for way, texts in self.blanks:
            element = made.element
            for place in way:
                element = element[place]
            element.text = texts[index]
        return made


def _form(symbolizer: XmlNode, found: Recode | Categorize) -> _Form:
    """Whatever is classified in the very same way is a blank."""
    if symbolizer.name in _NOT_CLASSIFIED:
        return _Form(symbolizer)
    made = _copied(symbolizer)
    blanks = []
    for parameter, node in list(_classifying(made)):
        other = read_or_none(node)
        if isinstance(other, Recode | Categorize) and _keys(other) == _keys(found) and _is_constant(other):
            _set_text(parameter.element, "")
            blanks.append((_way(parameter.element, made.element), tuple(_text(value) for value in _values(other))))
    return _Form(made, tuple(blanks)) if blanks else _Form(symbolizer)


def _way(element: etree._Element, above: etree._Element) -> tuple[int, ...]:
    places: list[int] = []
    while element is not above:
        parent = element.getparent()
        assert parent is not None
        places.append(parent.index(element))
        element = parent
    return tuple(reversed(places))


def _text(value: Operand) -> str:
    return "" if not isinstance(value, Literal) or value.value is None else str(value.value)


def _splitting(rule: SldRule) -> Iterator[Recode | Categorize]:
    return (found for symbolizer in rule.symbolizers for _, found in _constants(symbolizer))


def _constants(symbolizer: XmlNode) -> Iterator[tuple[XmlNode, Recode | Categorize]]:
    """(element, classifier into constants) in a symbolizer."""
    if symbolizer.name not in _NOT_CLASSIFIED:
        for _, node in _classifying(symbolizer):
            found = read_or_none(node)
            if isinstance(found, Recode | Categorize) and _is_constant(found):
                yield node, found


def _values(found: Recode | Categorize) -> list[Operand]:
    return [value for _, value in found.items] if isinstance(found, Recode) else list(found.values)


def _is_constant(found: Recode | Categorize) -> bool:
    return all(isinstance(value, Literal) for value in _values(found))


def _classes_of(found: Recode | Categorize) -> list[tuple[str, Expression | None]]:
    """(label, condition) of each class."""
    if isinstance(found, Recode):
        return [(_spelled(data), Comparison("=", found.lookup, data)) for data, _ in found.items]
    below, above = ("<=", ">") if found.is_upper_inclusive else ("<", ">=")
    limits = found.thresholds
    labels = _labels(found)
    classes = []
    for index in range(len(found.values)):
        lower = (Comparison(above, found.lookup, Literal(_number(limits[index - 1]))),) if index else ()
        upper = (Comparison(below, found.lookup, Literal(_number(limits[index]))),) if index < len(limits) else ()
        classes.append((labels[index] if limits else "", all_of((*lower, *upper))))
    return classes


def _labels(found: Categorize) -> list[str]:
    """Of each class its limits; classes that begin with a limit say so."""
    limits = found.thresholds
    labels = list(spell_ranges(None, [*limits, float("inf")]))
    if limits and not found.is_upper_inclusive:
        texts = spell_all(limits)
        labels[0], labels[-1] = f"< {texts[0]}", f"≥ {texts[-1]}"
    return labels


def _number(value: float) -> float | int:
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _spelled(data: Operand) -> str:
    return spell_value(data.value) if isinstance(data, Literal) else ""


def _keys(found: Recode | Categorize) -> object:
    """What must be the same for two to have the same classes."""
    if isinstance(found, Recode):
        return found.lookup, tuple(data for data, _ in found.items)
    return found.lookup, found.thresholds, found.is_upper_inclusive


def _copied(node: XmlNode) -> XmlNode:
    return XmlNode(copy.deepcopy(node.element), node.notes)


def _set_text(element: etree._Element, text: str) -> None:
    for inner in list(element):
        element.remove(inner)
    element.text = text
