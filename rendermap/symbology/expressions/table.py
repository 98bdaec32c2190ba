"""The expression languages: one row each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rendermap.symbology.expressions import arcade, python, qgis, vbscript
from rendermap.symbology.expressions.tree import Expression, Operand


@dataclass(frozen=True, slots=True)
class Language:
    """value, condition: read a text.  Raise InvalidExpression for what is not in the subset."""

    value: Callable[[str], Operand]
    condition: Callable[[str], Expression]


LANGUAGES: dict[str, Language] = {
    "arcade": Language(arcade.parse_value, arcade.parse_condition),
    "vbscript": Language(vbscript.parse_value, vbscript.parse_condition),
    "python": Language(python.parse_value, python.parse_condition),
    "qgis": Language(qgis.parse_value, qgis.parse_condition),
}
