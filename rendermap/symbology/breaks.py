"""Upper limits of classes, made from measured numbers by the methods of class breaks."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rendermap.symbology.facts import Measures
from rendermap.symbology.style import Method

Numbers = NDArray[np.float64]
_MOST_FOR_NATURAL = 400


def make_limits(method: Method, count: int, measures: Measures, interval: float | None = None) -> tuple[float, ...]:
    """At most count upper limits, ascending, the last being the maximum; fewer where values do not tell that many apart.

    interval: width of classes for the defined interval.  Empty when nothing was measured.
    """
    if measures.minimum is None or measures.maximum is None or not measures.count:
        return ()
    low, high = measures.minimum, measures.maximum
    if low == high:
        return (high,)
    values = _values(measures)
    match method:
        case Method.QUANTILE:
            limits = _quantiles(values, count)
        case Method.NATURAL_BREAKS | Method.MANUAL:
            limits = _natural(values, count)
        case Method.GEOMETRIC_INTERVAL:
            limits = _geometric(low, high, count)
        case Method.STANDARD_DEVIATION:
            limits = _deviations(low, high, measures, count)
        case Method.DEFINED_INTERVAL if interval:
            limits = _defined(low, high, interval, count)
        case _:
            limits = [low + (high - low) * (i + 1) / count for i in range(count)]
    return _ascending(limits, low, high)


def _values(measures: Measures) -> Numbers:
    numbers = measures.sample or measures.percentiles or (measures.minimum or 0.0, measures.maximum or 0.0)
    values = np.sort(np.asarray(numbers, dtype=np.float64))
    return values[np.isfinite(values)]


def _quantiles(values: Numbers, count: int) -> list[float]:
    return [float(np.quantile(values, (i + 1) / count, method="inverted_cdf")) for i in range(count)]


def _natural(values: Numbers, count: int) -> list[float]:
    """Fisher's exact optimum of Jenks's natural breaks, on at most a few hundred weighted values."""
    points, weights = np.unique(values, return_counts=True)
    if len(points) > _MOST_FOR_NATURAL:
        groups = np.array_split(np.arange(len(values)), _MOST_FOR_NATURAL)
        means = np.array([values[g].mean() for g in groups])
        tops = np.array([values[g[-1]] for g in groups])
        weights = np.array([len(g) for g in groups])
    else:
        means = tops = points
    count = min(count, len(means))
    ends = _optimal_ends(means, weights.astype(np.float64), count)
    return [float(tops[e]) for e in ends]


def _optimal_ends(values: Numbers, weights: Numbers, count: int) -> list[int]:
    """Index of the last value of each class that together have the least sum of squared deviations."""
    n = len(values)
    w = np.concatenate(([0.0], np.cumsum(weights)))
    s = np.concatenate(([0.0], np.cumsum(weights * values)))
    q = np.concatenate(([0.0], np.cumsum(weights * values * values)))
    starts = np.arange(n)[:, None]
    stops = np.arange(1, n + 1)[None, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        cost = (q[stops] - q[starts]) - (s[stops] - s[starts]) ** 2 / (w[stops] - w[starts])
    cost = np.where(stops > starts, cost, np.inf)
    best = cost[0]
    cuts = []
    for _ in range(1, count):
        # best[j] is the cost of values 0..j in the classes so far; the next class starts after i.
        total = best[:-1, None] + cost[1:, :]
        cut = np.argmin(total, axis=0)
        cuts.append(cut)
        best = total[cut, np.arange(n)]
    ends = [n - 1]
    for cut in reversed(cuts):
        ends.append(int(cut[ends[-1]]))
    return ends[::-1]


def _geometric(low: float, high: float, count: int) -> list[float]:
    """Class widths that grow by one factor; shifted where numbers are not all above zero."""
    shift = 0.0 if low > 0 else (high - low) / 100 - low
    factor = ((high + shift) / (low + shift)) ** (1 / count)
    return [(low + shift) * factor ** (i + 1) - shift for i in range(count)]


def _deviations(low: float, high: float, measures: Measures, count: int) -> list[float]:
    """One standard deviation wide, the mean in the middle of a class or between two as the count has it."""
    mean, width = measures.mean or 0.0, measures.deviation or 0.0
    if width <= 0:
        return [high]
    half = (count - 2) / 2
    limits = [mean + (i - half) * width for i in range(count - 1)]
    return [*(v for v in limits if low < v < high), high]


def _defined(low: float, high: float, interval: float, count: int) -> list[float]:
    start = math.floor(low / interval) * interval
    steps = math.ceil((high - start) / interval)
    # A result far wider than the template's must not get thousands of classes.
    interval *= max(math.ceil(steps / max(4 * count, 32)), 1)
    steps = max(math.ceil((high - start) / interval - 1e-9), 1)
    return [start + interval * (i + 1) for i in range(steps)]


def _ascending(limits: list[float], low: float, high: float) -> tuple[float, ...]:
    kept = [v for a, v in pairwise([-math.inf, *sorted(limits)]) if v > a and v >= low]
    if not kept:
        return (high,)
    kept[-1] = max(kept[-1], high)
    return tuple(kept)
