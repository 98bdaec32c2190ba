"""Expression values -> Mapnik filter text, and the columns that text needs from the dataset.

Mapnik's ogr plugin gives 0 or empty text for null and nothing at all for dates.  So whatever cares is asked from OGR under a name
of ours: a flag that says null, a date as text.  SQL's three truths become two by asking each comparison to be true, or to be false.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from rendermap.errors import InvalidFilter
from rendermap.render.engine import mapnik
from rendermap.symbology.expressions.tree import (
    And,
    Arithmetic,
    Case,
    Column,
    Comparison,
    Expression,
    IsNull,
    Like,
    Literal,
    Not,
    Operand,
    Or,
    columns,
    walk,
)
from rendermap.symbology.facts import Field, FieldKind
from rendermap.symbology.style import Value

_OPPOSITE = {"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_MIRROR = {"=": "=", "<>": "<>", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LARGEST_INTEGER = 2**63 - 1
_NUMBERS = (FieldKind.INTEGER, FieldKind.REAL)
_REGEX_SIGNS = frozenset(r".[]{}()\*+?|^$")
NEVER = "false"


@dataclass
class Columns:
    """The fields of one dataset, and which of them a map's filters ask for.

    used: field name -> the name it is asked under.  nulls: field name -> the name of its null flag.  computed: a value that neither Mapnik
    nor OGR can work out -> the name of a column of its own, which a copy of the dataset must have.
    """

    fields: tuple[Field, ...]
    used: dict[str, str] = field(default_factory=dict)
    nulls: dict[str, str] = field(default_factory=dict)
    computed: dict[Operand, str] = field(default_factory=dict)

    def find(self, name: str) -> Field:
        """The field of a name, without regard to case.  Raises InvalidFilter."""
        exact = [f for f in self.fields if f.name == name]
        alike = exact or [f for f in self.fields if f.name.casefold() == name.casefold()]
        if not alike:
            raise InvalidFilter("The filter names a field that the layer does not have.", reason=f"no field {name!r}")
        return alike[0]

    def value(self, name: str) -> str:
        """How the field's value is written in a filter."""
        found = self.find(name)
        own = found.kind != FieldKind.DATE and _PLAIN_NAME.match(found.name)
        alias = self.used.setdefault(found.name, found.name if own else f"rm value {len(self.used)}")
        return f"[{alias}]"

    def is_null(self, name: str) -> str:
        """A filter that is true where the field is null."""
        found = self.find(name)
        return f"([{self.nulls.setdefault(found.name, f'rm null {len(self.nulls)}')}]=1)"

    def is_known(self, name: str) -> str:
        """A filter that is true where the field is not null."""
        return f"not {self.is_null(name)}"

    def operand(self, operand: Operand) -> str:
        """How a value made from the feature is written in an expression.  Raises InvalidFilter for a field that is not there."""
        match operand:
            case Column():
                return self.value(operand.name)
            case Literal(str() as text):
                return text_literal(text)
            case Literal(value):
                return number_literal(value or 0)
            case Arithmetic() if all(self.find(name).kind in _NUMBERS for name in columns(operand)) and _is_plain_sum(operand):
                return _operand(operand, self)
        for name in columns(operand):
            self.find(name)
        return f"[{self.computed.setdefault(operand, f'rm computed {len(self.computed)}')}]"

    def condition(self, expression: Expression) -> str:
        """A filter that is true where a condition is that neither Mapnik nor OGR can ask."""
        return f"({self.operand(Case(((expression, Literal(1)),), Literal(0)))}=1)"

    @property
    def are_plain(self) -> bool:
        """True when the dataset's own columns do: no null is asked for and every name is its own."""
        return not (self.nulls or self.computed) and all(name == alias for name, alias in self.used.items())


def filter_text(expression: Expression, columns: Columns) -> str:
    """A Mapnik filter that is true for exactly the features for which the SQL expression is true.

    Raises InvalidFilter where a field is unknown or a value does not fit its field.
    """
    return _spell(expression, columns, wanted=True)


def _spell(expression: Expression, columns: Columns, *, wanted: bool) -> str:
    match expression:
        case Not():
            return _spell(expression.term, columns, wanted=not wanted)
        case And() | Or():
            return _join(expression, columns, wanted=wanted)
        case IsNull():
            if not isinstance(expression.column, Column):
                return columns.condition(expression if wanted else Not(expression))
            name = expression.column.name
            return columns.is_null(name) if wanted else columns.is_known(name)
        case Like():
            return _like(expression, columns, wanted=wanted)
        case Comparison():
            operator = expression.operator if wanted else _OPPOSITE[expression.operator]
            return _comparison(operator, expression.left, expression.right, columns)


