"""Stretches: limits and curves of every type against numbers worked out here, and the legend's values as the inverse of painting."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rendermap.symbology import ramps
from rendermap.symbology.classify import fit
from rendermap.symbology.facts import Band, Measures, RasterFacts
from rendermap.symbology.legend import RampPatch, legend_items
from rendermap.symbology.measuring import Need
from rendermap.symbology.raster_fit import bound_to_dataset
from rendermap.symbology.stretch_curve import LegendRamp, places_of, value_at
from rendermap.symbology.stretch_limits import bell, bend, is_open, made_from, resolve
from rendermap.symbology.style import Classification, StatisticsSource, Stretch, StretchKind, StretchRecipe, Style

AUTO, AS_TEMPLATE, FROM_RESULT = Classification.AUTO, Classification.AS_TEMPLATE, Classification.FROM_RESULT
FLOAT, BYTE, SHORT = Band("float32"), Band("uint8"), Band("int16")
# Skewed on purpose: a uniform sample would not tell one curve from another.
VALUES = np.random.default_rng(3).gamma(2.0, 40.0, 20_000)


def measured(values: np.ndarray = VALUES) -> Measures:
    percentiles = np.percentile(values, np.linspace(0, 100, 201))
    return Measures(
        len(values),
        float(values.min()),
        float(values.max()),
        float(values.mean()),
        float(values.std()),
        percentiles=tuple(float(v) for v in percentiles),
    )


def places(recipe: StretchRecipe, values: np.ndarray) -> np.ndarray:
    assert recipe.limits
    return places_of(recipe, values, *recipe.limits)


def fitted(kind: StretchKind, band: Band = FLOAT, **more: object) -> StretchRecipe:
    return resolve(StretchRecipe(kind, **more), band, measured(), AUTO)  # type: ignore[arg-type]


SHARES = (VALUES - VALUES.min()) / (VALUES.max() - VALUES.min())
MEAN, DEVIATION = VALUES.mean(), VALUES.std()


def between(low: float, high: float) -> np.ndarray:
    return np.clip((VALUES - low) / (high - low), 0, 1)


def ranks() -> np.ndarray:
    return np.searchsorted(np.sort(VALUES), VALUES, side="right") / len(VALUES)


def matched(target: np.ndarray) -> np.ndarray:
    """Each value where the target's share of cells below is its own share."""
    below = np.concatenate([[0], np.cumsum(target) / target.sum()])
    return np.interp(ranks(), below, np.linspace(0, 1, len(below)))


