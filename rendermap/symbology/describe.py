"""A Style in words, for the people who wrote its file."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rendermap.symbology.category_fit import ALL_OTHERS
from rendermap.symbology.expressions.tree import (
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
)
from rendermap.symbology.labels import LabelClass
from rendermap.symbology.numbers import spell, spell_value
from rendermap.symbology.style import (
    RGB,
    Breaks,
    Categories,
    Classified,
    ColorAdjustment,
    Colormap,
    DotDensity,
    Engine,
    Graded,
    HeatMap,
    Method,
    Proportional,
    Rules,
    ShadedRelief,
    Single,
    StatisticsSource,
    Stretch,
    StretchRecipe,
    Style,
    Theme,
    UniqueRaster,
)
from rendermap.symbology.symbols import (
    Color,
    Fill,
    GradientFill,
    Hatch,
    Marker,
    PictureFill,
    PictureMarker,
    Ramp,
    Stroke,
    Symbol,
    SymbolLayer,
)

Line = tuple[int, str]
"""How deep a line stands, and what it says."""


def describe_style(style: Style) -> Iterator[Line]:
    """What a style draws, line by line."""
    yield from _theme(style.theme)
    for label in style.labels:
        yield from _label(label)
    if style.filter is not None:
        yield 0, f"only where {spell_expression(style.filter)}"
    scales = _scales(style.min_scale_denominator, style.max_scale_denominator)
    if scales:
        yield 0, f"drawn {scales}"
    if style.opacity < 1:
        yield 0, f"{style.opacity:.0%} opaque"
    if style.blend != "normal":
        yield 0, f"blended by {style.blend}"
    yield from _cells(style)


def _cells(style: Style) -> Iterator[Line]:
    """What a style says about a raster's cells beside its theme."""
    if style.nodata_color is not None:
        yield 0, f"cells without data in {spell_color(style.nodata_color)}"
    background = getattr(style.theme, "background", None)
    if background is not None:
        color = getattr(style.theme, "background_color", None)
        yield 0, f"background value {background}: {spell_color(color) if color else 'not drawn'}"
    if style.resampling:
        yield 0, f"cells resampled by {style.resampling}"
    if style.adjustment is not None:
        plain = ColorAdjustment()
        named = [name for name in ColorAdjustment.__dataclass_fields__ if getattr(style.adjustment, name) != getattr(plain, name)]
        yield 0, f"colours changed in {', '.join(name.removeprefix('is_').replace('_', ' ') for name in named)}"


# --- themes ------------------------------------------------------------------------------------------------------------


def _theme(theme: Theme) -> Iterator[Line]:
    match theme:
        case Single():
            yield 0, _titled("one symbol", theme.label)
            yield 1, describe_symbol(theme.symbol)
        case Categories():
            yield from _categories(theme)
        case Breaks():
            yield from _breaks(theme)
        case Graded():
            yield 0, f"colours without classes by {spell_expression(theme.value)}, {_limits(theme.limits or theme.template_limits)}"
            yield 1, describe_ramp(theme.ramp)
            yield 1, describe_symbol(theme.symbol)
        case Proportional():
            yield from _proportional(theme)
        case Rules():
            yield from _rules(theme)
        case HeatMap():
            weight = f", weighted by {spell_expression(theme.weight)}" if theme.weight is not None else ""
            yield 0, f"heat map, radius {theme.radius_pt:g} pt{weight}"
            yield 1, describe_ramp(theme.ramp)
        case DotDensity():
            yield from _dots(theme)
        case Engine():
            yield 0, f"{len(theme.styles)} Mapnik styles, {len(theme.entries)} rules; fields: {', '.join(theme.fields) or 'none'}"
        case _:
            yield from _raster(theme)


def _titled(what: str, label: str) -> str:
    return f"{what} “{label}”" if label else what


def _others(symbol: Symbol | None, label: str) -> Iterator[Line]:
    if symbol is not None:
        yield 1, f"{label or ALL_OTHERS}: {describe_symbol(symbol)}"


def _categories(theme: Categories) -> Iterator[Line]:
    by = spell_expression(theme.expression) if theme.expression is not None else ", ".join(theme.fields)
    kind = "stay" if theme.default is not None else "read anew from each result"
    yield 0, f"unique values of {by}; classes {kind}"
    heading = ""
    for category in theme.classes:
        if category.heading and category.heading != heading:
            heading = category.heading
            yield 1, f"— {heading} —"
        values = " | ".join(", ".join(spell_value(v) for v in combination) for combination in category.values)
        label = f"{category.label} ({values})" if category.label and category.label != values else values
        yield 1, f"{label}: {describe_symbol(category.symbol)}"
    yield from _others(theme.default, theme.default_label)


