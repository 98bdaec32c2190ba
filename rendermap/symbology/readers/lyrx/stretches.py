"""CIM stretch properties -> stretch recipes.  Bands of a composite have the same properties, with the band's name at their end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rendermap.symbology import stretch_limits
from rendermap.symbology.document import Node
from rendermap.symbology.facts import Measures
from rendermap.symbology.style import StatisticsSource, StretchKind, StretchRecipe

_STRETCHES = {
    "None": StretchKind.NONE,
    "DefaultFromSource": StretchKind.DEFAULT_FROM_SOURCE,
    "Custom": StretchKind.CUSTOM,
    "StandardDeviations": StretchKind.STANDARD_DEVIATIONS,
    "StandardDeviation": StretchKind.STANDARD_DEVIATIONS,
    "HistogramEqualize": StretchKind.HISTOGRAM_EQUALIZE,
    "MinimumMaximum": StretchKind.MINIMUM_MAXIMUM,
    "HistogramSpecification": StretchKind.HISTOGRAM_SPECIFICATION,
    "PercentMinimumMaximum": StretchKind.PERCENT_CLIP,
    "Count": StretchKind.COUNT,
    "ESRI": StretchKind.ESRI,
    "SquareRoot": StretchKind.SQUARE_ROOT,
    "Logarithm": StretchKind.LOGARITHM,
}
# What the files name without a published formula, and what is drawn.
_UNPUBLISHED = {
    StretchKind.COUNT: "minimum and maximum are used",
    StretchKind.ESRI: "an S-shaped curve around the mean is used",
}
# Kinds that the numbers of the template alone can make, and those that need its histogram as well.
_BY_NUMBERS = (
    StretchKind.MINIMUM_MAXIMUM,
    StretchKind.STANDARD_DEVIATIONS,
    StretchKind.SQUARE_ROOT,
    StretchKind.LOGARITHM,
    StretchKind.COUNT,
    StretchKind.ESRI,
)
_BY_HISTOGRAM = (StretchKind.PERCENT_CLIP, StretchKind.HISTOGRAM_EQUALIZE, StretchKind.HISTOGRAM_SPECIFICATION)
_KEEPS_CURVE = (StretchKind.SQUARE_ROOT, StretchKind.LOGARITHM)
_DEVIATIONS = 2.0
_USUAL_PERCENT = 0.5
_PERCENTILES = 201
_LARGEST_OUTPUT = 255.0


def read_recipe(node: Node, name: str = "") -> StretchRecipe:
    """The stretch of a colorizer's band.  name: ``Red``, ``Cyan`` ... of a composite's band, empty for the only one.

    Raises StyleInvalid when values have wrong types.
    """
    kind = _kind(node)
    recipe = StretchRecipe(
        kind,
        percents=(_percent(node, "minPercent", kind), _percent(node, "maxPercent", kind)),
        deviations=node.number("standardDeviationsParam", node.number("standardDeviationParam", _DEVIATIONS)) or _DEVIATIONS,
        gamma=_gamma(node, name),
        invert=node.flag("invert"),
        target=_target(node, name, kind),
        center=_center(node, name),
    )
    drawn = (_by_hand(node, name) or _by_lookup(node, name)) if kind is StretchKind.CUSTOM else ()
    if drawn:
        return replace(recipe, limits=(drawn[0][0], drawn[-1][0]), curve=drawn)
    if node.flag("useCustomStretchMinMax"):
        return replace(recipe, kind=kind if kind in _KEEPS_CURVE else StretchKind.CUSTOM, limits=_custom(node, name))
    return _with_statistics(recipe, node, name)


def _kind(node: Node) -> StretchKind:
    name = node.text("stretchType", "None")
    kind = _STRETCHES.get(name)
    if kind is None:
        node.warn(f"the unknown stretch {name!r}", "minimum and maximum are used", "stretchType")
        return StretchKind.MINIMUM_MAXIMUM
    if kind in _UNPUBLISHED:
        node.warn(f"the stretch {name}, whose formula is not published", _UNPUBLISHED[kind], "stretchType")
    return kind


def _percent(node: Node, key: str, kind: StretchKind) -> float:
    """Zero is left out, but only where the stretch that uses it was written."""
    return min(max(node.number(key), 0.0), 49.9) if kind is StretchKind.PERCENT_CLIP else _USUAL_PERCENT


def _gamma(node: Node, name: str) -> float:
    if not node.flag("useGammaStretch"):
        return 1.0
    keys = (f"gamma{name[:1]}", f"gammaValue{name}", f"{name.lower()}Gamma") if name else ("gammaValue",)
    written = next((node.number(key) for key in keys if node.has(key)), 1.0)
    return min(max(written, 0.01), 100.0)


def _custom(node: Node, name: str) -> tuple[float, float]:
    low, high = node.number(f"customStretchMin{name}"), node.number(f"customStretchMax{name}")
    if low > high:
        node.warn("a minimum above the maximum", "they are exchanged", f"customStretchMin{name}")
    return min(low, high), max(low, high)


def _by_hand(node: Node, name: str) -> tuple[tuple[float, float], ...]:
    """The line somebody drew in the histogram, empty where nobody did."""
    edit = node.child(f"histogramEditInfo{name}")
    if edit is None:
        return ()
    if edit.text("editType", "Lines") != "Lines":
        edit.warn(f"a line of {edit.text('editType').lower()}", "its points are joined by straight lines", "editType")
    xs, ys = edit.numbers("breakPointsX"), edit.numbers("breakPointsY")
    points = dict(sorted(zip(xs, ys, strict=False)))
    if len(points) < 2:
        return ()
    top = _LARGEST_OUTPUT if max(points.values()) > 1 else 1.0
    return tuple((x, min(max(y / top, 0.0), 1.0)) for x, y in points.items())


def _by_lookup(node: Node, name: str) -> tuple[tuple[float, float], ...]:
    """The table of a custom stretch, of equal steps between its limits; empty where it changes nothing."""
    table = node.numbers(f"{name.lower()}Lookup" if name else "lookup")
    if len(table) < 2 or all(output == i for i, output in enumerate(table)):
        return ()
    low, high = _custom(node, name) if node.flag("useCustomStretchMinMax") else _range(node.child(f"stretchStats{name}"))
    if not high > low:
        return ()
    values = np.linspace(low, high, len(table))
    return tuple((float(v), min(max(output / _LARGEST_OUTPUT, 0.0), 1.0)) for v, output in zip(values, table, strict=True))


def _range(stats: Node | None) -> tuple[float, float]:
    """What a table is about where no limits are written: the template's data, else bytes."""
    return (stats.number("min"), stats.number("max")) if stats and stats.has("max") else (0.0, _LARGEST_OUTPUT)


