"""What the labels of a feature say, which way they are turned, and which features have one."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rendermap.errors import InvalidExpression, StyleInvalid
from rendermap.symbology.expressions.evaluate import Row, test_of, value_of
from rendermap.symbology.expressions.number_text import plain
from rendermap.symbology.expressions.tree import Expression
from rendermap.symbology.labels import LabelClass

LONGEST_TEXT = 400


@dataclass(frozen=True, slots=True)
class LabelValues:
    """What a class asks of a feature's row of values.  turn_deg: counter-clockwise."""

    passes: Callable[[Row], bool]
    text: Callable[[Row], str]
    turn_deg: Callable[[Row], float]


def label_values(label: LabelClass, names: Sequence[str], *, wraps: bool) -> LabelValues:
    """names: of the values in a row.  wraps: whether long lines are broken.  Raises StyleInvalid for a field that is not among them."""
    wrap_chars = label.placement.wrap_chars if wraps else 0
    try:
        said, passes = value_of(label.text, names), passing(label.filter, names)
        turn = value_of(label.rotation_by, names) if label.rotation_by is not None else None
    except InvalidExpression as error:
        raise StyleInvalid("A label of the layer cannot be worked out.", reason=error.reason or error.sentence) from error
    sign, own = -1.0 if label.rotation_clockwise else 1.0, label.symbol.rotation_deg
    return LabelValues(
        passes,
        lambda row: in_lines(plain(said(row)), wrap_chars),
        (lambda row: own) if turn is None else lambda row: (own + sign * _angle(turn(row))) % 360.0,
    )


def passing(condition: Expression | None, names: Sequence[str]) -> Callable[[Row], bool]:
    """Whether a row meets a condition; every row meets none.  Raises InvalidExpression for a field that is not among the names."""
    if condition is None:
        return lambda row: True
    test = test_of(condition, names)
    return lambda row: test(row) is True


def _angle(value: object) -> float:
    """0 for what is no number."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else 0.0


def in_lines(said: str, wrap_chars: int) -> str:
    """The text of a label in lines; empty where there is nothing to say."""
    if wrap_chars <= 0 and said.isalnum():
        return said[:LONGEST_TEXT]
    lines = [" ".join(line.split()) for line in said[:LONGEST_TEXT].splitlines()]
    return "\n".join(part for line in lines if line for part in wrapped(line, wrap_chars))


def wrapped(line: str, most: int) -> list[str]:
    """A line in lines of at most so many characters, broken between words or Chinese characters; 0 for whole."""
    if most <= 0 or len(line) <= most:
        return [line]
    lines = [""]
    for piece in _pieces(line):
        if len((lines[-1] + piece).rstrip()) <= most or not lines[-1]:
            lines[-1] += piece
        else:
            lines.append(piece)
    return [found.strip() for found in lines]


def _pieces(line: str) -> list[str]:
    """Where a line may be broken: behind spaces and hyphens, and between characters that make words without them."""
    pieces = [""]
    for before, character in zip(" " + line, line, strict=False):
        if pieces[-1] and (before in " -/" or (_stands_alone(before) and _stands_alone(character))):
            pieces.append("")
        pieces[-1] += character
    return pieces


def _stands_alone(character: str) -> bool:
    return "\u3040" <= character <= "\u9fff" or "\uac00" <= character <= "\ud7a3"