def s_curve(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def around_mean() -> np.ndarray:
    rise = s_curve(1.5 * (VALUES - MEAN) / DEVIATION)
    ends = s_curve(1.5 * (np.asarray([VALUES.min(), VALUES.max()]) - MEAN) / DEVIATION)
    return (rise - ends[0]) / (ends[1] - ends[0])


@pytest.mark.parametrize(
    ("recipe", "expected", "tolerance"),
    [
        (StretchRecipe(StretchKind.NONE), SHARES, 1e-9),
        (StretchRecipe(StretchKind.MINIMUM_MAXIMUM), SHARES, 1e-9),
        (StretchRecipe(StretchKind.COUNT), SHARES, 1e-9),
        (StretchRecipe(StretchKind.CUSTOM, limits=(20.0, 90.0)), between(20, 90), 1e-9),
        (StretchRecipe(StretchKind.PERCENT_CLIP, percents=(2.0, 5.0)), between(*np.percentile(VALUES, [2, 95])), 1e-6),
        (StretchRecipe(StretchKind.DEFAULT_FROM_SOURCE), between(*np.percentile(VALUES, [0.5, 99.5])), 1e-6),
        (
            StretchRecipe(StretchKind.STANDARD_DEVIATIONS, deviations=1.5),
            between(max(VALUES.min(), MEAN - 1.5 * DEVIATION), MEAN + 1.5 * DEVIATION),
            1e-9,
        ),
        (StretchRecipe(StretchKind.SQUARE_ROOT), np.sqrt(SHARES), 0.003),
        (StretchRecipe(StretchKind.LOGARITHM), np.log1p(255 * SHARES) / np.log(256), 0.003),
        (StretchRecipe(StretchKind.SIGMOID, strength=4.0), s_curve(4 * (2 * SHARES - 1)), 0.003),
        (StretchRecipe(StretchKind.HISTOGRAM_EQUALIZE), ranks(), 0.01),
        (
            StretchRecipe(StretchKind.HISTOGRAM_SPECIFICATION, target=(1.0, 2.0, 3.0, 0.0, 4.0)),
            matched(np.asarray([1, 2, 3, 0, 4.0])),
            0.02,
        ),
        (StretchRecipe(StretchKind.HISTOGRAM_SPECIFICATION, target=bell()), matched(np.asarray(bell())), 0.02),
        (StretchRecipe(StretchKind.HISTOGRAM_SPECIFICATION), ranks(), 0.01),
        (StretchRecipe(StretchKind.ESRI), around_mean(), 0.003),
    ],
    ids=lambda item: item.kind.value if isinstance(item, StretchRecipe) else "",
)
def test_every_type_places_values_as_its_formula_says(recipe: StretchRecipe, expected: np.ndarray, tolerance: float) -> None:
    """Limits and curve made from the result put each value where the written formula does."""
    found = resolve(recipe, FLOAT, measured(), AUTO)
    # Curves are pieced together from two hundred percentiles, which round a jump off.
    assert np.quantile(np.abs(places(found, VALUES) - expected), 0.98) <= tolerance


def test_every_type_is_tried() -> None:
    """A new stretch type is met here: none may stay unfitted."""
    for kind in StretchKind:
        found = resolve(StretchRecipe(kind), FLOAT, measured(), AUTO)
        assert found.limits is not None and np.isfinite(places(found, VALUES)).all()


@pytest.mark.parametrize(
    ("kind", "band", "limits"),
    [
        (StretchKind.NONE, BYTE, (0.0, 255.0)),
        (StretchKind.NONE, SHORT, (-32768.0, 32767.0)),
        (StretchKind.NONE, Band("bool"), (0.0, 1.0)),
        (StretchKind.DEFAULT_FROM_SOURCE, BYTE, (0.0, 255.0)),
    ],
)
def test_no_stretch_is_the_range_of_the_samples(kind: StretchKind, band: Band, limits: tuple[float, float]) -> None:
    """Esri maps the possible values of the sample type to the ramp; nothing is measured for that."""
    assert not is_open(StretchRecipe(kind), band, AUTO)
    assert resolve(StretchRecipe(kind), band, None, AUTO).limits == limits


def test_template_numbers_bind_as_the_classification_says() -> None:
    """Custom limits stay but when classes are to come from the result; the dataset's statistics stay only when as in the template."""
    custom = StretchRecipe(StretchKind.SQUARE_ROOT, limits=(0.0, 4.0))
    assert resolve(custom, FLOAT, None, AUTO).limits == (0.0, 4.0)
    assert places(resolve(custom, FLOAT, None, AUTO), np.asarray([1.0])) == pytest.approx(0.5, abs=0.01)
    assert resolve(custom, FLOAT, measured(), FROM_RESULT).limits == (VALUES.min(), VALUES.max())
    curve = ((0.0, 0.0), (1.0, 0.9), (9.0, 1.0))
    told = StretchRecipe(StretchKind.HISTOGRAM_EQUALIZE, template_limits=(0.0, 9.0), template_curve=curve)
    assert resolve(told, FLOAT, measured(), AUTO).limits == (VALUES.min(), VALUES.max())
    assert resolve(told, FLOAT, None, AS_TEMPLATE).curve == told.template_curve


def test_statistics_of_the_view_wait_unless_bound_to_the_dataset() -> None:
    """A stretch by the view is measured for no result; bound to the dataset it is one like all others."""
    recipe = StretchRecipe(StretchKind.STANDARD_DEVIATIONS, source=StatisticsSource.VIEW, template_limits=(0.0, 1.0))
    assert not is_open(recipe, FLOAT, AUTO) and resolve(recipe, FLOAT, measured(), AS_TEMPLATE).limits is None
    style = bound_to_dataset(Style(Stretch(ramps.GRAYS, recipe)))
    assert isinstance(style.theme, Stretch) and is_open(style.theme.recipe, FLOAT, AUTO)
    labels = [item.label for item in legend_items(Style(Stretch(ramps.GRAYS, recipe)))]
    assert labels == ["High", "", "", "", "Low"]


def test_numbers_in_labels_are_those_of_the_result() -> None:
    """``High : 256`` was written for the template's data; words, and numbers of limits that stay, are left alone."""
    labels = ("High : 256", "", "Low : -1.5")
    facts = RasterFacts(10, 10, (FLOAT,), (1.0, 1.0))

    def fitted_labels(recipe: StretchRecipe, given: tuple[str, ...], *, by_view: bool = False) -> tuple[str, ...]:
        style = Style(Stretch(ramps.GRAYS, recipe, labels=given))
        found = fit(style, facts, {Need(None, 1): Measures(5, 2.0, 9.5)}, AUTO, by_view=by_view).theme
        assert isinstance(found, Stretch)
        return found.labels

    assert fitted_labels(StretchRecipe(), labels) == ("High : 9.5", "", "Low : 2")
    assert fitted_labels(StretchRecipe(), ("9", "1")) == ("9.5", "2")
    assert fitted_labels(StretchRecipe(), ("Class 2", "Class 1")) == ("Class 2", "Class 1")
    assert fitted_labels(StretchRecipe(StretchKind.CUSTOM, limits=(-1.5, 256.0)), labels) == labels
    assert fitted_labels(StretchRecipe(source=StatisticsSource.VIEW), labels, by_view=True) == ("High", "", "Low")


# --- the legend is the inverse of the painting ------------------------------------------------------------------------------

RISING = [kind for kind in StretchKind if kind is not StretchKind.CUSTOM]


@given(kind=st.sampled_from(RISING), gamma=st.sampled_from([0.5, 1.0, 2.2]), invert=st.booleans(), share=st.floats(0.0, 1.0))
@settings(max_examples=300, deadline=None)
def test_the_value_at_a_place_is_drawn_at_that_place(kind: StretchKind, gamma: float, invert: bool, share: float) -> None:
    """One function is the inverse of the other, whatever the curve, gamma and inversion."""
    recipe = fitted(kind, gamma=gamma, invert=invert)
    assert recipe.limits
    low, high = sorted(float(v) for v in places(recipe, np.asarray(recipe.limits)))
    place = low + (high - low) * share
    found = places(recipe, np.asarray([value_at(recipe, place)]))[0]
    assert found == pytest.approx(place, abs=2e-6)


@pytest.mark.parametrize("invert", [False, True])
@pytest.mark.parametrize("kind", [StretchKind.MINIMUM_MAXIMUM, StretchKind.LOGARITHM, StretchKind.SIGMOID, StretchKind.ESRI])
def test_legend_slices_have_the_colours_of_their_values(kind: StretchKind, invert: bool) -> None:
    """The colour at the top of the first slice, the middle of the middle one and the foot of the last is that of the label's value."""
    recipe = fitted(kind, invert=invert)
    items = legend_items(Style(Stretch(ramps.GRAYS, recipe)))
    shown = LegendRamp.of(ramps.GRAYS, recipe)
    for item, share in ((items[0], 1.0), (items[1], 0.7), (items[2], 0.5), (items[3], 0.3), (items[4], 0.0)):
        assert isinstance(item.patch, RampPatch)
        at = {1.0: item.patch.high, 0.0: item.patch.low}.get(share, (item.patch.low + item.patch.high) / 2)
        value = shown.value_at(share)
        painted = 255 * places(recipe, np.asarray([value]))[0]
        assert ramps.color_at(item.patch.ramp, at).r == pytest.approx(painted, abs=1.01)
        if item.label:
            assert float(item.label) == pytest.approx(value, rel=0.02, abs=0.02 * VALUES.max())
    assert bool(items[1].label) is (kind is not StretchKind.MINIMUM_MAXIMUM)


def test_a_line_that_falls_has_its_legend_by_values() -> None:
    """A stretch drawn by hand may go up and down: its legend shows the colours of values at equal steps."""
    recipe = StretchRecipe(StretchKind.CUSTOM, limits=(0.0, 100.0), curve=((0.0, 0.0), (50.0, 1.0), (100.0, 0.0)))
    items = legend_items(Style(Stretch(ramps.GRAYS, recipe)))
    assert [item.label for item in items] == ["100", "70", "50", "30", "0"] or [i.label for i in items] == ["100", "", "50", "", "0"]
    patch = items[2].patch
    assert isinstance(patch, RampPatch) and ramps.color_at(patch.ramp, 0.5).r == 255
    first = items[0].patch
    assert isinstance(first, RampPatch) and ramps.color_at(first.ramp, first.high).r == 0


def test_stretches_of_no_width_or_no_number_are_the_middle_of_the_ramp() -> None:
    """Constant data, and limits that are no numbers, draw one colour, which the legend shows."""
    for limits in ((4.0, 4.0), (math.nan, 1.0), (0.0, math.inf)):
        assert (places_of(StretchRecipe(), np.asarray([-1.0, 4.0, 9.0]), *limits) == 0.5).all()
    (item,) = legend_items(Style(Stretch(ramps.GRAYS, StretchRecipe(limits=(4.0, 4.0)))))
    assert item.label == "4"
    assert bend(StretchRecipe(StretchKind.LOGARITHM, limits=(4.0, 4.0))).curve == ()


def test_measures_of_one_value_or_none_make_no_curve() -> None:
    """Equalising what is all the same, or nothing at all, is not an error."""
    same = made_from(StretchRecipe(StretchKind.HISTOGRAM_EQUALIZE), measured(np.full(50, 7.0)))
    assert (same.limits, same.curve) == ((7.0, 7.0), ())
    assert resolve(StretchRecipe(StretchKind.ESRI), FLOAT, Measures(0), AUTO).limits == (0.0, 1.0)
