"""The table of fonts: which families there are, what stands in for those that are not, and which font has which script.

Families that layer files name are the property of others and not here.  What stands in is of the same kind and about as wide.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Family:
    """A family that is here.  Each face by the name its file gives it; a family without a bold face is not drawn bold."""

    name: str
    regular: str
    bold: str
    italic: str
    bold_italic: str

    def face(self, *, is_bold: bool, is_italic: bool) -> str:
        """The face that is asked for."""
        return (self.bold_italic if is_italic else self.bold) if is_bold else self.italic if is_italic else self.regular


@dataclass(frozen=True, slots=True)
class Script:
    """A font for letters that the families above do not have.

    ranges: first and last code point of its blocks.  face: as the file names it.  package, file, index: where it lies, index in a
    collection of fonts.  languages: of the families that stand for it.
    """

    name: str
    ranges: tuple[tuple[int, int], ...]
    face: str
    package: str
    file: str
    index: int = 0

    @property
    def family(self) -> str:
        """The family that the face belongs to."""
        return f"Noto Sans {self.name}"


def _dejavu(name: str, slanted: str = "Oblique", regular: str = "") -> Family:
    return Family(name, f"{name} {regular}".strip(), f"{name} Bold", f"{name} {slanted}", f"{name} Bold {slanted}")


SANS = _dejavu("DejaVu Sans", regular="Book")
NARROW = _dejavu("DejaVu Sans Condensed")
MONO = _dejavu("DejaVu Sans Mono", regular="Book")
SERIF = _dejavu("DejaVu Serif", "Italic", "Book")
NARROW_SERIF = _dejavu("DejaVu Serif Condensed", "Italic")
NOTO = Family("Noto Sans", "Noto Sans Regular", "DejaVu Sans Bold", "Noto Sans Italic", "DejaVu Sans Bold Oblique")
FAMILIES = (SANS, NARROW, MONO, SERIF, NARROW_SERIF, NOTO)

FILES = (("manimgx_fonts", "NotoSans[wght].ttf"), ("manimgx_fonts", "NotoSans-Italic[wght].ttf"))
"""Files of families that are neither the engine's own nor a script's."""

_NOTO_SCRIPTS: tuple[tuple[str, tuple[tuple[int, int], ...]], ...] = (
    ("Devanagari", ((0x0900, 0x097F), (0xA8E0, 0xA8FF), (0x1CD0, 0x1CFF))),
    ("Bengali", ((0x0980, 0x09FF),)),
    ("Gurmukhi", ((0x0A00, 0x0A7F),)),
    ("Gujarati", ((0x0A80, 0x0AFF),)),
    ("Oriya", ((0x0B00, 0x0B7F),)),
    ("Tamil", ((0x0B80, 0x0BFF),)),
    ("Telugu", ((0x0C00, 0x0C7F),)),
    ("Kannada", ((0x0C80, 0x0CFF),)),
    ("Malayalam", ((0x0D00, 0x0D7F),)),
    ("Sinhala", ((0x0D80, 0x0DFF),)),
    ("Thai", ((0x0E00, 0x0E7F),)),
    ("Lao", ((0x0E80, 0x0EFF),)),
    ("Myanmar", ((0x1000, 0x109F), (0xA9E0, 0xA9FF), (0xAA60, 0xAA7F))),
    ("Georgian", ((0x10A0, 0x10FF), (0x1C90, 0x1CBF), (0x2D00, 0x2D2F))),
    ("Ethiopic", ((0x1200, 0x139F), (0x2D80, 0x2DDF), (0xAB00, 0xAB2F))),
    ("Khmer", ((0x1780, 0x17FF), (0x19E0, 0x19FF))),
    ("Arabic", ()),
    ("Armenian", ()),
)
"""Without blocks of their own: scripts whose common letters the families have."""

_CJK = (
    (0x1100, 0x11FF), (0x2E80, 0x2FFF), (0x3000, 0x33FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xA960, 0xA97F), (0xAC00, 0xD7FF),
    (0xF900, 0xFAFF), (0xFE30, 0xFE4F), (0xFF00, 0xFFEF), (0x1B000, 0x1B16F), (0x1F200, 0x1F2FF), (0x20000, 0x323AF),
)  # fmt: skip
_CJK_FONTS = (("JP", 0), ("KR", 1), ("SC", 2), ("TC", 3))

SCRIPTS: tuple[Script, ...] = (
    *(Script(name, at, f"Noto Sans {name} Regular", "manimgx_fonts", f"NotoSans{name}[wght].ttf") for name, at in _NOTO_SCRIPTS),
    *(
        Script(f"CJK {land}", _CJK, f"Noto Sans CJK {land} Regular", "noto_cjk_sans_otc", "NotoSansCJK-Regular.ttc", index)
        for land, index in _CJK_FONTS
    ),
    Script("Hebrew", (), "Noto Sans Hebrew Light", "manimgx_fonts", "NotoSansHebrew[wght].ttf"),
    Script("Symbols", (), "Noto Sans Symbols Regular", "manimgx_fonts", "NotoSansSymbols[wght].ttf"),
)

_SANS_NAMES = "sans-serif|sans|system-ui|verdana|bitstream vera sans|geneva|lucida grande|lucida sans unicode|lucida sans"
_NARROW_NAMES = (
    "arial|arial narrow|arial unicode ms|helvetica|helvetica neue|tahoma|segoe ui|calibri|corbel|candara|trebuchet ms|"
    "franklin gothic medium|"
    "franklin gothic book|microsoft sans serif|ms sans serif|ms shell dlg|ms shell dlg 2|univers|frutiger|myriad pro|open sans|roboto|"
    "roboto condensed|liberation sans|avenir next|avenir next world|avenir next lt pro|century gothic|gill sans mt|dejavu sans narrow"
)
_SERIF_NAMES = "serif|georgia|bookman old style|century schoolbook|century|bitstream vera serif|palatino linotype|book antiqua"
_NARROW_SERIF_NAMES = "times new roman|times|cambria|constantia|garamond|baskerville old face|liberation serif|minion pro|perpetua|sylfaen"
_MONO_NAMES = "monospace|courier new|courier|consolas|lucida console|andale mono|liberation mono|menlo|monaco"
_STAND_INS = {
    name: family
    for names, family in (
        (_SANS_NAMES, SANS),
        (_NARROW_NAMES, NARROW),
        (_SERIF_NAMES, SERIF),
        (_NARROW_SERIF_NAMES, NARROW_SERIF),
        (_MONO_NAMES, MONO),
    )
    for name in names.split("|")
}
_HINTS = (("mono", MONO), ("courier", MONO), ("console", MONO), ("typewriter", MONO), ("sans", NARROW), ("gothic", NARROW))
_SERIF_HINTS = ("serif", "roman", "times", "antiqua", "garamond", "caslon", "bodoni", "minion", "mincho", "ming")
_LANDS = {
    "JP": ("ms gothic", "ms pgothic", "ms mincho", "meiryo", "yu gothic", "yu mincho", "hiragino", "noto sans cjk jp", "noto sans jp"),
    "KR": ("malgun", "gulim", "batang", "dotum", "nanum", "noto sans cjk kr", "noto sans kr", "apple sd gothic"),
    "TC": ("mingliu", "pmingliu", "jhenghei", "dfkai", "pingfang tc", "pingfang hk", "noto sans cjk tc", "noto sans tc"),
}


def substitute_for(family: str) -> tuple[str, bool]:
    """(the family that is drawn, whether it is the very one that was asked for)."""
    wanted = family.strip().casefold()
    script = next((s.family for s in SCRIPTS if s.family.casefold() == wanted), None)
    drawn = script or family_of(family).name
    return drawn, drawn.casefold() == wanted


def tell_stand_in(family: str, warn: Callable[[str, str], None]) -> None:
    """Warn, as readers of styles do (what was found, what is used), of a family that is not here."""
    drawn, is_exact = substitute_for(family)
    if not is_exact:
        warn(f"the font {family}", f"{drawn} is used")


@lru_cache(maxsize=512)
def family_of(name: str) -> Family:
    """The family of that name, else what stands in for it."""
    wanted = name.strip().casefold()
    for family in FAMILIES:
        if family.name.casefold() == wanted:
            return family
    if wanted in _STAND_INS:
        return _STAND_INS[wanted]
    guessed = next((family for hint, family in _HINTS if hint in wanted), None)
    return guessed or (NARROW_SERIF if any(hint in wanted for hint in _SERIF_HINTS) else SANS)


@lru_cache(maxsize=512)
def faces_for(family: str, *, is_bold: bool = False, is_italic: bool = False, land: str = "") -> tuple[str, ...]:
    """Face names in the order in which letters are looked for: the family's own, then one for each other script.

    land: whose forms of Chinese characters are drawn: ``JP``, ``KR``, ``SC`` or ``TC``; empty for those that the family's name tells.
    """
    own = family_of(family).face(is_bold=is_bold, is_italic=is_italic)
    general = SANS.face(is_bold=is_bold, is_italic=is_italic)
    first = f"CJK {land or _land_of(family)}"
    scripts = sorted(SCRIPTS, key=lambda script: script.name.startswith("CJK") and script.name != first)
    return tuple(dict.fromkeys((own, general, NOTO.regular, *(script.face for script in scripts))))


def faces_like(face: str) -> tuple[str, ...]:
    """As `faces_for`, of a face by its whole name, such as ``DejaVu Serif Bold Italic``."""
    family, manner = _parted(face)
    return faces_for(family, is_bold="bold" in manner, is_italic="italic" in manner or "oblique" in manner)


def family_in(face: str) -> str:
    """The family in a face's whole name."""
    return _parted(face)[0]