def _join(expression: And | Or, columns: Columns, *, wanted: bool) -> str:
    word = " and " if isinstance(expression, And) == wanted else " or "
    return "(" + word.join(_spell(term, columns, wanted=wanted) for term in expression.terms) + ")"


def _like(like: Like, columns: Columns, *, wanted: bool) -> str:
    if not isinstance(like.column, Column) or like.escape or like.ignores_case:
        return columns.condition(like if wanted else Not(like))
    if columns.find(like.column.name).kind != FieldKind.TEXT:
        raise InvalidFilter("LIKE can only be asked of a text field.")
    pattern = re.sub("%+", "%", like.pattern)
    spelled = {"%": r"[\s\S]*", "_": r"[\s\S]"}
    regex = "".join(spelled.get(c) or ("\\" + c if c in _REGEX_SIGNS else c) for c in pattern)
    match = f"{columns.value(like.column.name)}.match({text_literal(regex)})"
    return f"({columns.is_known(like.column.name)} and {match if wanted else f'not ({match})'})"


def _comparison(operator: str, left: Operand, right: Operand, columns: Columns) -> str:
    if isinstance(left, Literal) and not isinstance(right, Literal):
        operator, left, right = _MIRROR[operator], right, left
    if isinstance(left, Column) and isinstance(right, Literal):
        return compare(columns, left.name, operator, right.value)
    if any(isinstance(side, Literal) and side.value is None for side in (left, right)):
        return NEVER
    known = "".join(f"{columns.is_known(name)} and " for name in dict.fromkeys(_names(left) + _names(right)))
    return f"({known}{_operand(left, columns)} {_mapnik_operator(operator)} {_operand(right, columns)})"


def compare(columns: Columns, name: str, operator: str, value: Value) -> str:
    """A filter that is true where field <operator> value is, and never for null."""
    found = columns.find(name)
    typed = coerce(value, found.kind)
    if typed is None:
        return NEVER
    column = columns.value(name)
    text = _dated(column, operator, str(typed)) if found.kind == FieldKind.DATE else _plain(column, operator, typed)
    if stands_for_null(found.kind, operator, typed):
        return f"({columns.is_known(name)} and {text})"
    return text


def coerce(value: Value, kind: FieldKind) -> str | float | int | None:
    """The value as the field's kind has it; None where no value of that kind equals it.

    Raises InvalidFilter for a date that cannot be understood.
    """
    if value is None:
        return None
    if kind == FieldKind.DATE:
        return _date_text(str(value))
    if kind == FieldKind.BOOLEAN:
        words = {"true": 1, "1": 1, "false": 0, "0": 0}
        return words.get(str(int(value) if isinstance(value, bool | float) else value).strip().lower())
    if kind in _NUMBERS:
        return _number(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _number(value: Value) -> float | int | None:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, float) and value.is_integer() and abs(value) <= 2**53:
        return int(value)
    return None if value is None or not math.isfinite(value) else value


def stands_for_null(kind: FieldKind, operator: str, typed: str | float | int) -> bool:
    """True when the 0 or empty text the plugin gives for null would pass the comparison."""
    if isinstance(typed, str):
        return {"=": typed == "", "<>": typed != "", "<": typed > "", "<=": True, ">": False, ">=": typed == ""}[operator]
    return {"=": typed == 0, "<>": typed != 0, "<": typed > 0, "<=": typed >= 0, ">": typed < 0, ">=": typed <= 0}[operator]


def _plain(column: str, operator: str, typed: str | float | int) -> str:
    if isinstance(typed, float) and operator in ("=", "<>"):
        # Layer files carry 0.1 where a single-precision field holds 0.10000000149.
        slack = abs(typed) * 6e-8
        near = f"({column} >= {number_literal(typed - slack)} and {column} <= {number_literal(typed + slack)})"
        return near if operator == "=" else f"not {near}"
    literal = text_literal(typed) if isinstance(typed, str) else number_literal(typed)
    return f"({column} {_mapnik_operator(operator)} {literal})"


