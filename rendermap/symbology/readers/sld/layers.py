"""The FeatureTypeStyle elements of one layer -> its Style."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from rendermap.symbology.expressions.filter_encoding import read_filter
from rendermap.symbology.expressions.logic import all_of, is_not_true
from rendermap.symbology.expressions.se_functions import Interpolate
from rendermap.symbology.expressions.tree import Expression, IsNull, Literal, Operand
from rendermap.symbology.labels import LabelClass
from rendermap.symbology.readers.sld.classifiers import expand, interpolated_color, with_text
from rendermap.symbology.readers.sld.heat_maps import read_heat_map
from rendermap.symbology.readers.sld.intent import theme_of
from rendermap.symbology.readers.sld.labels import Scope, joined, read_label
from rendermap.symbology.readers.sld.rasters import read_raster
from rendermap.symbology.readers.sld.rules import SldRule, blend_of, read_rules
from rendermap.symbology.readers.style_reader import NamedStyle
from rendermap.symbology.style import Graded, Rule, Rules, Single, Style, VectorTheme
from rendermap.symbology.symbolizers import sld_parameters as parameters
from rendermap.symbology.symbolizers.table import from_sld
from rendermap.symbology.symbols import Fill, Marker, PointLayer, Ramp, Symbol, SymbolLayer
from rendermap.symbology.xml_document import XmlNode

_Place = tuple[int, float | None, float | None]
"""Of a rule: its level, and its scales."""
_AREAS = "PolygonSymbolizer"
Curve = tuple[XmlNode, Interpolate]


@dataclass(frozen=True, slots=True)
class _Drawn:
    """What a rule draws.  level: of its FeatureTypeStyle."""

    rule: Rule
    level: int


def read_layer(name: str, styles: tuple[XmlNode, ...], constraint: Expression | None, notes: XmlNode) -> NamedStyle:
    """A layer by its FeatureTypeStyle or CoverageStyle elements.

    constraint: features that fail it are not drawn.  notes: whose list of notes the layer has.  Raises StyleInvalid.
    """
    written = read_rules(styles)
    blend = blend_of(styles)
    rasters = [(rule, node) for rule in written for node in rule.symbolizers if node.name == "RasterSymbolizer"]
    style = _heat_map(styles, written) or (_raster(rasters, written) if rasters else _vector(styles, written))
    made = replace(style, name=name, source="layer file", blend=blend, filter=_both(constraint, style.filter))
    return NamedStyle(name, made, tuple(notes.notes))


def _both(one: Expression | None, other: Expression | None) -> Expression | None:
    return all_of(tuple(term for term in (one, other) if term is not None))


def read_constraint(layer: XmlNode) -> Expression | None:
    """The filter of a layer's feature constraints: whatever they say must hold.  Raises StyleInvalid."""
    constraints = layer.child("LayerFeatureConstraints")
    filters = []
    for inner in constraints.children("FeatureTypeConstraint") if constraints else ():
        found = inner.child("Filter")
        if found is not None:
            filters.append(read_filter(found))
        if inner.child("Extent"):
            inner.warn("an extent of the features", "all features are drawn")
    return all_of(tuple(filters))


def _heat_map(styles: tuple[XmlNode, ...], written: tuple[SldRule, ...]) -> Style | None:
    """A layer whose first style is a heat map; other transformations are noted."""
    found = read_heat_map(styles)
    if found is not None:
        theme, opacity = found
        if len(styles) > 1:
            styles[1].warn("other symbols beside a heat map", "the heat map is drawn alone")
        return Style(theme, opacity, written[0].farthest, written[0].nearest)
    for style in styles:
        transformation = style.child("Transformation")
        if transformation is not None:
            transformation.warn("a transformation of the data", "the data are drawn as they are")
    return None


def _raster(rasters: list[tuple[SldRule, XmlNode]], written: tuple[SldRule, ...]) -> Style:
    rule, node = rasters[0]
    if len(rasters) > 1 or any(len(r.symbolizers) > 1 for r in written):
        node.warn("several symbolizers for one raster", "the first for rasters is used")
    if rule.filter is not None:
        node.warn("a filter on a raster", "all of it is drawn")
    theme, opacity = read_raster(node)
    return Style(theme, opacity, rule.farthest, rule.nearest)