def _parted(face: str) -> tuple[str, frozenset[str]]:
    words = face.split()
    manner = []
    while len(words) > 1 and words[-1].casefold() in _MANNERS:
        manner.append(words.pop().casefold())
    return " ".join(words), frozenset(manner)


_MANNERS = frozenset(("book", "regular", "normal", "roman", "medium", "bold", "italic", "oblique"))


def _land_of(family: str) -> str:
    name = family.casefold()
    return next((land for land, hints in _LANDS.items() if any(hint in name for hint in hints)), "SC")


def land_of(text: str) -> str:
    """``JP`` for text with kana, ``KR`` for text with hangul, empty where the letters do not tell."""
    if text.isascii():
        return ""
    for character in text:
        point = ord(character)
        if 0x3040 <= point <= 0x30FF:
            return "JP"
        if 0xAC00 <= point <= 0xD7AF or 0x1100 <= point <= 0x11FF:
            return "KR"
    return ""


def script_of(character: str, land: str = "") -> Script | None:
    """The script font that has a character, None where the families have it."""
    point = ord(character)
    if point < _FIRST_FOREIGN:
        return None
    wanted = f"CJK {land or 'SC'}"
    found = [s for s in SCRIPTS if any(first <= point <= last for first, last in s.ranges)]
    return next((s for s in found if s.name == wanted), found[0] if found else None)


_FIRST_FOREIGN = 0x0900
