"""Damage of every kind, drawn from a seeded chance: bits, bytes, lengths, cuts and joins for bytes; tokens for text."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from random import Random

Damage = Callable[[Random, bytes, bytes], bytes]

INTERESTING = (0, 1, 2, 7, 8, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 40, (1 << 63) - 1)
TOKEN = re.compile(r"[\w.]+|\s+|[^\w\s]")
WORDS = (
    "0", "-1", "1e308", "-1e-308", "1e999", "NaN", "Infinity", "99999999999999999999", "0x41", "true", "null", '""', "''", "{}", "[]",
    "[[]]", "/etc/passwd", "../../other", "/vsicurl/http://127.0.0.1:9/x", "/vsizip/a.zip", "file:///etc/passwd", "http://127.0.0.1:9/",
    "%scratchworkspace%", "\\\\server\\share", "a" * 5000, "\u0000", "\ud7ff", "\u202e", "ß", "𐀀", "\r\n", "\\", '"', "'", "<", ">",
    "&", "]]>", "<!DOCTYPE a [<!ENTITY b 'c'>]>", "&b;", "<VRTDataset>", "--", "/*", ";", "%", "LIKE '%%%%a'", "((((((((((", "))))", "AND",
    "OR NOT", "$feature.", "eval(", "__class__", "while(1){}", "${x}", "+nadgrids=/etc/passwd", "EPSG:999999", "EPSG:4326", "2026-13-45",
    "#ff00",
)  # fmt: skip
"""What is put in the place of a token: ends of numbers, ways out, other languages."""


def damaged(chance: Random, raw: bytes, other: bytes) -> bytes:
    """Bytes with one to four damages.  other: bytes of the same kind to borrow from."""
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        raw = chance.choice(DAMAGES)(chance, raw, other)
    return raw


def damaged_text(chance: Random, text: str, other: str) -> str:
    """Text with some tokens changed, doubled, dropped, swapped, borrowed or wrapped up."""
    tokens, others = TOKEN.findall(text), TOKEN.findall(other)
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        if not tokens:
            break
        _change_tokens(chance, tokens, others)
    return "".join(tokens)


def _change_tokens(chance: Random, tokens: list[str], others: list[str]) -> None:
    at = chance.randrange(len(tokens))
    match chance.randrange(8):
        case 0 | 1:
            tokens[at] = chance.choice(WORDS)
        case 2:
            tokens.insert(at, chance.choice(WORDS))
        case 3:
            del tokens[at : at + chance.choice((1, 1, 3, 40))]
        case 4:
            size = chance.choice((1, 4, 40))
            tokens[at:at] = tokens[at : at + size] * chance.choice((1, 2, 200))
        case 5:
            to = chance.randrange(len(tokens))
            tokens[at], tokens[to] = tokens[to], tokens[at]
        case 6 if others:
            begin = chance.randrange(len(others))
            tokens[at:at] = others[begin : begin + chance.choice((1, 10, 100))]
        case _:
            opening, closing = chance.choice(("[]", "()", "{}"))
            depth = chance.choice((1, 30, 3000))
            tokens[at] = opening * depth + tokens[at] + closing * depth


def _flip_bits(chance: Random, raw: bytes, other: bytes) -> bytes:
    del other
    changed = bytearray(raw)
    for _ in range(chance.choice((1, 1, 4, 64)) if raw else 0):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _flip_early_bits(chance: Random, raw: bytes, other: bytes) -> bytes:
    """Heads and directories stand at the beginning of most files."""
    return _flip_bits(chance, raw[:512], other) + raw[512:]


def _set_number(chance: Random, raw: bytes, other: bytes) -> bytes:
    """A length, a count or an offset that is not so."""
    del other
    letter, size = chance.choice((("B", 1), ("H", 2), ("I", 4), ("I", 4), ("Q", 8)))
    if len(raw) <= size:
        return raw
    at = chance.randrange(min(len(raw), chance.choice((64, 512, 1 << 30))) - size + 1) if len(raw) > size else 0
    at -= at % chance.choice((1, size))
    value = (chance.choice(INTERESTING) + chance.choice((0, 0, 1, -1))) % (1 << 8 * size)
    return raw[:at] + struct.pack(chance.choice("<>") + letter, value) + raw[at + size :]


def _set_double(chance: Random, raw: bytes, other: bytes) -> bytes:
    del other
    if len(raw) <= 8:
        return raw
    at = chance.randrange(len(raw) - 8)
    value = chance.choice((float("nan"), float("inf"), float("-inf"), 0.0, -0.0, 1e308, 5e-324, 1e16, -1.0))
    return raw[:at] + struct.pack(chance.choice("<>") + "d", value) + raw[at + 8 :]


def _cut_off(chance: Random, raw: bytes, other: bytes) -> bytes:
    del other
    return raw[: chance.randrange(len(raw) + 1)]


def _drop(chance: Random, raw: bytes, other: bytes) -> bytes:
    del other
    at = chance.randrange(len(raw) + 1)
    return raw[:at] + raw[at + chance.choice((1, 2, 4, 100, 4096)) :]


def _insert(chance: Random, raw: bytes, other: bytes) -> bytes:
    del other
    at, size = chance.randrange(len(raw) + 1), chance.choice((1, 2, 4, 100, 4096))
    return raw[:at] + chance.choice((bytes(size), b"\xff" * size, chance.randbytes(size))) + raw[at:]


def _copy_within(chance: Random, raw: bytes, other: bytes) -> bytes:
    return _join(chance, raw, raw) if raw else other


def _join(chance: Random, raw: bytes, other: bytes) -> bytes:
    """Some bytes of another file of the kind in the place of as many."""
    if not raw or not other:
        return raw
    at, begin, size = chance.randrange(len(raw)), chance.randrange(len(other)), chance.choice((4, 16, 256, 4096))
    part = other[begin : begin + size]
    return raw[:at] + part + raw[at + len(part) :]


def _wipe(chance: Random, raw: bytes, other: bytes) -> bytes:
    del other
    at, size = chance.randrange(len(raw) + 1), chance.choice((4, 100, 4096))
    return raw[:at] + bytes(len(raw[at : at + size])) + raw[at + size :]


DAMAGES: tuple[Damage, ...] = (
    _flip_bits, _flip_early_bits, _set_number, _set_number, _set_number, _set_double, _cut_off, _drop, _insert, _copy_within, _join, _wipe,
)  # fmt: skip