def _vector(styles: tuple[XmlNode, ...], written: tuple[SldRule, ...]) -> Style:
    curves = [curve for rule in written for node in rule.symbolizers if (curve := interpolated_color(node)) is not None]
    drawn = list(_drawn(expand(tuple(_with_first_color(rule) for rule in written))))
    labels = joined(list(_labels(written)))
    farthest, nearest, drawn = _common_scales(drawn, labels)
    inner, drawn = _common_filter(drawn, labels)
    graded = _graded(curves[0], [item.rule for item in drawn]) if len(curves) == 1 else None
    theme = graded or _ungraded(curves, _with_levels(drawn))
    headed = _headed(theme, next((heading for style in styles if (heading := _title(style))), ""))
    if farthest is not None or nearest is not None:
        labels = tuple(replace(label, min_scale_denominator=None, max_scale_denominator=None) for label in labels)
    return Style(headed, 1.0, farthest, nearest, inner, labels=labels)


def _title(style: XmlNode) -> str:
    described = style.child("Description") or style
    title = described.child("Title")
    return " ".join(title.whole_text.split()) if title else ""


def _headed(theme: VectorTheme, heading: str) -> VectorTheme:
    return replace(theme, heading=heading) if heading and not isinstance(theme, Single) and hasattr(theme, "heading") else theme


# --- what is drawn ----------------------------------------------------------------------------------------------------


def _drawn(rules: tuple[SldRule, ...]) -> Iterator[_Drawn]:
    """The rules that draw something, and those beside an ElseFilter or at several levels, where what they let through counts."""
    several = len({rule.level for rule in rules if any(node.name != "TextSymbolizer" for node in rule.symbolizers)}) > 1
    with_else = {rule.level for rule in rules if rule.is_else or several}
    for rule in rules:
        layers = tuple(layer for node in rule.symbolizers if node.name != "TextSymbolizer" for layer in from_sld(node))
        if layers or (rule.level in with_else and any(node.name != "TextSymbolizer" for node in rule.symbolizers)):
            made = Rule(Symbol(_at_centers(layers)), rule.label, rule.filter, rule.farthest, rule.nearest, rule.is_else)
            yield _Drawn(made, rule.level)


def _at_centers(layers: tuple[SymbolLayer, ...]) -> tuple[SymbolLayer, ...]:
    """A point symbolizer beside those of lines or areas stands once on each feature."""
    if all(isinstance(layer, PointLayer) and not layer.placement for layer in layers):
        return layers
    return tuple(replace(layer, placement="center") if isinstance(layer, PointLayer) and not layer.placement else layer for layer in layers)


def _with_levels(drawn: list[_Drawn]) -> tuple[Rule, ...]:
    """The rules with each FeatureTypeStyle's symbol layers above those before; one rule for each where all have the same rules."""
    levels = sorted({item.level for item in drawn})
    if len(levels) < 2:
        return tuple(item.rule for item in drawn)
    place = {level: index for index, level in enumerate(levels)}
    rules = [replace(item.rule, symbol=_at_level(item.rule.symbol, place[item.level])) for item in drawn]
    stacks = [[rule for rule, item in zip(rules, drawn, strict=True) if item.level == level] for level in levels]
    if any([_condition(r) for r in stack] != [_condition(r) for r in stacks[0]] for stack in stacks):
        with_else = {item.level for item in drawn if item.rule.is_else}
        return tuple(r for r, item in zip(rules, drawn, strict=True) if r.symbol.layers or item.level in with_else)
    return tuple(_stacked(same) for same in zip(*stacks, strict=True))


def _at_level(symbol: Symbol, level: int) -> Symbol:
    return Symbol(tuple(replace(layer, level=level) for layer in symbol.layers))


def _condition(rule: Rule) -> object:
    return rule.filter, rule.is_else, rule.min_scale_denominator, rule.max_scale_denominator


def _stacked(rules: tuple[Rule, ...]) -> Rule:
    label = next((rule.label for rule in rules if rule.label), "")
    return replace(rules[0], symbol=Symbol(tuple(layer for rule in rules for layer in rule.symbol.layers)), label=label)