def _target(node: Node, name: str, kind: StretchKind) -> tuple[float, ...]:
    if kind is not StretchKind.HISTOGRAM_SPECIFICATION:
        return ()
    histogram = node.child(f"specificationHistogram{name}")
    counts = histogram.numbers("histogram") if histogram else ()
    if not any(count > 0 for count in counts):
        node.warn("a histogram to be matched that is not written", "all shares are made equal", f"specificationHistogram{name}")
        return ()
    return counts


def _center(node: Node, name: str) -> float | None:
    """The middle of Esri's own stretch; zero and the lowest double stand for unset."""
    return node.number(f"eSRIStretchMean{name[:1]}") or None


def _with_statistics(recipe: StretchRecipe, node: Node, name: str) -> StretchRecipe:
    """The template's own statistics: binding for GlobalStats, else only where nothing is to be taken from the result."""
    key = "stretchStatsType" if name else "statsType"
    told = node.text(key, "Dataset")
    if told == "AreaOfView" and recipe.kind not in (StretchKind.NONE, StretchKind.CUSTOM):
        used = 'those of the dataset are used, so that colours stay the same, unless the tool layer has statistics = "view"'
        node.warn("statistics of the area in view", used, key)
        recipe = replace(recipe, source=StatisticsSource.VIEW)
    measures = _measures(node.child(f"stretchStats{name}"))
    if measures is None or recipe.kind not in (_BY_NUMBERS if not measures.percentiles else (*_BY_NUMBERS, *_BY_HISTOGRAM)):
        if told == "GlobalStats" and recipe.kind in (*_BY_NUMBERS, *_BY_HISTOGRAM):
            node.warn("global statistics that are not written", "those of the dataset are used", f"stretchStats{name}")
        return recipe
    made = stretch_limits.made_from(recipe, measures)
    if told == "GlobalStats":
        return replace(made, template_limits=made.limits, template_curve=made.curve, source=StatisticsSource.TEMPLATE)
    return replace(recipe, template_limits=made.limits, template_curve=made.curve)


def _measures(stats: Node | None) -> Measures | None:
    """Statistics as measured numbers; a histogram counts in equal steps between its limits, else from minimum to maximum."""
    if stats is None:
        return None
    low, high = stats.number("min"), stats.number("max")
    if not high > low:
        return None
    mean = stats.number("mean") if stats.has("mean") else None
    deviation = stats.number("stddev") if stats.has("stddev") else None
    first, last = stats.number("limitMin", low), stats.number("limitMax", high)
    edges = (first, last) if last > first and stats.has("limitMax") else (low, high)
    percentiles = tuple(min(max(v, low), high) for v in _percentiles(stats.numbers("histogram"), *edges))
    return Measures(1, low, high, mean, deviation, percentiles=percentiles)


def _percentiles(counts: tuple[float, ...], low: float, high: float) -> tuple[float, ...]:
    known = np.asarray([max(count, 0.0) for count in counts])
    if len(known) < 2 or not known.sum() > 0:
        return ()
    below = np.concatenate([[0.0], np.cumsum(known) / known.sum()])
    percentiles = stretch_limits.invert_shares(below, np.linspace(low, high, len(below)), np.linspace(0, 1, _PERCENTILES))
    return tuple(float(v) for v in percentiles)
