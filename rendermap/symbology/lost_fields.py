"""Parts of a style that ask for fields which a result does not have: left out, and said so, where the rest can be drawn without them."""

from __future__ import annotations

from dataclasses import replace

from rendermap.errors import StyleInvalid
from rendermap.symbology.expressions.tree import Operand, columns
from rendermap.symbology.facts import VectorFacts
from rendermap.symbology.field_names import field_of, has_all_of
from rendermap.symbology.labels import LabelClass
from rendermap.symbology.style import Breaks, DotDensity, Rules, Style, VectorTheme
from rendermap.symbology.symbols import PointLayer, Stroke, SymbolLayer, map_layers
from rendermap.symbology.template import map_symbols


def without_lost_fields(style: Style, facts: VectorFacts) -> Style:
    """The style without rules, kinds of dots, labels, turns and sizes by fields that are not there; ``source`` names what went.

    A theme that is about such a field stays as it is, for it cannot be drawn at all.  Raises StyleInvalid for a definition filter that asks
    for one: without it, features that are meant to be hidden would show.
    """
    if not isinstance(style.theme, VectorTheme):
        return style
    if not has_all_of(style.filter, facts):
        missing = ", ".join(sorted(name for name in columns(style.filter) if not field_of(name, facts))) if style.filter else ""
        reason = f"the definition query asks for {missing}"
        raise StyleInvalid("The filter of this layer asks for a field that the result does not have.", reason=reason)
    theme, lost = _without_lost_parts(style.theme, facts)
    labels = tuple(label for label in style.labels if _can_label(label, facts))
    lost += ["labels"] if len(labels) < len(style.labels) else []
    if not lost:
        return style
    said = f"without {', '.join(lost)} by fields which the data lack"
    return replace(style, theme=theme, labels=labels, source=f"{style.source}, {said}" if style.source else said)


def _without_lost_parts(theme: VectorTheme, facts: VectorFacts) -> tuple[VectorTheme, list[str]]:
    """The theme, and what went from it."""
    kept, lost = _without_lost_classes(theme, facts)
    upright = _without_lost_values(kept, facts)
    return upright, lost if upright is kept else [*lost, "turns or sizes"]


def _without_lost_classes(theme: VectorTheme, facts: VectorFacts) -> tuple[VectorTheme, list[str]]:
    match theme:
        case Rules():
            rules = tuple(rule for rule in theme.rules if has_all_of(rule.filter, facts))
            return _less(theme, replace(theme, rules=rules), len(rules) < len(theme.rules), "rules")
        case DotDensity():
            dots = tuple(dots for dots in theme.dots if has_all_of(dots.value, facts))
            return _less(theme, replace(theme, dots=dots), len(dots) < len(theme.dots), "dots")
        case Breaks():
            return _less(theme, replace(theme, excluded=None), not has_all_of(theme.excluded, facts), "an exclusion")
    return theme, []


def _less(theme: VectorTheme, shorter: VectorTheme, is_less: bool, what: str) -> tuple[VectorTheme, list[str]]:
    return (shorter, [what]) if is_less else (theme, [])


def _without_lost_values(theme: VectorTheme, facts: VectorFacts) -> VectorTheme:
    """Markers turned or sized by a field that the result lacks stand upright and as large as the symbol says."""
    changed = False

    def is_lost(operand: Operand | None) -> bool:
        return operand is not None and not has_all_of(operand, facts)

    def keep(layer: SymbolLayer) -> SymbolLayer:
        nonlocal changed
        if isinstance(layer, PointLayer) and is_lost(layer.rotation_by):
            layer, changed = replace(layer, rotation_by=None), True
        if isinstance(layer, PointLayer | Stroke) and layer.size_by and is_lost(layer.size_by.value):
            layer, changed = replace(layer, size_by=None), True
        return layer

    kept = map_symbols(theme, lambda symbol: map_layers(symbol, keep))
    return kept if changed else theme


def _can_label(label: LabelClass, facts: VectorFacts) -> bool:
    return has_all_of(label.text, facts) and has_all_of(label.filter, facts) and has_all_of(label.rotation_by, facts)