def _common_scales(drawn: list[_Drawn], labels: tuple[LabelClass, ...]) -> tuple[float | None, float | None, list[_Drawn]]:
    """(farthest, nearest, the rules without them) where all of the layer is drawn at the same scales."""
    ranges = {(item.rule.min_scale_denominator, item.rule.max_scale_denominator) for item in drawn}
    ranges |= {(label.min_scale_denominator, label.max_scale_denominator) for label in labels}
    if len(ranges) != 1:
        return None, None, drawn
    farthest, nearest = next(iter(ranges))
    plain = [replace(item, rule=replace(item.rule, min_scale_denominator=None, max_scale_denominator=None)) for item in drawn]
    return farthest, nearest, plain


def _common_filter(drawn: list[_Drawn], labels: tuple[LabelClass, ...]) -> tuple[Expression | None, list[_Drawn]]:
    """(the layer's filter, the rule without it) where there is one rule that is no class of a theme."""
    if len(drawn) != 1 or drawn[0].rule.filter is None or drawn[0].rule.is_else:
        return None, drawn
    own = drawn[0].rule.filter
    if any(label.filter != own for label in labels) or not isinstance(theme_of((drawn[0].rule,)), Rules):
        return None, drawn
    return own, [replace(drawn[0], rule=replace(drawn[0].rule, filter=None))]


# --- labels -----------------------------------------------------------------------------------------------------------


def _labels(rules: tuple[SldRule, ...]) -> Iterator[LabelClass]:
    is_of_areas = any(node.name == _AREAS for rule in rules for node in rule.symbolizers)
    rests = _rests(rules)
    for rule in rules:
        own = rests.get(_place(rule)) if rule.is_else else rule.filter
        scope = Scope(rule.label, own, rule.farthest, rule.nearest, is_of_areas)
        for node in rule.symbolizers:
            label = read_label(node, scope) if node.name == "TextSymbolizer" else None
            if label is not None:
                yield label


def _rests(rules: tuple[SldRule, ...]) -> dict[_Place, Expression | None]:
    """The filter of each FeatureTypeStyle's else rules: that features pass none of its rules that draw at the same scales."""
    others: dict[_Place, list[Expression]] = {}
    for rule in rules:
        if rule.filter is not None and not rule.is_else:
            others.setdefault(_place(rule), []).append(is_not_true(rule.filter))
    return {place: all_of(tuple(terms)) for place, terms in others.items()}


def _place(rule: SldRule) -> _Place:
    return rule.level, rule.farthest, rule.nearest


# --- colours along a ramp ---------------------------------------------------------------------------------------------


def _with_first_color(rule: SldRule) -> SldRule:
    """The rule with each interpolated colour as it is at the lowest number."""
    nodes = []
    for node in rule.symbolizers:
        found = interpolated_color(node)
        nodes.append(with_text(node, found[0], _text(found[1].points[0][1])) if found else node)
    return replace(rule, symbolizers=tuple(nodes))


def _graded(found: Curve, rules: list[Rule]) -> Graded | None:
    """The one rule of a layer whose colour is interpolated by a number, perhaps beside one for features without the number."""
    parameter, curve = found
    others = [rule for rule in rules if rule.filter == IsNull(curve.lookup)]
    if len(rules) != 1 + len(others) or len(others) > 1:
        return None
    rule = next(rule for rule in rules if rule not in others)
    ramp = _ramp(parameter, curve)
    has_fill = any(isinstance(layer, Fill) or (isinstance(layer, Marker) and layer.fill) for layer in rule.symbol.layers)
    if ramp is None or rule.filter is not None or (has_fill and parameter.attribute("name") == "stroke"):
        return None
    limits = curve.points[0][0], curve.points[-1][0]
    default, label = (others[0].symbol, others[0].label) if others else (None, "")
    return Graded(curve.lookup, rule.symbol, ramp, limits, limits, default, label)


def _ungraded(curves: list[Curve], rules: tuple[Rule, ...]) -> VectorTheme:
    for parameter, _ in curves:
        parameter.warn("a colour along a ramp beside other rules", "the colour of the lowest number is used")
    return theme_of(rules)


def _ramp(parameter: XmlNode, curve: Interpolate) -> Ramp | None:
    low, high = curve.points[0][0], curve.points[-1][0]
    if not low < high or not all(isinstance(value, Literal) for _, value in curve.points):
        return None
    return Ramp(tuple(((data - low) / (high - low), parameters.parse_color(parameter, _text(value))) for data, value in curve.points))


def _text(value: Operand) -> str:
    return str(value.value) if isinstance(value, Literal) else ""
