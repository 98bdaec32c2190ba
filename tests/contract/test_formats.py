"""Contract of the table of output formats: every row, also one written tomorrow."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from rendermap.imaging.encode import encode
from rendermap.imaging.formats import FORMATS, Format

PIXELS = np.zeros((21, 34, 4), np.uint8)
PIXELS[:, 17:] = (200, 30, 40, 255)


@pytest.fixture(params=FORMATS, ids=lambda row: row.name)
def row(request: pytest.FixtureRequest) -> Format:
    return request.param


def test_row_is_under_its_own_name(row: Format) -> None:
    """A row's name is its key."""
    assert FORMATS[row.name] is row


def test_picture_is_what_the_media_type_says(row: Format) -> None:
    """The bytes are of the media type that is announced, of exactly the size asked."""
    image = Image.open(BytesIO(encode(PIXELS, row.name)))
    assert Image.MIME[image.format or ""] == row.media_type
    assert image.size == (34, 21)


def test_alpha_is_kept_where_promised(row: Format) -> None:
    """Nothing stays transparent where the row says so, else it is white; what is drawn keeps its colour."""
    shown = np.asarray(Image.open(BytesIO(encode(PIXELS, row.name))).convert("RGBA")).astype(int)
    assert shown[5, 3, 3] == 0 if row.has_alpha else (shown[5, 3] >= 250).all()
    assert np.abs(shown[5, 30] - (200, 30, 40, 255)).max() <= 4


def test_same_pixels_are_same_bytes(row: Format) -> None:
    """Encoding is repeatable, so that a digest may be an ETag."""
    assert encode(PIXELS, row.name) == encode(PIXELS, row.name)


def test_esri_names_are_unique() -> None:
    """No two rows are called alike by a protocol."""
    names = [name for row in FORMATS for name in row.esri]
    assert len(names) == len(set(names))
