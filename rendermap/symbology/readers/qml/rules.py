"""QGIS rules -> flat rules: what a rule inherits from those above it is written into it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from rendermap.limits import RULE_DEPTH, RULES
from rendermap.symbology.expressions.tree import And, Expression, Not
from rendermap.symbology.qgis.overrides import condition_of
from rendermap.symbology.readers.qml.symbols import read_symbol
from rendermap.symbology.readers.style_reader import to_scale_denominator
from rendermap.symbology.style import Rule, Rules, VectorTheme
from rendermap.symbology.symbols import Symbol
from rendermap.symbology.xml_document import XmlNode

_ELSE = "else"


@dataclass(frozen=True, slots=True)
class Inherited:
    """What the rules above say.  farthest, nearest: OGC scale denominators, None for no limit."""

    filters: tuple[Expression, ...] = ()
    farthest: float | None = None
    nearest: float | None = None
    heading: str = ""
    depth: int = 0

    @property
    def condition(self) -> Expression | None:
        """All filters as one."""
        return self.filters[0] if len(self.filters) == 1 else And(self.filters) if self.filters else None

    def under(self, node: XmlNode) -> Inherited:
        """The same, and what a rule adds.  Raises StyleInvalid."""
        text = node.attribute("filter").strip()
        own = () if not text or is_else(node) else (condition_of(text, node),)
        farthest = to_scale_denominator(node.number("scalemaxdenom"))
        nearest = to_scale_denominator(node.number("scalemindenom"))
        return Inherited(
            self.filters + own,
            min((s for s in (self.farthest, farthest) if s is not None), default=None),
            max((s for s in (self.nearest, nearest) if s is not None), default=None),
            self.heading,
            self.depth + 1,
        )


def is_else(node: XmlNode) -> bool:
    """True for the rule of what its siblings leave."""
    return node.attribute("filter").strip().lower() == _ELSE


def is_active(node: XmlNode) -> bool:
    """False for a rule that is switched off, with all below it."""
    return node.flag("checkstate", True) and node.flag("active", True)


def check_count(root: XmlNode) -> None:
    """Raises StyleInvalid when there are more rules than anybody would draw."""
    count = sum(1 for _ in root.element.iter("rule"))
    if count > RULES.value:
        raise root.beyond(RULES, count)


def walk_rules(parent: XmlNode, above: Inherited, *, keeps_else: bool = True) -> Iterator[tuple[XmlNode, Inherited, bool]]:
    """(rule, what it inherits and says, is it the else of the topmost level), parents before their children.

    The else of an inner level, and of any where keeps_else is not set, gets the opposite of its siblings as its filter.
    Raises StyleInvalid.
    """
    if above.depth > RULE_DEPTH.value:
        raise parent.beyond(RULE_DEPTH)
    siblings = parent.children("rule")
    is_flat = keeps_else and above.depth == 0 and all(is_active(rule) and not rule.children("rule") for rule in siblings)
    for rule in siblings:
        if not is_active(rule):
            continue
        inherited = above.under(rule)
        if is_else(rule) and not is_flat:
            inherited = replace(inherited, filters=inherited.filters + tuple(_opposites(siblings)))
        yield rule, inherited, is_else(rule) and is_flat
        label = rule.attribute("label")
        yield from walk_rules(rule, replace(inherited, heading=label or above.heading), keeps_else=keeps_else)


def _opposites(siblings: tuple[XmlNode, ...]) -> Iterator[Expression]:
    for rule in siblings:
        text = rule.attribute("filter").strip()
        if text and not is_else(rule):
            yield Not(condition_of(text, rule))


def read_rules(node: XmlNode) -> VectorTheme:
    """A RuleRenderer; symbol levels always count.  Raises StyleInvalid."""
    root = node.child("rules")
    if root is None:
        raise node.wrong("no rules", "a rules element")
    check_count(root)
    listed = node.child("symbols")
    symbols = {symbol.attribute("name"): symbol for symbol in (listed.children("symbol") if listed else ())}
    return Rules(
        tuple(
            _rule(rule, inherited, is_rest, symbols)
            for rule, inherited, is_rest in walk_rules(root, Inherited())
            if rule.attribute("symbol")
        )
    )


def _rule(node: XmlNode, inherited: Inherited, is_rest: bool, symbols: dict[str, XmlNode]) -> Rule:
    found = symbols.get(node.attribute("symbol"))
    return Rule(
        read_symbol(found, has_levels=True) if found is not None else Symbol(),
        node.attribute("label"),
        inherited.condition,
        inherited.farthest,
        inherited.nearest,
        is_rest,
        inherited.heading,
    )
