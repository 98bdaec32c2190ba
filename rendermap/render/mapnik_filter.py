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
from rendermap.symbology.expressions.evaluate import find_name, pattern_signs
from rendermap.symbology.expressions.native import is_native, is_plain_sum
from rendermap.symbology.expressions.number_text import plain
from rendermap.symbology.expressions.tree import (
    FEATURE_ID,
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
    walk,
)
from rendermap.symbology.expressions.tree import columns as names_in
from rendermap.symbology.facts import Field, FieldKind
from rendermap.symbology.style import Value

_OPPOSITE = {"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_MIRROR = {"=": "=", "<>": "<>", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LARGEST_INTEGER = 2**63 - 1
_NUMBERS = (FieldKind.INTEGER, FieldKind.REAL)
_REGEX_SIGNS = frozenset(r".[]{}()\*+?|^$")
_ANY = r"[\s\S]"
NEVER = "false"


@dataclass
class Columns:
    """The fields of one dataset, and which of them a map's filters ask for.

    used: field name -> the name it is asked under.  nulls: field name -> the name of its null flag.  texts: whole number field -> the name
    under which it is text.  computed: a value that neither Mapnik nor OGR can work out -> the name of a column of its own, which a copy of
    the dataset must have.  added: columns that a copy has by what else is made of it.
    """

    fields: tuple[Field, ...]
    used: dict[str, str] = field(default_factory=dict)
    nulls: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    computed: dict[Operand, str] = field(default_factory=dict)
    added: list[str] = field(default_factory=list)

    def find(self, name: str) -> Field:
        """The field of a name, without regard to case and tables in front of it.  Raises InvalidFilter."""
        if name == FEATURE_ID:
            return Field(FEATURE_ID, FieldKind.INTEGER)
        index = find_name(name, [f.name for f in self.fields])
        if index is None:
            raise InvalidFilter("The filter names a field that the layer does not have.", reason=f"no field {name!r}")
        return self.fields[index]

    def value(self, name: str) -> str:
        """How the field's value is written in a filter; features' ids are a column of a copy, for each driver calls them otherwise."""
        if name == FEATURE_ID:
            return f"[{self.computed.setdefault(Column(FEATURE_ID), FEATURE_ID)}]"
        found = self.find(name)
        own = found.kind != FieldKind.DATE and _PLAIN_NAME.match(found.name)
        alias = self.used.setdefault(found.name, found.name if own else f"rm value {len(self.used)}")
        return f"[{alias}]"

    def is_null(self, name: str) -> str:
        """A filter that is true where the field is null."""
        if name == FEATURE_ID:
            return NEVER
        found = self.find(name)
        return f"([{self.nulls.setdefault(found.name, f'rm null {len(self.nulls)}')}]=1)"

    def is_known(self, name: str) -> str:
        """A filter that is true where the field is not null."""
        return f"not {self.is_null(name)}"

    def operand(self, operand: Operand) -> str:
        """How a value made from the feature is written in an expression; 0 or empty for null, see `unknown`.

        Raises InvalidFilter for a field that is not there.
        """
        match operand:
            case Column():
                return self.value(operand.name)
            case Literal(str() as text):
                return text_literal(text)
            case Literal(value):
                return number_literal(value or 0)
            case Concat():
                return self.text(operand)
            case Arithmetic() if self.is_number(operand):
                return _operand(operand, self)
        return self._computed(operand)

    def number(self, operand: Operand) -> str:
        """As `operand`, and a number for sure: 0 where the value is none."""
        return self.operand(operand if self.is_number(operand) else Call("number", (operand,)))

    def is_number(self, operand: Operand) -> bool:
        """Whether Mapnik can work it out as a number."""
        return is_plain_sum(operand) and all(self.find(name).kind in _NUMBERS for name in names_in(operand))

    def text(self, operand: Operand) -> str:
        """How a value as it is printed is written in an expression; empty for null.  Raises InvalidFilter as `operand` does."""
        parts = [self._printed(part) for part in (operand.parts if isinstance(operand, Concat) else (operand,))]
        if None in parts:
            return self._computed(Call("text_or_empty", (operand,)))
        return "+".join(part for part in parts if part)

    def _printed(self, operand: Operand) -> str | None:
        """What Mapnik can print itself: text, and whole numbers that OGR gives as text.  It prints 1234567.5 as ``1.23457e+06``."""
        match operand:
            case Literal(value):
                return text_literal(plain(value))
            case Column(name) if self.find(name).kind is FieldKind.TEXT:
                return self.value(name)
            case Column(name) if self.find(name).kind is FieldKind.INTEGER:
                found = self.find(name).name
                return f"[{self.texts.setdefault(found, f'rm text {len(self.texts)}')}]"
        return None

    def unknown(self, operand: Operand) -> str:
        """A filter that is true where a value is null.  Raises InvalidFilter as `operand` does."""
        match operand:
            case Column(name):
                return self.is_null(name)
            case Literal(value):
                return "true" if value is None else NEVER
            case Arithmetic() if self.is_number(operand):
                nulls = [self.is_null(name) for name in sorted(names_in(operand))]
                return f"({' or '.join((*nulls, *_zero_divisors(operand, self))) or NEVER})"
        return self.condition(IsNull(operand))

    def not_a_number(self, operand: Operand) -> str:
        """A filter that is true where a value is null or no number.  Raises InvalidFilter as `operand` does."""
        return self.unknown(operand if self.is_number(operand) else Call("number", (operand,)))

    def condition(self, expression: Expression) -> str:
        """A filter that is true where a condition is that neither Mapnik nor OGR can ask.  Raises InvalidFilter as `operand` does."""
        return f"({self._computed(Case(((expression, Literal(1)),), Literal(0)))}=1)"

    def _computed(self, operand: Operand) -> str:
        for name in names_in(operand):
            self.find(name)
        return f"[{self.computed.setdefault(operand, f'rm computed {len(self.computed)}')}]"

    @property
    def are_plain(self) -> bool:
        """True when the dataset's own columns do: no null is asked for and every name is its own."""
        return not (self.nulls or self.texts or self.computed) and all(name == alias for name, alias in self.used.items())


def filter_text(expression: Expression, columns: Columns) -> str:
    """A Mapnik filter that is true for exactly the features for which the SQL expression is true.

    Raises InvalidFilter where a field is unknown or a value does not fit its field.
    """
    return _spell(expression, columns, wanted=True)


def _spell(expression: Expression, columns: Columns, *, wanted: bool) -> str:
    if not (isinstance(expression, And | Or | Not) or is_native(expression)):
        return columns.condition(expression if wanted else Not(expression))
    match expression:
        case Not():
            return _spell(expression.term, columns, wanted=not wanted)
        case And() | Or():
            return _join(expression, columns, wanted=wanted)
        case IsNull(operand):
            return columns.unknown(operand) if wanted else f"not {columns.unknown(operand)}"
        case Like():
            return _like(expression, columns, wanted=wanted)
        case Comparison():
            operator = expression.operator if wanted else _OPPOSITE[expression.operator]
            return _comparison(operator, expression.left, expression.right, columns)


def _join(expression: And | Or, columns: Columns, *, wanted: bool) -> str:
    """Terms that only we can ask share one column."""
    word = " and " if isinstance(expression, And) == wanted else " or "
    native = [term for term in expression.terms if is_native(term)]
    others = tuple(term for term in expression.terms if term not in native)
    spelled = [_spell(term, columns, wanted=wanted) for term in native]
    if others:
        rest = others[0] if len(others) == 1 else type(expression)(others)
        spelled.append(columns.condition(rest if wanted else Not(rest)))
    return "(" + word.join(spelled) + ")"


def _like(like: Like, columns: Columns, *, wanted: bool) -> str:
    assert isinstance(like.column, Column)
    if columns.find(like.column.name).kind != FieldKind.TEXT:
        raise InvalidFilter("LIKE can only be asked of a text field.")
    regex = _regex_like(pattern_signs(like.pattern, like.escape))
    match = f"{columns.value(like.column.name)}.match({text_literal(regex)})"
    return f"({columns.is_known(like.column.name)} and {match if wanted else f'not ({match})'})"


def _regex_like(signs: list[str]) -> str:
    """A pattern as a regular expression whose time grows with the text's length and no faster.

    The first place for each run between wildcards is as good as any later one: groups that give nothing back (``(?>...)``) try no other.
    """
    runs = [""]
    for sign in signs:
        if sign == "%":
            runs.append("")
        else:
            runs[-1] += _regex_of(sign)
    if len(runs) == 1:
        return runs[0]
    middles = (f"(?>{_ANY}*?{run})" for run in runs[1:-1])
    return f"{runs[0]}{''.join(middles)}{_ANY}*{runs[-1]}"


def _regex_of(sign: str) -> str:
    return _ANY if sign == "_" else "\\" + sign[-1] if sign[-1] in _REGEX_SIGNS else sign[-1]


def _comparison(operator: str, left: Operand, right: Operand, columns: Columns) -> str:
    if isinstance(left, Literal) and not isinstance(right, Literal):
        operator, left, right = _MIRROR[operator], right, left
    if isinstance(left, Column) and isinstance(right, Literal):
        return compare(columns, left.name, operator, right.value)
    if any(isinstance(side, Literal) and side.value is None for side in (left, right)):
        return NEVER
    known = [columns.is_known(name) for name in dict.fromkeys(_names(left) + _names(right))]
    known += [f"not {test}" for side in (left, right) for test in _zero_divisors(side, columns)]
    return f"({''.join(f'{test} and ' for test in known)}{_operand(left, columns)} {_mapnik_operator(operator)} {_operand(right, columns)})"


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
        return _date_text(str(value)) if value != "" else None
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


def _zero_divisors(operand: Operand, columns: Columns) -> list[str]:
    """Filters that are true where a division has no result; Mapnik's would be infinite."""
    divisors = [node.right for node in walk(operand) if isinstance(node, Arithmetic) and node.operator == "/"]
    return [f"({_operand(divisor, columns)}=0)" for divisor in divisors if not (isinstance(divisor, Literal) and divisor.value)]


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
