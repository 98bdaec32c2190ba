"""Numbers taken from a dataset, for classes and stretches made from the result: range, distribution and distinct values."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendermap.dispatch.plan import MeasurePlan
from rendermap.render.cell_counts import MOST_CELLS, can_count, count_cells, measures_of_counts
from rendermap.render.field_values import combinations_of, values_of
from rendermap.render.gdb_raster import probe_values
from rendermap.render.raster_patch import Request
from rendermap.render.warm_rasters import warm_rasters
from rendermap.symbology.facts import Measures, RasterFacts

_PERCENTS = np.linspace(0, 100, 201)
_SAMPLE = 5000
_SORTED_UP_TO = 1 << 20
_READ_WHOLE_UP_TO_CELLS = 1 << 24
_SAMPLED_CELLS = 1 << 20
_COUNTED_RANGE = 1 << 20

Values = NDArray[Any]
Value = str | float | int | bool | None
Distinct = tuple[tuple[Value, int], ...]


def measure(plan: MeasurePlan) -> Measures:
    """The measures of one field or one band, nulls and cells without data left out.

    Large rasters are measured by a regular sample of their cells, which `exact` tells; cells of one or two bytes are counted
    all the same, but for huge rasters.
    Raises SourceUnreadable when there is no such field, StyleInvalid when there is no such band.
    """
    facts = plan.layer.facts
    if not isinstance(facts, RasterFacts):
        return _measure_features(plan)
    if plan.layer.reader == "gdal":
        return _measure_by_probes(plan, facts)
    if _is_counted(facts, plan.band):
        return measures_of_counts(count_cells(warm_rasters().get(plan.layer), plan.band), plan.distinct_limit)
    values, exact = _band_values(plan, facts)
    found = measures_of(values, plan.distinct_limit, exact)
    told = None if exact else warm_rasters().get(plan.layer).told_range(plan.band)
    # A sample misses the extremes; believe the dataset's own count of them where the sample does not contradict it.
    if told is None or found.minimum is None or found.maximum is None or told[0] > found.minimum or told[1] < found.maximum:
        return found
    return replace(found, minimum=told[0], maximum=told[1], percentiles=(told[0], *found.percentiles[1:-1], told[1]))


def _is_counted(facts: RasterFacts, band: int) -> bool:
    """True for what is too large to be held whole and yet can be counted."""
    cells = facts.width * facts.height
    return _READ_WHOLE_UP_TO_CELLS < cells <= MOST_CELLS and 1 <= band <= len(facts.bands) and can_count(facts.bands[band - 1].dtype)


def _band_values(plan: MeasurePlan, facts: RasterFacts) -> tuple[Values, bool]:
    cells = facts.width * facts.height
    exact = cells <= _READ_WHOLE_UP_TO_CELLS
    scale = 1.0 if exact else math.sqrt(cells / _SAMPLED_CELLS)
    patch = warm_rasters().get(plan.layer).read(Request((plan.band,), (0, 0, facts.width, facts.height), scale, False))
    if patch is None:
        return np.empty(0), exact
    return patch.cells[0].ravel() if patch.valid is None else patch.cells[0][patch.valid], exact


def _measure_by_probes(plan: MeasurePlan, facts: RasterFacts) -> Measures:
    """A geodatabase's raster gives its cells one by one; its attribute table, where there is one, counts them all."""
    counted = _counted_values(facts)
    if counted is not None:
        return measures_of(counted, plan.distinct_limit, True)
    values, exact = probe_values(plan.layer, plan.band)
    return measures_of(values.astype(facts.bands[plan.band - 1].dtype), plan.distinct_limit, exact)


def _counted_values(facts: RasterFacts) -> Values | None:
    table = {name.lower(): column for name, column in facts.attribute_table}
    pairs = list(zip(table.get("value", ()), table.get("count", ()), strict=False))
    if not pairs or not all(isinstance(value, int | float) and isinstance(count, int | float) for value, count in pairs):
        return None
    values, counts = np.asarray(pairs, np.float64).T
    if np.array_equal(values, np.rint(values)):
        values = values.astype(np.int64)
    share = max(1.0, float(counts.sum()) / _READ_WHOLE_UP_TO_CELLS)
    return np.repeat(values, np.maximum(1, counts / share).astype(np.int64))


