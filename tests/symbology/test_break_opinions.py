"""Class limits against those that mapclassify makes of the same numbers."""

from __future__ import annotations

import mapclassify
import numpy as np
import pytest

from rendermap.symbology.breaks import make_limits
from rendermap.symbology.facts import Measures
from rendermap.symbology.style import Method

CHOOSER = np.random.default_rng(5)
SETS = {
    "even": CHOOSER.uniform(0, 100, 300),
    "skewed": CHOOSER.lognormal(2, 1, 300),
    "two heaps": np.concatenate([CHOOSER.normal(10, 1, 120), CHOOSER.normal(40, 4, 180)]),
    "whole": CHOOSER.integers(1, 30, 300).astype(float),
}
DATA = pytest.mark.parametrize("values", SETS.values(), ids=SETS.keys())
COUNTS = pytest.mark.parametrize("count", [2, 4, 7])


def limits(method: Method, count: int, values: np.ndarray, interval: float | None = None) -> list[float]:  # type: ignore[type-arg]
    percentiles = tuple(float(v) for v in np.percentile(values, np.linspace(0, 100, 201)))
    low, high, middle, deviation = (float(v) for v in (values.min(), values.max(), values.mean(), values.std()))
    taken = Measures(len(values), low, high, middle, deviation, percentiles=percentiles, sample=tuple(values.tolist()), exact=True)
    return list(make_limits(method, count, taken, interval))


def within_squares(values: np.ndarray, uppers: list[float]) -> float:  # type: ignore[type-arg]
    """How far numbers are from the means of their classes, squared and summed."""
    owner = np.searchsorted(uppers, values)
    return float(sum(((values[owner == c] - values[owner == c].mean()) ** 2).sum() for c in np.unique(owner)))


@DATA
@COUNTS
def test_equal_intervals(values: np.ndarray, count: int) -> None:  # type: ignore[type-arg]
    """Classes of one width."""
    assert limits(Method.EQUAL_INTERVAL, count, values) == pytest.approx(mapclassify.EqualInterval(values, k=count).bins.tolist())


@DATA
@COUNTS
def test_quantiles(values: np.ndarray, count: int) -> None:  # type: ignore[type-arg]
    """As many features in each class as the numbers allow; a limit is a number that is there, theirs may lie between two."""
    ours, theirs = limits(Method.QUANTILE, count, values), mapclassify.Quantiles(values, k=count).bins
    assert set(ours) <= set(values.tolist())
    order = np.sort(values)
    for mine, other in zip(ours, theirs, strict=True):
        assert abs(int(np.searchsorted(order, mine, "left")) - int(np.searchsorted(order, other, "left"))) <= 1


@DATA
@COUNTS
def test_natural_breaks(values: np.ndarray, count: int) -> None:  # type: ignore[type-arg]
    """Fisher's and Jenks's optimum: no classes of as many have a smaller sum of squares, and theirs has the same."""
    ours, theirs = limits(Method.NATURAL_BREAKS, count, values), mapclassify.FisherJenks(values, k=count).bins.tolist()
    assert within_squares(values, ours) == pytest.approx(within_squares(values, theirs), rel=1e-9)


@DATA
@COUNTS
def test_geometric_intervals(values: np.ndarray, count: int) -> None:  # type: ignore[type-arg]
    """Widths grow by one factor, so the logarithms of the limits are of one width."""
    if values.min() <= 0:
        pytest.skip("shifted first, which the other does not")
    theirs = np.exp(mapclassify.EqualInterval(np.log(values), k=count).bins)
    assert limits(Method.GEOMETRIC_INTERVAL, count, values) == pytest.approx(theirs.tolist())


@DATA
def test_standard_deviations(values: np.ndarray) -> None:  # type: ignore[type-arg]
    """One deviation wide about the mean, where the numbers reach."""
    ours = limits(Method.STANDARD_DEVIATION, 6, values)
    theirs = mapclassify.StdMean(values, multiples=[-2, -1, 0, 1, 2]).bins.tolist()
    inner = [v for v in theirs if values.min() < v < values.max()]
    # theirs divides by n - 1
    assert ours[:-1] == pytest.approx(inner, rel=0.01, abs=0.01 * values.std()) and ours[-1] == values.max()


@DATA
def test_defined_intervals(values: np.ndarray) -> None:  # type: ignore[type-arg]
    """Limits are whole multiples of the interval, and all numbers are in a class."""
    ours = limits(Method.DEFINED_INTERVAL, 5, values, 5.0)
    theirs = mapclassify.UserDefined(values, ours)
    assert ours[0] % 5 == pytest.approx(0) and ours[-1] >= values.max() and theirs.counts.sum() == len(values)
