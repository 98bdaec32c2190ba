"""encode: the very pixels come back, over the right background, without metadata."""

import importlib.util
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from rendermap.errors import InvalidFormat, InvalidSize
from rendermap.imaging import pillow
from rendermap.imaging.encode import encode, is_empty
from rendermap.imaging.formats import FORMATS


def picture(colors: int = 40, height: int = 37, width: int = 53) -> np.ndarray:
    """A picture of some colours with see-through, half see-through and opaque pixels."""
    random = np.random.default_rng(7)
    palette = random.integers(0, 256, (colors, 4), dtype=np.uint8)
    palette[0] = (9, 9, 9, 0)
    palette[1] = (255, 255, 255, 255)
    palette[2] = (200, 10, 30, 128)
    return palette[random.integers(0, colors, (height, width))]


def stripes(colors: int, width_px: int) -> np.ndarray:
    """A picture of so many colours, see-through ones that hide something among them, that shows them in any sample."""
    palette = np.random.default_rng(7).permutation(1 << 20)[:colors].astype(np.uint32) * np.uint32(4099)
    palette[:2] &= 0xFFFFFF
    row = palette.view(np.uint8).reshape(-1, 4)[np.arange(width_px) // 8 % colors]
    return np.tile(row, (16, 1, 1))


def decoded(body: bytes) -> Image.Image:
    return Image.open(BytesIO(body))


def test_png_keeps_every_pixel() -> None:
    """A 32-bit PNG decodes to the very pixels, alpha included."""
    pixels = picture(4000)
    image = decoded(encode(pixels, "png"))
    assert image.mode == "RGBA"
    assert np.array_equal(np.asarray(image), pixels)


def test_png8_is_exact_up_to_256_colors() -> None:
    """A palette PNG of few colours shows exactly the same picture."""
    pixels = picture(250)
    image = decoded(encode(pixels, "png8"))
    shown = np.asarray(image.convert("RGBA"))
    assert image.mode == "P"
    visible = pixels[..., 3] > 0
    assert np.array_equal(shown[visible], pixels[visible])
    assert (shown[~visible][:, 3] == 0).all()


def test_png8_of_one_color() -> None:
    """A palette of a single opaque colour needs no transparency table."""
    pixels = np.full((5, 5, 4), (1, 2, 3, 255), np.uint8)
    assert np.array_equal(np.asarray(decoded(encode(pixels, "png8")).convert("RGBA")), pixels)


@pytest.mark.parametrize("colors", [2, 40, 256])
@pytest.mark.parametrize("width_px", [2048, 20_000])
def test_png_of_few_colors_has_a_palette_and_the_very_pixels(colors: int, width_px: int) -> None:
    """Up to 256 colours a PNG is smaller by palette, and decodes to the very pixels, what transparent ones hide included."""
    pixels = stripes(colors, width_px)
    body = encode(pixels, "png")
    assert decoded(body).mode == "P"
    assert np.array_equal(np.asarray(decoded(body).convert("RGBA")), pixels)
    assert len(body) < len(encode(pixels, "png32"))


def test_png_of_every_gray_has_a_palette() -> None:
    """A relief has all 256 and no more: seen as soon as a larger sample shows hardly more."""
    gray = np.random.default_rng(3).normal(160, 30, (256, 256)).clip(0, 255).astype(np.uint8)
    gray.ravel()[:256] = np.arange(256)
    pixels = np.dstack([gray, gray, gray, np.full_like(gray, 255)])
    image = decoded(encode(pixels, "png"))
    assert image.mode == "P"
    assert np.array_equal(np.asarray(image.convert("RGBA")), pixels)


def test_png32_has_32_bits_whatever_is_drawn() -> None:
    """Who asks for PNG32 gets it, though few colours would go into a palette."""
    image = decoded(encode(stripes(2, 64), "png32"))
    assert image.mode == "RGBA"
    assert np.array_equal(np.asarray(image), stripes(2, 64))


def test_colors_that_a_sample_does_not_show_make_no_palette() -> None:
    """One colour more than a palette holds, where no sample falls: all are kept, in 32 bits."""
    pixels = stripes(256, 2048)
    pixels[1, 1] = (1, 2, 3, 4)
    image = decoded(encode(pixels, "png"))
    assert image.mode == "RGBA"
    assert np.array_equal(np.asarray(image), pixels)


def test_colors_that_one_hash_confuses_are_told_apart() -> None:
    """Colours made to fall on one place of the first table are looked up by another."""
    flat = (np.arange(16, dtype=np.uint32) * np.uint32(pow(0x9E3779B1, -1, 1 << 32))).reshape(4, 4)
    pixels = np.tile(flat.view(np.uint8).reshape(4, 4, 4), (16, 16, 1))
    assert np.array_equal(np.asarray(decoded(encode(pixels, "png")).convert("RGBA")), pixels)


@pytest.mark.parametrize("opaque", [True, False])
def test_png8_of_many_colors_stays_close(opaque: bool) -> None:
    """A smooth picture of thousands of colours is approximated, with its transparency kept apart."""
    x, y = np.meshgrid(np.arange(256), np.arange(256))
    alpha = np.full_like(x, 255) if opaque else np.where(x > 128, 255, 0)
    pixels = np.stack([x, y, (x + y) // 2, alpha], axis=-1).astype(np.uint8)
    shown = np.asarray(decoded(encode(pixels, "png8")).convert("RGBA")).astype(int)
    visible = pixels[..., 3] > 0
    assert np.abs(shown[visible] - pixels[visible]).mean() < 10
    assert (shown[~visible][:, 3] == 0).all()


@pytest.mark.parametrize("format", ["png8", "gif"])
@pytest.mark.parametrize("background", [(255, 255, 255), (0, 0, 0), (17, 34, 51)])
def test_a_background_is_exact_in_a_palette(format: str, background: tuple[int, int, int]) -> None:
    """Among thousands of colours the background, white and black are what they are, so that they can be keyed out."""
    x, y = np.meshgrid(np.arange(256), np.arange(256))
    pixels = np.stack([x, y, (x + y) // 2, np.full_like(x, 255)], axis=-1).astype(np.uint8)
    pixels[:90, :90], pixels[240:, :9], pixels[240:, -9:] = 0, (0, 0, 0, 255), 255
    shown = np.asarray(decoded(encode(pixels, format, background)).convert("RGBA"))
    assert (shown[..., 3] == 255).all()
    assert (shown[:90, :90, :3] == background).all()
    assert (shown[240:, :9, :3] == 0).all() and (shown[240:, -9:] == 255).all()


def test_png24_keys_out_the_transparent() -> None:
    """Wholly transparent pixels stay transparent in 24 bits and half transparent ones are laid over white."""
    pixels = picture()
    image = decoded(encode(pixels, "png24"))
    assert image.mode == "RGB"
    shown = np.asarray(image.convert("RGBA"))
    assert np.array_equal(shown[..., 3] == 0, pixels[..., 3] == 0)
    half = (pixels == (200, 10, 30, 128)).all(axis=-1)
    assert np.abs(shown[half].astype(int) - (227, 132, 142, 255)).max() <= 1


@pytest.mark.parametrize("format", ["png", "png32", "png8", "png24", "webp", "gif"])
def test_background_is_laid_under(format: str) -> None:
    """With a background no pixel stays transparent and the empty ones have its colour."""
    pixels = picture()
    shown = np.asarray(decoded(encode(pixels, format, (10, 20, 30))).convert("RGBA"))
    assert (shown[..., 3] == 255).all()
    assert (shown[pixels[..., 3] == 0][:, :3] == (10, 20, 30)).all()


@pytest.mark.parametrize("format", ["jpeg", "bmp"])
def test_formats_without_alpha_are_white(format: str) -> None:
    """Where a format cannot be transparent, nothing means white."""
    image = decoded(encode(np.zeros((8, 8, 4), np.uint8), format))
    assert image.mode == "RGB"
    assert (np.asarray(image) == 255).all()


def test_webp_is_lossless_without_quality() -> None:
    """A WebP keeps every visible pixel, and obeys a quality when one is asked for."""
    pixels = picture(900, 200, 200)
    shown = np.asarray(decoded(encode(pixels, "webp")).convert("RGBA"))
    visible = pixels[..., 3] > 0
    assert np.array_equal(shown[visible], pixels[visible])
    assert len(encode(pixels, "webp", quality=30)) < len(encode(pixels, "webp", quality=95))


@pytest.mark.skipif("avif" not in FORMATS, reason="Pillow was built without it")
def test_avif_keeps_alpha_and_is_closer_than_a_jpeg_of_its_size() -> None:
    """Smaller by quality, transparent where nothing is drawn, and thin coloured lines keep their colours."""
    pixels = np.full((200, 200, 4), (250, 250, 245, 255), np.uint8)
    pixels[::7], pixels[:, ::11], pixels[150:] = (200, 20, 40, 255), (20, 90, 200, 255), 0
    body = encode(pixels, "avif")
    shown = np.asarray(decoded(body).convert("RGBA")).astype(int)
    assert (shown[155:, :, 3] == 0).all() and (shown[:150, :, 3] == 255).all()
    jpeg = np.asarray(decoded(encode(pixels, "jpeg")).convert("RGBA")).astype(int)
    assert len(body) < len(encode(pixels, "jpeg"))
    assert np.abs(shown - pixels)[:145].mean() < np.abs(jpeg - pixels)[:145].mean() / 2
    assert len(encode(pixels, "avif", quality=30)) < len(body) < len(encode(pixels, "avif", quality=95))


def test_a_pillow_without_avif_offers_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not in the table then, so nobody is told of it."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert not pillow.has_avif()


def test_jpeg_obeys_quality() -> None:
    """A lower quality gives a smaller file."""
    pixels = picture(900, 200, 200)
    assert len(encode(pixels, "jpeg", quality=20)) < len(encode(pixels, "jpeg")) < len(encode(pixels, "jpeg", quality=95))


def test_gif_keeps_the_transparent() -> None:
    """A GIF of few colours is exact where it is opaque and transparent where nothing was drawn."""
    pixels = picture()
    shown = np.asarray(decoded(encode(pixels, "gif")).convert("RGBA"))
    assert np.array_equal(shown[..., 3] == 0, pixels[..., 3] == 0)
    opaque = pixels[..., 3] == 255
    assert np.array_equal(shown[opaque], pixels[opaque])


@pytest.mark.parametrize("format", ["png", "png32", "png8", "png24", "jpeg", "webp", "gif", "bmp"])
def test_pictures_carry_no_metadata(format: str) -> None:
    """Nothing but the picture: no comment, software name, time or text."""
    info = decoded(encode(picture(), format)).info
    assert not set(info) & {"comment", "Software", "exif", "icc_profile", "xmp", "date:create", "Comment"}


def test_unknown_format_and_too_large_are_refused() -> None:
    """A format outside the table and a picture a format cannot hold are said by name."""
    with pytest.raises(InvalidFormat):
        encode(picture(), "tiff")
    with pytest.raises(InvalidSize):
        encode(np.zeros((1, 16384, 4), np.uint8), "webp")


def test_is_empty_tells_nothing_from_something() -> None:
    """A picture is empty only when not one pixel can be seen."""
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[..., :3] = 200
    assert is_empty(pixels)
    pixels[3, 3, 3] = 1
    assert not is_empty(pixels)