def _dated(column: str, operator: str, typed: str) -> str:
    """OGR writes ``2024/05/01`` for a date and ``2024/05/01 00:00:00`` for a moment: both are that day's first second."""
    first, last = (typed, typed + " 00:00:00") if len(typed) == 10 else (typed, typed)
    if operator in ("=", "<>"):
        within = f"({column} >= {text_literal(first)} and {column} <= {text_literal(last)})"
        return within if operator == "=" else f"not {within}"
    return f"({column} {operator} {text_literal(last if operator in ('>', '<=') else first)})"


def _date_text(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text.strip().replace("/", "-"))
    except ValueError as error:
        raise InvalidFilter("A date in the filter cannot be understood.", reason=text) from error
    return moment.strftime("%Y/%m/%d" if (moment.hour, moment.minute, moment.second) == (0, 0, 0) else "%Y/%m/%d %H:%M:%S")


def _operand(operand: Operand, columns: Columns) -> str:
    match operand:
        case Column():
            return columns.value(operand.name)
        case Literal():
            value = operand.value
            return text_literal(value) if isinstance(value, str) else number_literal(value or 0)
        case Arithmetic():
            if any(columns.find(name).kind not in _NUMBERS for name in _names(operand)):
                raise InvalidFilter("The filter calculates with a field that is not a number.")
            left, right = _operand(operand.left, columns), _operand(operand.right, columns)
            # Mapnik divides whole numbers as whole numbers, and knows no division by zero.
            return f"({left}*1.0/{right})" if operand.operator == "/" else f"({left}{operand.operator}{right})"
        case _:
            return columns.operand(operand)


def _is_plain_sum(operand: Operand) -> bool:
    return all(isinstance(node, Arithmetic | Column | Literal) for node in walk(operand))


def _names(operand: Operand) -> list[str]:
    match operand:
        case Column():
            return [operand.name]
        case Arithmetic():
            return _names(operand.left) + _names(operand.right)
        case _:
            return []


def _mapnik_operator(operator: str) -> str:
    return "!=" if operator == "<>" else operator


def text_literal(text: str) -> str:
    """Text in quotes.  Raises InvalidFilter for what no XML document can carry."""
    if _UNPRINTABLE.search(text):
        raise InvalidFilter("The filter holds a character that cannot be used.")
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


@lru_cache(maxsize=4096)
def number_literal(value: float) -> str:
    """A number that Mapnik reads back exactly: its parser loses the last bit of one decimal fraction in three."""
    if isinstance(value, int):
        return f"({int(value)})" if abs(value) <= _LARGEST_INTEGER else f"({float(value)!r})"
    text = f"({value!r})"
    return text if mapnik.Expression(text).evaluate(mapnik.Feature(mapnik.Context(), 1)) == value else _in_powers_of_two(value)


def _in_powers_of_two(value: float) -> str:
    mantissa, exponent = math.frexp(value)
    exponent -= 53
    operator, steps = ("*", exponent) if exponent > 0 else ("/", -exponent)
    powers = [62] * (steps // 62) + [steps % 62]
    return f"({int(mantissa * 2**53)}*1.0{''.join(f'{operator}{2**power}' for power in powers)})"


def sql_of(columns: Columns, member: str, *, is_sqlite: bool) -> str:
    """The SELECT that gives the columns their names; computed ones have theirs already."""
    quote = quote_sqlite if is_sqlite else quote_ogr
    kinds = {f.name: f.kind for f in columns.fields}
    parts = ["*"] if is_sqlite else []
    for name, alias in columns.used.items():
        if kinds[name] == FieldKind.DATE:
            # SQLite's dialect has ISO dates; OGR's own has slashes and, in file geodatabases, a zone behind the second.
            text = f"strftime('%Y/%m/%d %H:%M:%S', {quote(name)})" if is_sqlite else f"CAST({quote(name)} AS CHARACTER(19))"
            parts.append(f"{text} AS {quote(alias)}")
        elif alias != name or not is_sqlite:
            parts.append(f"{quote(name)} AS {quote(alias)}")
    if not is_sqlite:
        parts += [quote(alias) for alias in columns.computed.values()]
    parts += [f"{quote(name)} IS NULL AS {quote(alias)}" for name, alias in columns.nulls.items()]
    return f"SELECT {', '.join(parts)} FROM {quote(member)}"


def quote_ogr(name: str) -> str:
    """An identifier in OGR's SQL dialect."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def quote_sqlite(name: str) -> str:
    """An identifier in SQLite's dialect, which GeoPackages are asked in."""
    return '"' + name.replace('"', '""') + '"'
