"""FeatureTypeStyle and CoverageStyle elements -> rules in the order they are drawn."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from rendermap.limits import RULES
from rendermap.symbology.blends import BLENDS
from rendermap.symbology.expressions.filter_encoding import read_filter
from rendermap.symbology.expressions.logic import all_of, is_not_true
from rendermap.symbology.expressions.tree import Expression
from rendermap.symbology.xml_document import XmlNode

SYMBOLIZERS = ("PointSymbolizer", "LineSymbolizer", "PolygonSymbolizer", "TextSymbolizer", "RasterSymbolizer")
_WITH_MARKS = ("PointSymbolizer", "LineSymbolizer", "PolygonSymbolizer")
_KNOWN = frozenset(
    (
        *("Name", "Title", "Abstract", "Description", "BaseSymbolizer", "Geometry", "VendorOption"),
        *("Graphic", "Fill", "Stroke", "Displacement", "PerpendicularOffset"),
        *("Label", "Font", "LabelPlacement", "Halo", "Priority"),
        *("Opacity", "ChannelSelection", "OverlapBehavior", "ColorMap", "ContrastEnhancement", "ShadedRelief", "ImageOutline"),
    )
)
_BLENDS = {"source-over": "normal"}
_MIDDLES = ("centroid", "interiorPoint", "labelPoint")
"""Where a label stands anyway."""


@dataclass(frozen=True, slots=True)
class SldRule:
    """A Rule element.  level: the place of its FeatureTypeStyle, each of which is drawn above those before it.

    filter, is_else and the scales are those of `style.Rule`.  symbolizers: its elements, first to last.
    """

    node: XmlNode
    label: str
    level: int
    symbolizers: tuple[XmlNode, ...]
    filter: Expression | None = None
    is_else: bool = False
    farthest: float | None = None
    nearest: float | None = None


def read_rules(styles: tuple[XmlNode, ...]) -> tuple[SldRule, ...]:
    """All rules of some FeatureTypeStyle or CoverageStyle elements.  Raises StyleInvalid, also for too many."""
    count = sum(len(style.children("Rule")) for style in styles)
    if count > RULES.value:
        raise styles[0].beyond(RULES, count)
    rules: list[SldRule] = []
    for level, style in enumerate(styles):
        mine = tuple(_rule(node, level) for node in style.children("Rule"))
        rules += _first_only(mine) if _option(style, "ruleEvaluation").lower() == "first" else mine
        _warn_options(style)
    return tuple(rules)


def label_of(node: XmlNode) -> str:
    """For people: the title, else the name, else the abstract."""
    described = node.child("Description") or node
    found = (described.child("Title"), node.child("Title"), node.child("Name"), described.child("Abstract"), node.child("Abstract"))
    return next((" ".join(child.whole_text.split()) for child in found if child is not None and child.whole_text), "")


def blend_of(styles: tuple[XmlNode, ...]) -> str:
    """The blend mode, a row of `imaging.blend`, where all elements name the same one (GeoServer's ``composite``)."""
    modes = {_option(style, "composite").partition(",")[0].strip().lower() or "normal" for style in styles}
    mode = next(iter(modes)) if len(modes) == 1 else ""
    found = _BLENDS.get(mode, mode)
    if found not in BLENDS:
        styles[0].warn(f"the composition {', '.join(sorted(modes))}", "normal blending is used")
        return "normal"
    return found


def _option(style: XmlNode, name: str) -> str:
    return next((option.text for option in style.children("VendorOption") if option.attribute("name") == name), "")


def _warn_options(style: XmlNode) -> None:
    for option in style.children("VendorOption"):
        if option.attribute("name") not in ("composite", "ruleEvaluation"):
            option.warn(f"the vendor option {option.attribute('name')!r}", "it is not used")


def _rule(node: XmlNode, level: int) -> SldRule:
    inside = node.child("Filter")
    is_else = node.child("ElseFilter") is not None
    if inside is not None and is_else:
        raise node.wrong("a filter and an ElseFilter", "one of the two")
    if node.child("LegendGraphic"):
        node.warn("a picture for the legend", "the legend shows the rule's own symbol")
    return SldRule(
        node,
        label_of(node),
        level,
        tuple(_symbolizers(node)),
        read_filter(inside) if inside else None,
        is_else,
        _scale(node, "MaxScaleDenominator"),
        _scale(node, "MinScaleDenominator"),
    )


def _symbolizers(node: XmlNode) -> Iterator[XmlNode]:
    for inner in node.children():
        if inner.name in SYMBOLIZERS:
            _warn_unknown(inner)
            yield inner
        elif inner.name.endswith("Symbolizer"):
            inner.warn(f"a symbolizer of the kind {inner.name!r}", "nothing is drawn by it")


def _warn_unknown(symbolizer: XmlNode) -> None:
    """Labels and rasters tell of their vendor options themselves."""
    for inner in symbolizer.children():
        if inner.name not in _KNOWN:
            inner.warn("an element that is not known here", "it is not used")
        elif inner.name == "Geometry":
            _warn_geometry(inner, symbolizer.name)
        elif inner.name == "VendorOption" and symbolizer.name in _WITH_MARKS and inner.attribute("name") != "graphic-margin":
            inner.warn(f"the vendor option {inner.attribute('name')!r}", "it is not used")


def _warn_geometry(node: XmlNode, kind: str) -> None:
    """A property is the feature's own geometry; what functions make of it is drawn for points alone, which tell of it themselves."""
    for inner in node.children():
        name = inner.attribute("name") or inner.name
        is_drawn = kind == "PointSymbolizer" if inner.name == "Function" else inner.name in ("PropertyName", "ValueReference")
        if not is_drawn and not (kind == "TextSymbolizer" and name in _MIDDLES):
            inner.warn(f"the geometry {name[:60]!r}", "the feature's own geometry is used")


def _scale(node: XmlNode, name: str) -> float | None:
    """A scale denominator at 0.28 mm per pixel; none for zero and for infinity."""
    child = node.child(name)
    if child is None or not child.text:
        return None
    try:
        found = float(child.text)
    except ValueError as error:
        raise child.wrong(repr(child.text[:40]), "a scale denominator") from error
    if math.isnan(found) or found < 0:
        raise child.wrong(repr(child.text[:40]), "a scale denominator")
    return found if 0 < found < 1e15 else None


def _first_only(rules: tuple[SldRule, ...]) -> list[SldRule]:
    """Rules of which a feature is drawn by the first it passes: each asks that those before it at the same scales are not passed."""
    found: list[SldRule] = []
    for index, rule in enumerate(rules):
        before = [r.filter for r in rules[:index] if (r.farthest, r.nearest) == (rule.farthest, rule.nearest)]
        if None in before:
            continue
        others = tuple(is_not_true(f) for f in before if f is not None)
        if rule.is_else or len(others) > 200:
            found.append(rule)
        else:
            found.append(replace(rule, filter=all_of((*others, *((rule.filter,) if rule.filter else ())))))
    return found
