"""Contract of the output formats: a picture is its pixels, and what it tells of its job is in one place of the format's own."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from rendermap.imaging.encode import encode
from rendermap.imaging.formats import FORMATS, Format
from rendermap.imaging.stamp import Stamp
from tests.builders.picture_parts import parts_of

PIXELS = np.random.default_rng(1).integers(0, 256, (40, 60, 4), dtype=np.uint8)
PIXELS[:20, :, 3], PIXELS[20:, :, 3] = 0, 255
STAMP = Stamp("j0123", "2026-11-27T06:40:00Z", "rendermap 9.9")
NEEDED = {
    "image/png": {"IHDR", "PLTE", "tRNS", "IDAT", "IEND"},
    # start of frame, tables, scan, and the header that names the format
    "image/jpeg": {"E0", "DB", "C0", "C4", "DA"},
    "image/webp": {"VP8X", "VP8L", "VP8", "ALPH"},
    # colours and alpha are a picture each; who reads it, which is first, where they lie, their properties, which is the other's alpha
    "image/avif": {"ftyp", "mdat", "item av01", *(f"meta {box}" for box in ("hdlr", "pitm", "iloc", "iinf", "iprp", "iref"))},
    # graphic control: which colour is transparent
    "image/gif": {"header", "extension F9", "image"},
    "image/bmp": {"header", "pixels"},
}
STAMPED = {
    "image/png": ["iTXt"] * 3,
    "image/jpeg": ["E1"],
    "image/webp": ["EXIF"],
    "image/avif": ["item Exif"],
    "image/gif": ["extension FE"],
    "image/bmp": [],
}


@pytest.fixture(params=FORMATS, ids=lambda row: row.name)
def row(request: pytest.FixtureRequest) -> Format:
    return request.param


def extra(body: bytes, row: Format) -> list[str]:
    return [name for name, _ in parts_of(body) if name not in NEEDED[row.media_type]]


@pytest.mark.parametrize("quality", [None, 60, 95])
def test_a_picture_has_no_metadata(row: Format, quality: int | None) -> None:
    """No part but those that hold pixels; the header of JPEG tells no more than its version and has no thumbnail."""
    body = encode(PIXELS, row.name, quality=quality)
    assert extra(body, row) == []
    header = dict(parts_of(body)).get("E0")
    assert header in (None, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00")


def test_a_stamp_stands_in_the_formats_own_place_and_nowhere_else(row: Format) -> None:
    """The very parts it needs, and the same pixels."""
    plain, stamped = encode(PIXELS, row.name), encode(PIXELS, row.name, stamp=STAMP)
    assert extra(stamped, row) == STAMPED[row.media_type]
    assert row.has_stamp is bool(STAMPED[row.media_type])
    assert Image.open(BytesIO(stamped)).convert("RGBA").tobytes() == Image.open(BytesIO(plain)).convert("RGBA").tobytes()


def test_a_stamp_can_be_read(row: Format) -> None:
    """By any program that knows the format: job, time and software."""
    image = Image.open(BytesIO(encode(PIXELS, row.name, stamp=STAMP)))
    image.load()
    if isinstance(image, PngImagePlugin.PngImageFile):
        assert dict(image.text) == {"Source": "Job j0123", "Creation Time": "2026-11-27T06:40:00Z", "Software": "rendermap 9.9"}
    elif image.format == "GIF":
        assert image.info["comment"] == b"Job j0123, finished 2026-11-27T06:40:00Z, drawn by rendermap 9.9"
    elif row.has_stamp:
        assert dict(image.getexif()) == {270: "Job j0123, finished 2026-11-27T06:40:00Z", 305: "rendermap 9.9"}


def test_the_same_stamp_is_the_same_bytes(row: Format) -> None:
    """No clock and no counter is in it."""
    assert encode(PIXELS, row.name, stamp=STAMP) == encode(PIXELS, row.name, stamp=STAMP)


def test_a_job_of_unknown_end_tells_no_time(row: Format) -> None:
    """Rather than a made-up one."""
    assert b"finished" not in encode(PIXELS, row.name, stamp=Stamp("j0123", "", "rendermap 9.9"))
