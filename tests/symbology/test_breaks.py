"""Class limits from measured numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rendermap.symbology.breaks import make_limits
from rendermap.symbology.facts import Measures
from rendermap.symbology.style import Method


def measures(values: list[float]) -> Measures:
    array = np.asarray(values, float)
    return Measures(len(values), float(array.min()), float(array.max()), float(array.mean()), float(array.std()), sample=tuple(values))


def test_equal_and_quantile() -> None:
    """Equal widths, and equal numbers of values."""
    found = measures([0.0, 1.0, 2.0, 3.0, 100.0, 101.0, 102.0, 120.0])
    assert make_limits(Method.EQUAL_INTERVAL, 4, found) == (30.0, 60.0, 90.0, 120.0)
    assert make_limits(Method.QUANTILE, 4, found) == (1.0, 3.0, 101.0, 120.0)


def test_natural_breaks_find_the_gaps() -> None:
    """Jenks's optimum puts the limits before the gaps."""
    values = [1.0, 2.0, 3.0, 50.0, 51.0, 52.0, 53.0, 200.0, 201.0]
    assert make_limits(Method.NATURAL_BREAKS, 3, measures(values)) == (3.0, 53.0, 201.0)
    many = [float(v) for v in np.concatenate([np.linspace(0, 10, 3000), np.linspace(50, 60, 3000)])]
    low, high = make_limits(Method.NATURAL_BREAKS, 2, measures(many))
    assert 9.0 < low < 50 and high == 60.0


def test_geometric_and_deviations_and_defined() -> None:
    """Growing widths; widths of a standard deviation about the mean; widths as given, from whole multiples."""
    assert make_limits(Method.GEOMETRIC_INTERVAL, 3, measures([1.0, 1000.0])) == pytest.approx((10.0, 100.0, 1000.0))
    limits = make_limits(Method.STANDARD_DEVIATION, 4, measures([float(v) for v in range(101)]))
    assert np.diff(limits[:-1]) == pytest.approx([np.std(range(101))] * 2)
    assert make_limits(Method.DEFINED_INTERVAL, 5, measures([3.0, 27.0]), 10.0) == (10.0, 20.0, 30.0)
    assert len(make_limits(Method.DEFINED_INTERVAL, 5, measures([0.0, 1e9]), 0.01)) <= 40


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(list(Method)),
    st.integers(1, 12),
    st.lists(st.floats(-1e6, 1e6, allow_nan=False, width=32), min_size=1, max_size=60),
)
def test_limits_hold_all_values(method: Method, count: int, values: list[float]) -> None:
    """Whatever the data, limits ascend and the last one holds the maximum."""
    limits = make_limits(method, count, measures(values), 1000.0)
    assert list(limits) == sorted(set(limits))
    assert limits[-1] >= max(values)
    if method is not Method.DEFINED_INTERVAL:
        assert len(limits) <= count


def test_nothing_measured() -> None:
    """No values, no classes."""
    assert make_limits(Method.QUANTILE, 5, Measures(0)) == ()
