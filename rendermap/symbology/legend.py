"""Style -> legend entries: what each swatch shows and what stands beside it."""

from __future__ import annotations

from dataclasses import replace

from rendermap.symbology import ramps
from rendermap.symbology.category_fit import ALL_OTHERS
from rendermap.symbology.legend_amounts import dot_items, size_items
from rendermap.symbology.legend_item import ColorPatch, EnginePatch, LegendItem, RampPatch, SymbolPatch
from rendermap.symbology.legend_steps import MOST_LINES, coarsened, step_items
from rendermap.symbology.numbers import spell_all, spell_ranges, spell_value
from rendermap.symbology.quantised import relief_steps
from rendermap.symbology.stretch_curve import MIDDLE, LegendRamp, is_flat, is_rising
from rendermap.symbology.stretch_labels import without_numbers
from rendermap.symbology.style import (
    RGB,
    Breaks,
    Categories,
    Classified,
    Colormap,
    DotDensity,
    Engine,
    Graded,
    HeatMap,
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
from rendermap.symbology.symbols import Color, Ramp, Symbol

_SLICES = 5
_LONGEST_PALETTE = 40
_OF_VIEW = ("High", "", "", "", "Low")
_LIGHTS = (("Red", Color(255, 0, 0)), ("Green", Color(0, 200, 0)), ("Blue", Color(0, 0, 255)))
_INKS = (("Cyan", Color(0, 174, 239)), ("Magenta", Color(236, 0, 140)), ("Yellow", Color(255, 242, 0)))
_BLACK = ("Black", Color(0, 0, 0))
EXCLUDED = "Excluded"


def legend_items(style: Style) -> tuple[LegendItem, ...]:
    """The legend of a resolved style, top line first; classes that draw nothing have no line."""
    match style.theme:
        case Single() as theme:
            return (LegendItem(theme.label, SymbolPatch(theme.symbol)),)
        case Categories() as theme:
            return _categories(theme)
        case Breaks() as theme:
            return _breaks(theme)
        case Graded() as theme:
            graded = _stretch(theme.ramp, StretchRecipe(limits=theme.limits), theme.labels, theme.heading, style.colors)
            return (*graded, *_default(theme.default, theme.default_label, theme.heading))
        case Proportional() as theme:
            return size_items(theme)
        case Rules() as theme:
            return tuple(
                LegendItem(rule.label, SymbolPatch(rule.symbol), rule.heading or _common_heading(theme))
                for rule in theme.rules
                if rule.symbol.layers
            )
        case HeatMap() as theme:
            return _stretch(theme.ramp, StretchRecipe(limits=(0.0, 1.0)), (theme.labels[0], "", "", "", theme.labels[1]), theme.heading)
        case DotDensity() as theme:
            return dot_items(theme)
        case Engine() as theme:
            return tuple(LegendItem(label, EnginePatch(rule), theme.heading) for label, rule in theme.entries)
        case Stretch(relief=ShadedRelief()) as theme if _is_gray(theme.ramp):
            # Light and shade are grey as well, so no grey of the picture stands for a value.
            return (LegendItem("", RampPatch(theme.ramp, 0.0, 1.0), theme.heading),)
        case Stretch() as theme:
            steps = relief_steps(style.colors)[0] if style.colors and theme.relief else style.colors
            return _stretch(theme.ramp, theme.recipe, theme.labels, theme.heading, steps)
        case Classified() as theme:
            return _classified(theme)
        case UniqueRaster() as theme:
            return _unique_raster(theme)
        case Colormap() as theme:
            return _colormap(theme)
        case RGB() as theme:
            return _bands(theme)
        case ShadedRelief() as theme:
            return _relief(theme, style.colors)


def heading_of(style: Style) -> str:
    """What the layer is classified by, for people; empty where there is nothing to say, or where its groups say it."""
    heading = getattr(style.theme, "heading", "")
    return heading if isinstance(heading, str) and heading not in _groups_of(style.theme) else ""


def _groups_of(theme: Theme) -> set[str]:
    """The headings that classes have of their own."""
    classes = theme.classes if isinstance(theme, Categories | UniqueRaster) else theme.rules if isinstance(theme, Rules) else ()
    return {item.heading for item in classes if item.heading}


def _common_heading(theme: Categories | UniqueRaster | Rules) -> str:
    """The heading of what is in no group: beside groups it would read as one more."""
    return "" if _groups_of(theme) else theme.heading


def _categories(theme: Categories) -> tuple[LegendItem, ...]:
    common = _common_heading(theme)
    items = [
        LegendItem(
            category.label or ", ".join(spell_value(v) for v in category.values[0]) if category.values else category.label,
            SymbolPatch(category.symbol),
            category.heading or common,
            tuple(",".join(spell_value(v) for v in combination) for combination in category.values),
        )
        for category in theme.classes
        if category.symbol.layers
    ]
    return (*items, *_default(theme.default, theme.default_label, common))


def _default(symbol: Symbol | None, label: str, heading: str) -> tuple[LegendItem, ...]:
    if symbol is None or not symbol.layers:
        return ()
    return (LegendItem(_plain_others(label), SymbolPatch(symbol), heading),)


def _plain_others(label: str) -> str:
    return ALL_OTHERS if label in ("", "<all other values>") else label


def _breaks(theme: Breaks) -> tuple[LegendItem, ...]:
    uppers = [b.upper for b in theme.classes]
    labels = spell_ranges(theme.minimum, uppers)
    values = spell_all(uppers)
    items = [
        LegendItem(b.label or label, SymbolPatch(b.symbol), theme.heading, (value,))
        for b, label, value in zip(theme.classes, labels, values, strict=True)
        if b.symbol.layers and not b.is_gap
    ]
    return (*_ordered(items, theme.is_descending), *_default(theme.default, theme.default_label, theme.heading))


def _ordered(items: list[LegendItem], is_descending: bool) -> list[LegendItem]:
    return items[::-1] if is_descending else items


def _classified(theme: Classified) -> tuple[LegendItem, ...]:
    uppers = [c.upper for c in theme.classes]
    labels = spell_ranges(theme.minimum, uppers)
    items = [
        LegendItem(c.label or label, ColorPatch(c.color), theme.heading, (value,))
        for c, label, value in zip(theme.classes, labels, spell_all(uppers), strict=True)
        if c.color.a
    ]
    items = _ordered(items, theme.is_descending)
    if theme.excluded and theme.excluded_color is not None and theme.excluded_color.a:
        items.append(LegendItem(theme.excluded_label or EXCLUDED, ColorPatch(theme.excluded_color), theme.heading))
    return tuple(items)


def _unique_raster(theme: UniqueRaster) -> tuple[LegendItem, ...]:
    common = _common_heading(theme)
    items = [
        LegendItem(
            c.label or ", ".join(spell_value(v) for v in c.values),
            ColorPatch(c.color),
            c.heading or common,
            tuple(spell_value(v) for v in c.values),
        )
        for c in theme.classes
        if c.color.a
    ]
    if theme.default is not None and theme.default.a:
        items.append(LegendItem(_plain_others(theme.default_label), ColorPatch(theme.default), common))
    return tuple(items)


def _colormap(theme: Colormap) -> tuple[LegendItem, ...]:
    """A line per colour; palettes too long for that, and without names, as a ramp."""
    entries = [entry for entry in _without_filling(theme.entries) if entry[1].a]
    is_named = any(label and label != str(value) for value, _, label in entries)
    if len(entries) > _LONGEST_PALETTE and not is_named:
        ramp = ramps.of_colors(color for _, color, _ in entries)
        return _stretch(ramp, StretchRecipe(limits=(entries[0][0], entries[-1][0])), (), theme.heading)
    return tuple(LegendItem(label or str(value), ColorPatch(color), theme.heading, (str(value),)) for value, color, label in entries)


def _without_filling(entries: tuple[tuple[int, Color, str], ...]) -> tuple[tuple[int, Color, str], ...]:
    """A palette without the black rows that bring it up to 256 after its last true colour."""
    rows = list(entries)
    while len(rows) > 1 and rows[-1][1][:3] == rows[-2][1][:3] == (0, 0, 0):
        rows.pop()
    return tuple(rows[:-1] if 1 < len(rows) < len(entries) else rows)


def _bands(theme: RGB) -> tuple[LegendItem, ...]:
    named = (
        (*zip(theme.bands, _INKS, strict=True), (theme.black_band, _BLACK)) if theme.black_band else zip(theme.bands, _LIGHTS, strict=True)
    )
    return tuple(LegendItem(f"{name}: Band {band}", ColorPatch(color)) for band, (name, color) in named if band)


def _relief(theme: ShadedRelief, colors: int) -> tuple[LegendItem, ...]:
    if theme.ramp is None or theme.recipe is None:
        return (LegendItem("", RampPatch(theme.ramp or ramps.GRAYS, 0.0, 1.0), theme.heading),)
    return _stretch(theme.ramp, theme.recipe, (), theme.heading, relief_steps(colors)[0] if colors else 0)


def _is_gray(ramp: Ramp) -> bool:
    return all(color.r == color.g == color.b for _, color in ramp.stops)


def _stretch(ramp: Ramp, recipe: StretchRecipe, given: tuple[str, ...], heading: str, steps: int = 0) -> tuple[LegendItem, ...]:
    """The ramp in slices, highest first: the highest value beside the first, the middle one beside the middle, the lowest last.

    steps: how many the ramp has, 0 for a continuous one; a few have a line each.
    """
    limits = recipe.limits or recipe.template_limits
    if recipe.source is StatisticsSource.VIEW and recipe.limits is None:
        return _slices(LegendRamp.of(ramp, replace(recipe, limits=None, template_limits=None, curve=())), _named(given, _OF_VIEW), heading)
    if limits is None:
        return (LegendItem("", RampPatch(ramp, 0.0, 1.0), heading),)
    if is_flat(*limits):
        return (LegendItem(spell_value(limits[0]), ColorPatch(ramps.color_at(ramp, MIDDLE)), heading),)
    shown = LegendRamp.of(ramp, recipe)
    if steps and without_numbers(given) != given:
        # numbers that the author's program wrote, more finely than the steps
        given = ()
    if 0 < steps <= MOST_LINES and is_rising(recipe) and not given:
        return step_items(shown, steps, heading)
    values = [shown.value_at(share) for share in (1.0, 0.7, 0.5, 0.3, 0.0)]
    texts = spell_all(coarsened(values, shown, steps) if steps else values)
    if not recipe.curve and recipe.gamma == 1.0:
        # Between its ends a straight stretch says nothing that the middle does not.
        texts = (texts[0], "", texts[2], "", texts[4])
    return _slices(shown, _named(given, texts), heading)


def _named(given: tuple[str, ...], texts: tuple[str, ...]) -> tuple[str, ...]:
    """The template's own labels, from high to low, where it has as many as the ramp has ends, thirds or slices."""
    if len(given) == _SLICES:
        return given
    if len(given) == 3:
        return (given[0], "", given[1], "", given[2])
    return (given[0], *texts[1:-1], given[1]) if len(given) == 2 else texts


def _slices(shown: LegendRamp, labels: tuple[str, ...], heading: str) -> tuple[LegendItem, ...]:
    return tuple(
        LegendItem(label, RampPatch(shown.ramp, shown.place_at(1 - (i + 1) / _SLICES), shown.place_at(1 - i / _SLICES)), heading)
        for i, label in enumerate(labels)
    )
