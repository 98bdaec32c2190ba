"""Pictures inside style documents: only what is harmless is drawn, and nothing is ever fetched."""

from __future__ import annotations

import base64
import io
import socket
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from rendermap.errors import StyleInvalid
from rendermap.limits import GALLERY_PIXELS
from rendermap.symbology.embedded import Gallery, Unusable, read_base64, read_data_url, read_picture
from tests.builders.styles import Json, feature_layer, rgb, simple, symbol, unique
from tests.builders.styles import read as read_layers


def picture(kind: str = "PNG", size: tuple[int, int] = (6, 3)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, (200, 0, 0)).save(buffer, kind)
    return buffer.getvalue()


def url(content: bytes, media_type: str = "image/png") -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def bomb() -> bytes:
    """A PNG whose header promises 30,000 x 30,000 px in a few bytes."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + name + body + zlib.crc32(name + body).to_bytes(4, "big")

    header = (30_000).to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")


def test_formats() -> None:
    """PNG and JPEG stay as they are; other raster formats become PNG; the type in the address does not matter."""
    assert read_data_url(url(picture("PNG"), "image/bmp")).content == picture("PNG")
    assert read_data_url(url(picture("JPEG"))).media_type == "image/jpeg"
    gif = read_data_url(url(picture("GIF")))
    assert (gif.media_type, gif.aspect) == ("image/png", 2.0) and gif.content.startswith(b"\x89PNG")


def test_base64_in_lines() -> None:
    """Some documents wrap their base64."""
    text = base64.encodebytes(picture(size=(40, 40))).decode()
    assert read_base64(text.replace("\n", "\r\n")).width == 40


def test_svg() -> None:
    """A drawing has its size from its sides or its view box; an address may hold it as text."""
    assert read_data_url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='20px' height='10'/%3E").aspect == 2.0
    assert read_picture(b"<svg viewBox='0 0 30 10'><path d='M0 0L1 1'/></svg>").aspect == 3.0


@pytest.mark.parametrize(
    "content",
    [
        b"<svg><script>1</script></svg>",
        b"<svg><image href='http://127.0.0.1/x.png'/></svg>",
        b"<svg><path onclick='a()'/></svg>",
        b"<!DOCTYPE svg [<!ENTITY a 'b'>]><svg>&a;</svg>",
        b"<svg><style>@import url(http://127.0.0.1/)</style></svg>",
        b"<html/>",
        b"<svg",
        b"",
        b"\x89PNG\r\n\x1a\nbroken",
        b"\0" * 100,
        bomb(),
        picture(size=(5000, 10)),
    ],
)
def test_what_is_not_drawn(content: bytes) -> None:
    """Scripts, pictures in pictures, entities, damage and bombs are refused."""
    with pytest.raises(Unusable):
        read_picture(content)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/a.png", "file:///etc/hosts", "/etc/hosts", "\\\\server\\share\\a.png", "", "data:", "a,b"]
)
def test_addresses_are_never_opened(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file, no share and no server is asked."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(Unusable):
        read_data_url(address)


def test_huge_text_is_refused_before_it_is_decoded() -> None:
    """Megabytes of base64 are not unpacked."""
    for text in ("A" * 20_000_000,):
        with pytest.raises(Unusable):
            read_base64(text)
        with pytest.raises(Unusable):
            read_data_url(f"data:image/png;base64,{text}")


@contextmanager
def too_many() -> Iterator[None]:
    with pytest.raises(StyleInvalid) as caught:
        yield
    assert "pixels in all pictures" in caught.value.sentence


def colored(number: int, kind: str = "WEBP", side: int = 2000) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (side, side), (number, 0, 0)).save(buffer, kind)
    return buffer.getvalue()


def test_equal_pictures_are_read_once() -> None:
    """A picture of thousands of classes costs as much as that of one."""
    gallery, content = Gallery(), colored(1, side=100)
    first = read_picture(content, gallery)
    assert all(read_base64(base64.b64encode(content).decode(), gallery) is first for _ in range(5000))
    assert gallery.spent_px == 10_000


def test_unusable_pictures_are_told_each_time() -> None:
    """A picture that cannot be drawn is so wherever it stands, and is looked at once."""
    gallery, reasons = Gallery(), set()
    for _ in range(3):
        with pytest.raises(Unusable) as caught:
            read_picture(b"<svg><script/></svg>", gallery)
        reasons.add(str(caught.value))
    assert len(reasons) == 1 and len(gallery.pictures) == 1


def test_pictures_of_a_document_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A document whose pictures are large only when decoded, or drawings of very many uses, is refused, whichever layers they are in."""
    monkeypatch.setattr("rendermap.symbology.gallery.GALLERY_PIXELS", replace(GALLERY_PIXELS, value=1_000_000))
    layers = [feature_layer(simple(symbol("Point", pictured(colored(20 * i, side=400)))), name=str(i)) for i in range(9)]
    with too_many():
        read_layers(*layers)
    gallery = Gallery()
    with too_many():
        for i in range(9):
            read_picture(f"<svg viewBox='0 0 9 {i + 1}'>{'<g/>' * 1000}</svg>".encode(), gallery)


def test_tinted_pictures_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each new colour of a picture decodes it again."""
    monkeypatch.setattr("rendermap.symbology.gallery.GALLERY_PIXELS", replace(GALLERY_PIXELS, value=1_000_000))
    tinted = [symbol("Point", pictured(colored(1, side=400), tintColor=rgb(i, 0, 0))) for i in range(9)]
    with too_many():
        read_layers(feature_layer(unique(["A"], [([str(i)], each) for i, each in enumerate(tinted)])))


def pictured(content: bytes, **more: Any) -> Json:
    return {"type": "CIMPictureMarker", "enable": True, "size": 9, "url": url(content, "image/webp"), **more}
