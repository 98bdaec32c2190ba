"""Mapnik's own styles for features, checked element by element and handed to the engine as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from itertools import accumulate

from lxml import etree

from rendermap.limits import EXPRESSION_CHARS, EXPRESSION_DEPTH, OPERATORS, RULES
from rendermap.symbology.fonts import family_in, tell_stand_in
from rendermap.symbology.style import Engine
from rendermap.symbology.xml_document import XmlNode

_SYMBOLIZERS = (
    "PointSymbolizer",
    "LineSymbolizer",
    "LinePatternSymbolizer",
    "PolygonSymbolizer",
    "PolygonPatternSymbolizer",
    "MarkersSymbolizer",
    "TextSymbolizer",
    "ShieldSymbolizer",
    "BuildingSymbolizer",
    "DotSymbolizer",
)
_CONDITIONS = ("Filter", "ElseFilter", "MinScaleDenominator", "MaxScaleDenominator")
_TEXTS = ("TextSymbolizer", "ShieldSymbolizer")
_INSIDE_TEXTS = ("Placement", "Format", "Layout")
_FILES = ("file", "base", "fontset-name")
_DRAWN_BY_ENGINE = "shape://"
_FIELD = re.compile(r"\[([^\[\]]+)\]")
_ENGINES_OWN = "mapnik::"
"""Of arithmetic: the engine's time grows with the square of their number."""
_QUOTED_OR_BRACKET = re.compile(r"""'(?:[^'\\]|\\.)*(?:'|\\?\Z)|"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[()\[\]]""", re.DOTALL)


def read_engine(styles: tuple[XmlNode, ...]) -> Engine:
    """Styles drawn first to last.  Raises StyleInvalid for elements that are not of Mapnik's styles, and for too many rules."""
    count = sum(len(style.children("Rule")) for style in styles)
    if count > RULES.value:
        raise styles[0].beyond(RULES, count)
    kept = tuple(_checked_style(style) for style in styles)
    entries = tuple(entry for style in kept for entry in _entries(style))
    return Engine(tuple(_text(style) for style in kept), tuple(sorted(_fields(kept))), entries)


def _checked_style(style: XmlNode) -> etree._Element:
    found = etree.Element("Style", {str(k): str(v) for k, v in style.element.attrib.items() if k != "name"})
    for rule in style.children():
        if rule.name != "Rule":
            raise rule.wrong("an element of a style", "Rule")
        checked = etree.SubElement(found, "Rule", {str(k): str(v) for k, v in rule.element.attrib.items()})
        for part in rule.children():
            kept = _checked_part(part)
            if kept is not None:
                checked.append(kept)
    return found


def _checked_part(part: XmlNode) -> etree._Element | None:
    _check_expressions(part)
    if part.name in _CONDITIONS:
        condition = etree.Element(part.name)
        condition.text = part.whole_text or None
        return condition
    if part.name not in _SYMBOLIZERS:
        raise part.wrong("an element of a rule", "a filter, a scale or a symbolizer of features")
    for inner in part.element.iterdescendants():
        if isinstance(inner.tag, str) and not (part.name in _TEXTS and inner.tag in _INSIDE_TEXTS):
            raise part.wrong(f"{inner.tag!r} inside", "what Mapnik allows there")
    for face in dict.fromkeys(element.get("face-name") for element in part.element.iter()):
        if face:
            tell_stand_in(family_in(face), part.warn)
    copied = deepcopy(part.element)
    copied.tail = None
    return copied if _is_free_of_files(part, copied) else None


def _check_expressions(part: XmlNode) -> None:
    """Raises StyleInvalid for what would exhaust the engine's own parser of expressions, which tells of no limit."""
    for element in part.element.iter():
        for text in (element.text or "", *map(str, element.attrib.values())):
            if len(text) > EXPRESSION_CHARS.value:
                raise part.beyond(EXPRESSION_CHARS, len(text))
            if _nesting(text) > EXPRESSION_DEPTH.value:
                raise part.beyond(EXPRESSION_DEPTH)
            if sum(map(text.count, "+-*/%")) > OPERATORS.value:
                raise part.beyond(OPERATORS)


def _nesting(text: str) -> int:
    """How deep brackets are nested; those in quoted text do not count."""
    depths = accumulate(1 if sign in "([" else -1 for sign in _QUOTED_OR_BRACKET.findall(text) if sign in "()[]")
    return max(depths, default=0)


def _is_free_of_files(part: XmlNode, copied: etree._Element) -> bool:
    """False when nothing is left to draw without the file it names."""
    for element in copied.iter():
        for name in _FILES:
            value = element.get(name)
            if value is None or value.startswith(_DRAWN_BY_ENGINE):
                continue
            if name == "fontset-name":
                part.warn("a font set of the document", "the usual font is used")
                del element.attrib[name]
                element.set("face-name", "DejaVu Sans Book")
            elif name == "file" and part.name == "MarkersSymbolizer":
                part.warn("a file", "files are not opened: an ellipse is drawn")
                element.set("file", "shape://ellipse")
            elif name == "base":
                del element.attrib[name]
            else:
                part.warn("a file", "files are not opened: nothing is drawn")
                return False
    return True


def _entries(style: etree._Element) -> Iterator[tuple[str, str]]:
    """A legend line per rule that draws more than text: its name, and what draws its swatch."""
    for rule in style:
        swatch = etree.Element("Rule")
        swatch.extend(deepcopy(part) for part in rule if part.tag not in (*_CONDITIONS, *_TEXTS))
        if len(swatch):
            yield (rule.get("name") or "").strip(), _text(swatch)


def _fields(styles: tuple[etree._Element, ...]) -> set[str]:
    found: set[str] = set()
    for style in styles:
        for element in style.iter():
            for text in (element.text or "", *(str(value) for value in element.attrib.values())):
                found |= {name for name in _FIELD.findall(text) if not name.startswith(_ENGINES_OWN)}
    return found


def _text(element: etree._Element) -> str:
    return etree.tostring(element, encoding="unicode")