def _breaks(theme: Breaks) -> Iterator[Line]:
    by = spell_expression(theme.expression) if theme.expression is not None else theme.field
    over = f" / {theme.normalization_field}" if theme.normalization_field else ""
    yield 0, f"class breaks of {by}{over}, {_method(theme.method)}"
    low = theme.minimum
    for step in theme.classes:
        label = f" “{step.label}”" if step.label else ""
        drawn = "no class" if step.is_gap else describe_symbol(step.symbol)
        yield 1, f"{spell(low)} – {spell(step.upper)}{label}: {drawn}"
        low = step.upper
    if theme.excluded is not None:
        yield 1, f"without those where {spell_expression(theme.excluded)}"
    yield from _others(theme.default, theme.default_label)


def _method(method: Method) -> str:
    words = method.value.replace("_", " ")
    return f"{words}; classes stay" if method is Method.MANUAL else f"{words}; made anew from each result"


def _proportional(theme: Proportional) -> Iterator[Line]:
    stops = theme.size.stops
    sizes = ", ".join(f"{spell(value)} ×{factor:.3g}" for value, factor in stops) if stops else "made from each result"
    yield 0, f"size by {spell_expression(theme.size.value)}: {sizes}"
    yield 1, describe_symbol(theme.symbol)
    if theme.under is not None:
        yield 1, f"over {describe_symbol(theme.under)}"


def _rules(theme: Rules) -> Iterator[Line]:
    yield 0, f"{len(theme.rules)} rules, a feature is drawn by each it passes"
    for rule in theme.rules:
        test = "otherwise" if rule.is_else else f"where {spell_expression(rule.filter)}" if rule.filter is not None else "all"
        scales = _scales(rule.min_scale_denominator, rule.max_scale_denominator)
        told = ", ".join(part for part in (f"“{rule.label}”" if rule.label else "", test, scales) if part)
        yield 1, f"{told}: {describe_symbol(rule.symbol)}"


def _dots(theme: DotDensity) -> Iterator[Line]:
    yield 0, f"dot density, a dot for every {spell(theme.dot_value)}"
    for dots in theme.dots:
        yield 1, f"{dots.label or spell_expression(dots.value)}: {describe_symbol(dots.symbol)}"


def _raster(theme: Theme) -> Iterator[Line]:
    match theme:
        case Stretch():
            yield 0, f"band {theme.band} stretched, {_recipe(theme.recipe)}"
            yield 1, describe_ramp(theme.ramp)
        case Classified():
            yield 0, f"band {theme.band} in classes, {_method(theme.method)}"
            low = -math.inf if theme.minimum is None else theme.minimum
            for step in theme.classes:
                label = f" “{step.label}”" if step.label else ""
                yield 1, f"{spell(low)} – {spell(step.upper)}{label}: {spell_color(step.color)}"
                low = step.upper
            for low, high in theme.excluded:
                color = spell_color(theme.excluded_color) if theme.excluded_color else "not drawn"
                yield 1, f"excluded {spell(low)} – {spell(high)}: {color}"
        case UniqueRaster():
            kind = "stay" if theme.default is not None else "read anew from each result"
            yield 0, f"single values of {theme.field}, band {theme.band}; classes {kind}"
            for item in theme.classes:
                values = ", ".join(item.texts or tuple(spell_value(v) for v in item.values))
                yield 1, f"{item.label or values} ({values}): {spell_color(item.color)}"
            if theme.default is not None:
                color = spell_color(theme.default) if theme.default.a else "not drawn"
                yield 1, f"{theme.default_label or ALL_OTHERS}: {color}"
        case Colormap():
            yield 0, f"colour table of {len(theme.entries)} values" if theme.entries else "the dataset's own colour table"
        case RGB():
            names = f"cyan, magenta and yellow, band {theme.black_band} as black" if theme.black_band else "red, green and blue"
            yield 0, f"bands {', '.join(map(str, theme.bands))} as {names}, {_recipe(theme.recipes[0])}"
        case ShadedRelief():
            sides = "many sides" if theme.is_multidirectional else f"{theme.azimuth_deg:g}°, {theme.altitude_deg:g}° high"
            yield 0, f"relief lit from {sides}, heights ×{theme.z_factor:g}"
            if theme.ramp is not None:
                yield 1, describe_ramp(theme.ramp)


def _recipe(recipe: StretchRecipe) -> str:
    limits = (
        "limits from each view, or from each result"
        if recipe.source is StatisticsSource.VIEW
        else _limits(recipe.limits or recipe.template_limits)
    )
    parts = [recipe.kind.value.replace("_", " "), limits]
    parts += [f"gamma {recipe.gamma:g}"] if recipe.gamma != 1 else []
    parts += ["inverted"] if recipe.invert else []
    return ", ".join(parts)


