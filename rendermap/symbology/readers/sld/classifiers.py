"""Rules whose symbolizers classify by themselves (Recode, Categorize) -> a rule for each class."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace

from lxml import etree

from rendermap.errors import InvalidExpression, InvalidFilter, StyleInvalid
from rendermap.symbology.expressions.filter_encoding import read_classifier
from rendermap.symbology.expressions.logic import all_of
from rendermap.symbology.expressions.se_functions import CLASSIFIERS, Categorize, Interpolate, Recode
from rendermap.symbology.expressions.tree import Comparison, Expression, Literal, Operand
from rendermap.symbology.numbers import spell_all, spell_ranges, spell_value
from rendermap.symbology.readers.sld.rules import MOST_RULES, SldRule
from rendermap.symbology.xml_document import XmlNode

_MOST_ELEMENTS = 1_000_000
_DEEPEST = 4
Classes = list[tuple[str, Expression | None, Operand]]


def expand(rules: tuple[SldRule, ...]) -> tuple[SldRule, ...]:
    """All rules, those that classify as one rule for each of their classes.  Raises StyleInvalid where they become too many."""
    found = tuple(made for rule in rules for made in _expanded(rule, 0))
    if len(found) > MOST_RULES:
        raise rules[0].node.wrong(f"{len(found)} classes", f"at most {MOST_RULES}")
    return found


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
    for element in symbolizer.element.iter():
        if not isinstance(element.tag, str) or len(element) != 1 or not isinstance(element[0].tag, str):
            continue
        node = XmlNode(element[0], symbolizer.notes)
        name = node.attribute("name") if node.name == "Function" else node.name
        if name.lower() in {c.lower() for c in CLASSIFIERS}:
            yield XmlNode(element, symbolizer.notes), node


def _expanded(rule: SldRule, depth: int) -> list[SldRule]:
    first = next(_splitting(rule), None)
    if first is None or rule.is_else:
        return [rule]
    if depth == _DEEPEST:
        rule.node.warn("classes by very many values at once", "the usual value is used")
        return [rule]
    classes = _classes_of(first)
    _check_size(rule, len(classes))
    return [inner for index in range(len(classes)) for inner in _expanded(_class_rule(rule, first, classes, index), depth + 1)]


def _splitting(rule: SldRule) -> Iterator[Recode | Categorize]:
    for symbolizer in rule.symbolizers:
        if symbolizer.name not in ("TextSymbolizer", "RasterSymbolizer"):
            for _, node in _classifying(symbolizer):
                found = read_or_none(node)
                if isinstance(found, Recode | Categorize) and all(isinstance(v, Literal) for v in _values(found)):
                    yield found


def _values(found: Recode | Categorize) -> list[Operand]:
    return [value for _, value in found.items] if isinstance(found, Recode) else list(found.values)


def _check_size(rule: SldRule, count: int) -> None:
    elements = sum(1 for symbolizer in rule.symbolizers for _ in symbolizer.element.iter())
    if count > MOST_RULES or count * elements > _MOST_ELEMENTS:
        raise StyleInvalid(reason=f"{rule.node.where}: {count} classes in symbols this large are too many")


def _classes_of(found: Recode | Categorize) -> Classes:
    """(label, condition, value) of each class."""
    if isinstance(found, Recode):
        return [(_spelled(data), Comparison("=", found.lookup, data), value) for data, value in found.items]
    below, above = ("<=", ">") if found.is_upper_inclusive else ("<", ">=")
    limits = found.thresholds
    labels = _labels(found)
    classes: Classes = []
    for index, value in enumerate(found.values):
        lower = (Comparison(above, found.lookup, Literal(_number(limits[index - 1]))),) if index else ()
        upper = (Comparison(below, found.lookup, Literal(_number(limits[index]))),) if index < len(limits) else ()
        classes.append((labels[index] if limits else "", all_of((*lower, *upper)), value))
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


def _class_rule(rule: SldRule, found: Recode | Categorize, classes: Classes, index: int) -> SldRule:
    """The rule for one class: whatever is classified in the very same way has that class's constant."""
    label, condition, _ = classes[index]
    symbolizers = tuple(
        symbolizer if symbolizer.name in ("TextSymbolizer", "RasterSymbolizer") else _with_class(symbolizer, found, index)
        for symbolizer in rule.symbolizers
    )
    inner = all_of((*((rule.filter,) if rule.filter else ()), *((condition,) if condition else ())))
    return replace(rule, label=label, filter=inner, symbolizers=symbolizers)


def _with_class(symbolizer: XmlNode, found: Recode | Categorize, index: int) -> XmlNode:
    made = _copied(symbolizer)
    for parameter, node in list(_classifying(made)):
        other = read_or_none(node)
        if isinstance(other, Recode | Categorize) and _keys(other) == _keys(found) and isinstance(_values(other)[index], Literal):
            value = _values(other)[index]
            assert isinstance(value, Literal)
            _set_text(parameter.element, "" if value.value is None else str(value.value))
    return made


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
