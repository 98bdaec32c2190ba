"""In which encoding a shapefile's text is written: the file often does not tell, or tells it in words of its own."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

_CHUNK_BYTES = 1 << 22
_FALLBACK = "cp1252"
_LANGUAGE_DRIVERS = {
    0x01: "cp437",
    0x02: "cp850",
    0x03: "cp1252",
    0x13: "cp932",
    0x26: "cp866",
    0x4D: "cp936",
    0x4E: "cp949",
    0x4F: "cp950",
    0x57: "cp1252",
    0x58: "cp1252",
    0x64: "cp852",
    0x65: "cp866",
    0x78: "cp950",
    0x79: "cp949",
    0x7A: "cp936",
    0x7B: "cp932",
    0x7C: "cp874",
    0x7D: "cp1255",
    0x7E: "cp1256",
    0xC8: "cp1250",
    0xC9: "cp1251",
    0xCA: "cp1254",
    0xCB: "cp1253",
    0xCC: "cp1257",
}
"""Byte 29 of a dBASE file (Esri's and FoxPro's language driver ids)."""


def shapefile_encoding(path: Path) -> str | None:
    """Python's name of the encoding of a shapefile's text; None for ASCII, which every reader takes as it is.

    The code page file wins if its text fits, then UTF-8 that fits, then the table's own language driver, then Windows' Latin 1.
    UTF-8 is named, too: without a code page file some readers take text for Latin 1.
    """
    table = _table_of(path)
    if table is None or _fits(table, "ascii"):
        return None
    told = _code_page(path)
    if told and _fits(table, told):
        return told
    if _fits(table, "utf-8"):
        return "utf-8"
    own = _LANGUAGE_DRIVERS.get(_language_driver(table))
    return own if own and _fits(table, own) else _FALLBACK


def is_told_otherwise(path: Path) -> bool:
    """True when a shapefile whose text is UTF-8 names another encoding, which a reader that cannot be told better will believe."""
    told = _code_page(path)
    if told is not None:
        return told != "utf-8"
    table = _table_of(path)
    return table is not None and _language_driver(table) != 0


def _table_of(path: Path) -> Path | None:
    return next((file for suffix in (".dbf", ".DBF") if (file := path.with_suffix(suffix)).is_file()), None)


def _language_driver(table: Path) -> int:
    with table.open("rb") as handle:
        head = handle.read(32)
    return head[29] if len(head) == 32 else 0


def _code_page(path: Path) -> str | None:
    page = next((file for suffix in (".cpg", ".CPG", ".cst") if (file := path.with_suffix(suffix)).is_file()), None)
    if page is None:
        return None
    with page.open("rb") as handle:
        name = handle.read(64).decode("ascii", "ignore").strip().lower()
    number = re.fullmatch(r"(?:ansi|oem|cp|windows|ibm)?[ _-]?(\d{3,5})", name)
    spelled = _numbered(number[1]) if number else name
    try:
        b"a".decode(spelled)
        return codecs.lookup(spelled).name
    except (LookupError, ValueError):
        return None  # no encoding of text, or no name at all


def _numbered(number: str) -> str:
    if number == "65001":
        return "utf-8"
    return f"iso8859-{number[4:]}" if number.startswith("8859") else f"cp{number}"


def _fits(table: Path, encoding: str) -> bool:
    """True when the whole of a table's records decodes."""
    with table.open("rb") as file:
        head = file.read(32)
        file.seek(int.from_bytes(head[8:10], "little"))
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            while chunk := file.read(_CHUNK_BYTES):
                decoder.decode(chunk)
        except UnicodeDecodeError:
            return False
    return True
