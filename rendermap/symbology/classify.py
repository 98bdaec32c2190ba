"""Fits a style template to the measured values of one result.

Under `Classification.AUTO` a template that names what happens to all other values, or whose limits were set by hand, stays as it
is; all others take their classes anew from each result, with the method, number of classes and colours of the template.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from rendermap.symbology.adjustment import settle
from rendermap.symbology.defaults import default_needs, default_style
from rendermap.symbology.facts import Facts, Measures, RasterFacts
from rendermap.symbology.feature_themes_on_cells import on_cells
from rendermap.symbology.field_names import respelled
from rendermap.symbology.lost_fields import without_lost_fields
from rendermap.symbology.measuring import Need
from rendermap.symbology.raster_fit import bound_to_dataset, fit_raster, fits_raster, raster_needs, raster_note
from rendermap.symbology.style import Classification, Style, Theme
from rendermap.symbology.text_numbers import are_numbers, in_numbers, text_needs
from rendermap.symbology.vector_fit import fit_vector, fits, vector_needs, vector_note

__all__ = ["Need", "fit", "needs"]

NOT_FITTING = "chosen from the data, for the layer file does not fit it"


def needs(style: Style, facts: Facts, classification: Classification, *, by_view: bool = False) -> tuple[Need, ...]:
    """What must be measured in the result before `fit`.  Raises StyleInvalid as `fit` does."""
    style = _met(style if by_view else bound_to_dataset(style), facts)
    if not _fits(style.theme, facts):
        return default_needs(facts)
    if isinstance(facts, RasterFacts):
        return raster_needs(style.theme, facts, classification)
    texts = text_needs(style.theme)
    instead = default_needs(facts) if texts else ()
    return tuple(dict.fromkeys((*vector_needs(style.theme, style.filter, facts, classification), *texts, *instead)))


def fit(style: Style, facts: Facts, measures: Mapping[Need, Measures], classification: Classification, *, by_view: bool = False) -> Style:
    """The style resolved for one result: nothing in it is left to be taken from the data.

    measures: of all `needs`.  A template of another kind of data, or of a field or band that is not there, gives way to the style chosen
    from the data; the result's ``source`` says so, and also what else was left out for want of a field.
    by_view: stretches that ask for it have the statistics of each view, and stay open.
    Raises StyleInvalid for a definition filter of a field that is not there.
    """
    style = _met(style if by_view else bound_to_dataset(style), facts)
    if not _fits(style.theme, facts) or not are_numbers(style.theme, measures):
        chosen = default_style(facts, measures, style.name)
        return settle(replace(style, theme=chosen.theme, source=NOT_FITTING))
    if isinstance(facts, RasterFacts):
        fitted = settle(replace(style, theme=fit_raster(style.theme, facts, measures, classification)))
        return _saying(raster_note(style.theme, measures, classification), fitted)
    note = vector_note(style.theme, style.filter, facts, measures, classification)
    return _saying(note, replace(style, theme=fit_vector(style.theme, style.filter, facts, measures, classification)))


def _saying(note: str, style: Style) -> Style:
    """The style whose ``source`` tells the note as well."""
    return replace(style, source=", ".join(filter(None, (style.source, note)))) if note else style


def _met(style: Style, facts: Facts) -> Style:
    """The style in the dataset's own terms: classes of cells, or the dataset's names without the parts that ask for fields it lacks."""
    if isinstance(facts, RasterFacts):
        return replace(style, theme=on_cells(style.theme))
    met = without_lost_fields(respelled(style, facts), facts)
    theme = in_numbers(met.theme, facts)
    return met if theme == met.theme else replace(met, theme=theme)


def _fits(theme: Theme, facts: Facts) -> bool:
    return fits_raster(theme, facts) if isinstance(facts, RasterFacts) else fits(theme, facts)
