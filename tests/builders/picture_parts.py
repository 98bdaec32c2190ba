"""Pictures taken apart by their formats' own specifications, so that nothing in them goes unseen."""

from __future__ import annotations

import struct
from collections.abc import Iterator

Part = tuple[str, bytes]


def parts_of(body: bytes) -> list[Part]:
    """(name, content) of every part of an encoded picture, in order; what follows its end is a part called ``rest``."""
    if body[4:8] == b"ftyp":
        return list(_avif(body))
    for start, parse in ((b"\x89PNG", _png), (b"\xff\xd8", _jpeg), (b"RIFF", _webp), (b"GIF8", _gif), (b"BM", _bmp)):
        if body.startswith(start):
            return list(parse(body))
    raise ValueError(f"no picture: {body[:8]!r}")


def _png(body: bytes) -> Iterator[Part]:
    at = 8
    while at < len(body):
        (length,) = struct.unpack_from(">I", body, at)
        name = body[at + 4 : at + 8].decode("ascii")
        yield name, body[at + 8 : at + 8 + length]
        at += 12 + length
        if name == "IEND" and at < len(body):
            yield "rest", body[at:]
            return


def _jpeg(body: bytes) -> Iterator[Part]:
    at = 2
    while body[at + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", body, at + 2)
        yield f"{body[at + 1]:02X}", body[at + 4 : at + 2 + length]
        at += 2 + length
    end = body.index(b"\xff\xd9", at) + 2
    yield "DA", body[at:end]
    if end < len(body):
        yield "rest", body[end:]


def _webp(body: bytes) -> Iterator[Part]:
    (size,) = struct.unpack_from("<I", body, 4)
    at = 12
    while at < size + 8:
        (length,) = struct.unpack_from("<I", body, at + 4)
        yield body[at : at + 4].decode("ascii").strip(), body[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
    if at < len(body):
        yield "rest", body[at:]


def _avif(body: bytes) -> Iterator[Part]:
    for name, content in _boxes(body):
        if name != "meta":
            yield name, content
            continue
        for inner, inside in _boxes(content[4:]):
            yield f"meta {inner}", inside
            if inner == "iinf":
                yield from ((f"item {item[8:12].decode('ascii')}", item) for _, item in _boxes(inside[6:]))


def _boxes(body: bytes) -> Iterator[Part]:
    at = 0
    while at < len(body):
        (length,) = struct.unpack_from(">I", body, at)
        yield body[at + 4 : at + 8].decode("ascii"), body[at + 8 : at + length]
        at += length


def _gif(body: bytes) -> Iterator[Part]:
    flags = body[10]
    at = 13 + (3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0)
    yield "header", body[:at]
    while body[at] != 0x3B:
        extension = body[at] == 0x21
        name, begin = (f"extension {body[at + 1]:02X}", at + 2) if extension else ("image", at + 10)
        if not extension:
            begin += (3 * 2 ** ((body[at + 9] & 7) + 1) if body[at + 9] & 0x80 else 0) + 1
        at = begin
        while body[at]:
            at += body[at] + 1
        at += 1
        yield name, body[begin:at]
    if at + 1 < len(body):
        yield "rest", body[at + 1 :]


def _bmp(body: bytes) -> Iterator[Part]:
    size, offset = struct.unpack_from("<I", body, 2)[0], struct.unpack_from("<I", body, 10)[0]
    yield "header", body[:offset]
    yield "pixels", body[offset:size]
    if size < len(body):
        yield "rest", body[size:]
