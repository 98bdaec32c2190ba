"""Names of forms and formats."""

from __future__ import annotations

import pytest

from rendermap.errors import InvalidFormat
from rendermap.frontends.negotiation import Form, esri_names, form_of, format_of
from rendermap.imaging.formats import FORMATS


def test_the_form_is_html_when_absent() -> None:
    """An address pasted into a browser shows a page."""
    assert form_of(None) is Form.HTML
    assert form_of("PJSON") is Form.PJSON


@pytest.mark.parametrize("f", ["kmz", "pbf", "geojson", "<script>"])
def test_an_unknown_form_is_refused(f: str) -> None:
    """The fault names the forms there are and does not repeat what was sent."""
    with pytest.raises(InvalidFormat) as caught:
        form_of(f)
    assert f not in caught.value.sentence and "json" in caught.value.sentence


@pytest.mark.parametrize(
    ("name", "ours"),
    [("png32", "png32"), ("PNG", "png"), ("png8", "png8"), ("JPG", "jpeg"), ("image/webp", "webp"), ("gif", "gif")],
)
def test_formats_have_many_names(name: str, ours: str) -> None:
    """Esri's names, media types and suffixes lead to one row."""
    assert format_of(name).name == ours


@pytest.mark.parametrize("row", FORMATS, ids=lambda row: row.name)
def test_every_format_is_found_by_each_of_its_names(row: object) -> None:
    """A new row of the table is negotiated from the day it is written."""
    for name in row.esri:  # type: ignore[attr-defined]
        assert format_of(name.lower()) is row


def test_plain_png_is_listed_beside_png32() -> None:
    """@arcgis/core looks for PNG32, QGIS for a name its Qt can decode."""
    assert {"PNG32", "PNG", "JPG"} <= set(esri_names())


def test_an_unknown_format_is_refused() -> None:
    """The formats we have are listed."""
    with pytest.raises(InvalidFormat, match="PNG32"):
        format_of("svg")