def _limits(limits: tuple[float, float] | None) -> str:
    return f"from {spell(limits[0])} to {spell(limits[1])}" if limits else "limits from each result"


def _scales(farthest: float | None, nearest: float | None) -> str:
    parts = [f"from 1:{farthest:,.0f}"] if farthest else []
    parts += [f"to 1:{nearest:,.0f}"] if nearest else []
    return " ".join(parts)


def _label(label: LabelClass) -> Iterator[Line]:
    scales = _scales(label.min_scale_denominator, label.max_scale_denominator)
    test = f"where {spell_expression(label.filter)}" if label.filter is not None else ""
    look = f"{label.symbol.family} {label.symbol.size_pt:g} pt {spell_color(label.symbol.color)}"
    told = ", ".join(part for part in (spell_expression(label.text), look, test, scales) if part)
    yield 0, f"{_titled('labels', label.name)}: {told}"


# --- symbols -----------------------------------------------------------------------------------------------------------


def describe_symbol(symbol: Symbol) -> str:
    """A symbol's layers, bottom first."""
    said = " + ".join(_layer(layer) for layer in symbol.layers) or "nothing"
    return f"{said} ({len(symbol.alternates)} alternates by scale)" if symbol.alternates else said


def _layer(layer: SymbolLayer) -> str:
    level = f" (level {layer.level})" if layer.level else ""
    match layer:
        case Fill():
            return f"fill {spell_color(layer.color)}{level}"
        case Stroke():
            dashes = f" dashed {' '.join(f'{d:g}' for d in layer.dash_pt)}" if layer.dash_pt else ""
            return f"line {spell_color(layer.color)} {layer.width_pt:g} pt{dashes}{level}"
        case Hatch():
            return f"hatching {spell_color(layer.stroke.color)} at {layer.angle_deg:g}° every {layer.separation_pt:g} pt{level}"
        case Marker():
            inside = spell_color(layer.fill) if layer.fill else "open"
            outline = f", outline {spell_color(layer.stroke.color)} {layer.stroke.width_pt:g} pt" if layer.stroke else ""
            return f"marker {layer.size_pt:g} pt {inside}{outline}{level}"
        case PictureMarker() | PictureFill():
            return f"picture {layer.width_pt:g} × {layer.height_pt:g} pt ({layer.media_type}, {len(layer.content):,} bytes){level}"
        case GradientFill():
            return f"{layer.method} gradient {describe_ramp(layer.ramp)}{level}"
    return type(layer).__name__


def spell_color(color: Color) -> str:
    """``#rrggbb``, and how opaque it is where it is not wholly."""
    share = "" if color.a == 255 else f"/{color.a / 255:.0%}"
    return f"#{color.r:02x}{color.g:02x}{color.b:02x}{share}"


def describe_ramp(ramp: Ramp) -> str:
    """The ramp's ends and middle."""
    stops = ramp.stops
    shown = (stops[0], stops[len(stops) // 2], stops[-1]) if len(stops) > 2 else stops
    return "ramp " + " → ".join(spell_color(color) for _, color in shown)


# --- expressions -------------------------------------------------------------------------------------------------------


def spell_expression(node: Expression | Operand) -> str:
    """An expression for people, in the manner of SQL."""
    match node:
        case Literal(str() as text):
            return f"'{text}'"
        case Literal(value):
            return spell_value(value)
        case Column(name):
            return name
        case Comparison(operator, left, right) | Arithmetic(operator, left, right):
            return f"{_inner(left)} {operator} {_inner(right)}"
        case And(terms):
            return " AND ".join(_inner(term) for term in terms)
        case Or(terms):
            return " OR ".join(_inner(term) for term in terms)
        case Not(term):
            return f"NOT {_inner(term)}"
        case IsNull():
            return f"{_inner(node.column)} IS NULL"
        case Like():
            return f"{_inner(node.column)} LIKE '{node.pattern}'"
        case Concat(parts):
            return " & ".join(_inner(part) for part in parts)
        case Call(function, arguments):
            return f"{function}({', '.join(spell_expression(argument) for argument in arguments)})"
        case Case(branches, otherwise):
            told = " ".join(f"WHEN {spell_expression(test)} THEN {spell_expression(value)}" for test, value in branches)
            return f"CASE {told} ELSE {spell_expression(otherwise)} END"


def _inner(node: Expression | Operand) -> str:
    text = spell_expression(node)
    return f"({text})" if isinstance(node, And | Or | Arithmetic | Comparison | Concat) else text
