"""Small programs - assignments, choices, results - as one value: variables are replaced by what they hold, choices become a Case.

Nothing is run: a choice keeps both its ways, and what follows a choice that may end the program is read once for each way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from rendermap.errors import InvalidExpression
from rendermap.limits import EXPRESSION_DEPTH, EXPRESSION_PARTS, STATEMENT_PARTS, STATEMENTS
from rendermap.symbology.expressions.parsing import NULL, Branches, Part, choose, is_text, join
from rendermap.symbology.expressions.tree import Concat, Operand, walk

"""Of all that is assigned: a variable that is doubled a few times would fill the memory."""

Variables = dict[str, Any]
"""What each holds: a Part, or a list in languages that have some."""


@dataclass(frozen=True, slots=True)
class Assign:
    """name: as the language compares names."""

    name: str
    value: Branches


@dataclass(frozen=True, slots=True)
class Return:
    """The program's result; null without a value."""

    value: Branches | None


@dataclass(frozen=True, slots=True)
class Choose:
    """arms: conditions and what is done where the first of them is true.  may_return: one of the ways may end the program."""

    arms: tuple[tuple[Branches, Statements], ...]
    otherwise: Statements = ()

    @property
    def may_return(self) -> bool:
        return any(may_return(way) for way in (*(way for _, way in self.arms), self.otherwise))


Statement = Assign | Return | Choose
Statements = tuple[Statement, ...]


def may_return(statements: Statements) -> bool:
    """True where a result stands among them."""
    return any(isinstance(s, Return) or (isinstance(s, Choose) and s.may_return) for s in statements)


class Program:
    """Reads statements into one value.

    read: a value of the language, with its variables.  at_end: the result where no statement gave one.
    """

    def __init__(self, read: Callable[[Branches, Variables], Any], at_end: Callable[[Variables], Part] = lambda _: NULL) -> None:
        self._read = read
        self._at_end = at_end
        self._steps = 0
        self._nodes = 0
        self._depth = 0

    def result(self, statements: Statements, variables: Variables) -> Any:
        """The value of a program.  Raises InvalidExpression where it is too long or its values grow too large."""
        self._depth += 1
        if self._depth > EXPRESSION_DEPTH.value:
            raise InvalidExpression(EXPRESSION_DEPTH.sentence)
        branches: list[tuple[Part, Part]] = []
        found = self._follow(statements, variables, branches)
        self._depth -= 1
        return choose(branches, found) if branches else found

    def _follow(self, waiting: Statements, variables: Variables, branches: list[tuple[Part, Part]]) -> Any:
        """The result along the last way of every choice; the other ways are added to branches."""
        while waiting:
            statement, waiting = waiting[0], waiting[1:]
            self._count()
            match statement:
                case Return(value):
                    return NULL if value is None else self._read(value, variables)
                case Choose() if statement.may_return:
                    for condition, way in statement.arms:
                        asked = self._read(condition, variables)
                        branches.append((asked, self.result((*way, *waiting), dict(variables))))
                    waiting = (*statement.otherwise, *waiting)
                case Choose():
                    self._merge(statement, variables)
                case Assign(name, value):
                    self._set(variables, name, self._read(value, variables))
        return self._at_end(variables)

    def _merge(self, choice: Choose, variables: Variables) -> None:
        """What the variables hold behind a choice, whichever way was taken."""
        asked = [self._read(condition, variables) for condition, _ in choice.arms]
        ends = [dict(variables) for _ in range(len(asked) + 1)]
        for end, way in zip(ends, (*(way for _, way in choice.arms), choice.otherwise), strict=True):
            self._follow(way, end, [])
        for name in dict.fromkeys(name for end in ends for name in end):
            held = [end.get(name, NULL) for end in ends]
            if any(value is not variables.get(name) for value in held):
                self._set(variables, name, _either(asked, held))

    def _set(self, variables: Variables, name: str, value: Any) -> None:
        size = sum(1 for _ in islice(walk(value), EXPRESSION_PARTS.value))
        self._nodes += size
        if size == EXPRESSION_PARTS.value:
            raise InvalidExpression(EXPRESSION_PARTS.sentence)
        if self._nodes > STATEMENT_PARTS.value:
            raise InvalidExpression(STATEMENT_PARTS.sentence)
        variables[name] = value

    def _count(self) -> None:
        self._steps += 1
        if self._steps > STATEMENTS.value:
            raise InvalidExpression(STATEMENTS.sentence)


def _either(asked: Sequence[Part], held: Sequence[Any]) -> Part:
    """What a variable holds behind a choice; a text that the ways only add to is kept once, not once for each way."""
    texts = [_pieces(value) for value in held]
    kept: tuple[Operand, ...] = ()
    if all(text is not None for text in texts):
        kept = _common(*(text for text in texts if text is not None))
        held = [join(text[len(kept) :]) if kept else value for text, value in zip(texts, held, strict=True) if text is not None]
    chosen = choose(list(zip(asked, held, strict=False)), held[-1])
    return join((*kept, chosen)) if kept else chosen


def _pieces(value: object) -> tuple[Operand, ...] | None:
    """The parts of a value that is text for sure."""
    if isinstance(value, Concat):
        return value.parts
    return (value,) if isinstance(value, Operand) and is_text(value) else None


def _common(first: tuple[Operand, ...], *others: tuple[Operand, ...]) -> tuple[Operand, ...]:
    count = 0
    while count < len(first) and all(count < len(other) and other[count] is first[count] for other in others):
        count += 1
    return first[:count]
