"""Expressions in Esri documents: which language they are in, and what is drawn where one is outside the subset."""

from __future__ import annotations

import re

from rendermap.errors import InvalidExpression, InvalidFilter
from rendermap.symbology.document import Node
from rendermap.symbology.expressions.sql import parse_filter
from rendermap.symbology.expressions.table import LANGUAGES
from rendermap.symbology.expressions.tree import Arithmetic, Call, Case, Column, Concat, Expression, Literal, Operand

_ENGINES = {"arcade": "arcade", "vbscript": "vbscript", "python": "python", "jscript": "python"}
"""JScript joins texts as Python does; what else it can is not read."""

_FIELD = re.compile(r"""\$feature\.([A-Za-z_]\w*)|\$feature\[\s*['"]([^'"]+)['"]\s*\]|\[([^\[\]'"]+)\]""")


def value_of(node: Node, key: str, used: str, engine: str = "arcade") -> Operand | None:
    """The value that the expression under key makes of a feature; None, with a note of what is used, for one outside the subset."""
    text = node.text(key).strip()
    if not text:
        return None
    try:
        return LANGUAGES[_ENGINES.get(engine.lower(), "arcade")].value(text)
    except InvalidExpression as error:
        node.warn(f"the expression {_short(text)!r} ({error.reason or error.sentence})", used, key)
        return None


def arcade_or_field(node: Node, used: str, field_key: str = "expression") -> Operand | None:
    """What a CIM object goes by: its ``valueExpressionInfo`` in Arcade, else an expression in brackets, as older documents have it."""
    info = node.child("valueExpressionInfo")
    if info is not None and info.text("expression").strip():
        return value_of(info, "expression", used)
    text = node.text(field_key).strip()
    if re.fullmatch(r"\w[\w.]*", text):
        return Column(text)
    return value_of(node, field_key, used, "arcade" if "$feature" in text else "vbscript")


def first_field(text: str) -> Column | None:
    """The first field that an expression names."""
    match = _FIELD.search(text)
    return Column(next(name for name in match.groups() if name)) if match else None


def shows_field(text: Operand) -> bool:
    """True for a text in which a field's value stands as it is, where ArcGIS may write the description of a code."""
    match text:
        case Column():
            return True
        case Concat(parts):
            return any(shows_field(part) for part in parts)
        case Case(branches, otherwise):
            return any(shows_field(value) for value in (*(value for _, value in branches), otherwise))
    return False


def divided(value: Operand, node: Node) -> Operand:
    """The value normalised as a CIM object or a visual variable says."""
    kind = node.text("normalizationType", "Nothing").lower().removeprefix("esrinormalizeby")
    field = node.text("normalizationField")
    if field and field != "<None>" and kind in ("field", "nothing"):
        return Arithmetic("/", value, Column(field))
    if kind == "log":
        return Call("log10", (value,))
    total = node.number("normalizationTotal")
    if kind == "percentoftotal" and total > 0:
        node.warn("shares of a total", "the total of the template is used", "normalizationTotal")
        return Arithmetic("*", value, Literal(100 / total))
    return value


def filter_of(node: Node, key: str, used: str) -> Expression | None:
    """The condition in SQL under key; None, with a note, for one outside the subset."""
    text = node.text(key).strip()
    try:
        return parse_filter(text) if text else None
    except InvalidFilter as error:
        node.warn(f"the condition {_short(text)!r} ({error.reason or error.sentence})", used, key)
        return None


def label_condition(node: Node, key: str) -> tuple[bool, Expression | None]:
    """(whether a label class may be drawn, its filter): without a filter that is not understood, labels would show that are hidden."""
    found = filter_of(node, key, "the class is left out")
    return found is not None or not node.text(key).strip(), found


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:59] + "…"