def _measure_features(plan: MeasurePlan) -> Measures:
    if plan.fields:
        counted = combinations_of(plan)
        is_whole = len(counted) <= plan.distinct_limit
        listed = tuple(sorted(counted.items(), key=_in_order)) if is_whole else ()
        return Measures(counted.total(), combinations=listed, distinct_is_whole=is_whole, exact=True)
    values, nulls = values_of(plan)
    return replace(measures_of(values, plan.distinct_limit, True), nulls=nulls)


def _in_order(counted: tuple[tuple[Value, ...], int]) -> tuple[tuple[bool, bool, float, str], ...]:
    """Numbers before texts, nulls last."""
    return tuple(
        (value is None, isinstance(value, str), float(value) if isinstance(value, int | float) else 0.0, str(value)) for value in counted[0]
    )


def measures_of(values: Values, limit: int, exact: bool) -> Measures:
    """The measures of values.  limit: most distinct values that are listed.  exact: these are all values, not a sample."""
    if values.dtype.kind == "O" or values.dtype.kind == "U":
        return _measures_of_text(values, limit, exact)
    values = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    if not len(values):
        return Measures(0, distinct_is_whole=True, exact=exact)
    distinct = _distinct(values, limit)
    some = np.sort(_spread(values, _SORTED_UP_TO))
    some[0], some[-1] = values.min(), values.max()
    with np.errstate(over="ignore", invalid="ignore"):
        mean, deviation = values.mean(dtype=np.float64), values.std(dtype=np.float64)
        between = np.percentile(some, _PERCENTS)
    # half way between the ends of what doubles hold there is no number
    percentiles = np.where(np.isfinite(between), between, np.percentile(some, _PERCENTS, method="nearest"))
    return Measures(
        count=len(values),
        minimum=float(values.min()),
        maximum=float(values.max()),
        mean=_if_finite(mean),
        deviation=_if_finite(deviation),
        distinct=distinct or (),
        distinct_is_whole=distinct is not None and exact,
        percentiles=tuple(float(value) for value in percentiles),
        sample=tuple(float(value) for value in _spread(values, _SAMPLE)),
        exact=exact,
    )


def _if_finite(value: np.floating[Any]) -> float | None:
    """None for what is beyond the numbers that doubles hold."""
    return float(value) if np.isfinite(value) else None


def _measures_of_text(values: Values, limit: int, exact: bool) -> Measures:
    counts = Counter(value if isinstance(value, str) else str(value) for value in values)
    whole = len(counts) <= limit
    return Measures(len(values), distinct=tuple(sorted(counts.items())) if whole else (), distinct_is_whole=whole and exact, exact=exact)


def _spread(values: Values, limit: int) -> Values:
    """At most limit values, taken evenly from first to last."""
    if len(values) <= limit:
        return values.copy()
    return np.asarray(values[np.linspace(0, len(values) - 1, limit).astype(np.intp)])


def _distinct(values: Values, limit: int) -> Distinct | None:
    """(value, count) pairs, ascending; None when there are more than limit."""
    if len(np.unique(_spread(values, _SAMPLE))) > limit:
        return None
    if values.dtype.kind == "b":
        values = values.astype(np.uint8)
    elif values.dtype.kind in "iu" and int(values.max()) - int(values.min()) < _COUNTED_RANGE:
        return _count_whole(values, limit)
    known, counts = np.unique(values, return_counts=True)
    return None if len(known) > limit else tuple(zip(known.tolist(), counts.tolist(), strict=True))


def _count_whole(values: Values, limit: int) -> Distinct | None:
    least = int(values.min())
    counts = np.bincount(values.astype(np.int64) - least)
    known = np.nonzero(counts)[0]
    return None if len(known) > limit else tuple(zip((known + least).tolist(), counts[known].tolist(), strict=True))
