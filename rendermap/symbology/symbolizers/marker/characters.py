"""Character markers: signs of fonts that are not here, by shapes that are the same, or by the same sign of a font that is here."""

from __future__ import annotations

from dataclasses import dataclass

from rendermap.symbology import shapes
from rendermap.symbology.symbolizers.marker.glyphs import outline

# A sign of these fonts fills about this much of its size.
_SIGN_SHARE = 0.7

_DEFAULT_MARKER: dict[int, tuple[str, bool]] = {
    33: (shapes.CIRCLE, True),
    34: (shapes.SQUARE, True),
    35: (shapes.TRIANGLE, True),
    36: (shapes.PENTAGON, True),
    37: (shapes.HEXAGON, True),
    38: (shapes.OCTAGON, True),
    40: (shapes.CIRCLE, False),
    41: (shapes.SQUARE, False),
    42: (shapes.TRIANGLE, False),
    43: (shapes.PENTAGON, False),
    44: (shapes.HEXAGON, False),
    45: (shapes.OCTAGON, False),
    94: (shapes.STAR, True),
    95: (shapes.STAR, False),
    203: (shapes.CROSS, False),
    204: (shapes.X, False),
}
"""Signs of the font ESRI Default Marker: the shape, and whether it is filled."""

_WINGDINGS = {
    40: "☎", 65: "✌", 74: "☺", 76: "☹", 78: "☠", 79: "⚐", 81: "✈", 82: "☼", 84: "❄", 86: "✞", 88: "✠", 89: "✡", 90: "☪", 91: "☯",
    94: "♈", 95: "♉", 108: "●", 109: "❍", 110: "■", 111: "□", 113: "❑", 114: "❒", 116: "⧫", 117: "◆", 118: "❖", 119: "⬥",
    159: "•", 161: "○", 162: "⭘", 167: "▪", 168: "◻", 170: "✦", 171: "★", 172: "✶", 173: "✴", 174: "✹", 175: "✵", 178: "⟡",
    216: "➢", 223: "←", 224: "→", 225: "↑", 226: "↓", 227: "↖", 228: "↗", 229: "↙", 230: "↘", 232: "➔", 239: "⇦", 240: "⇨",
    241: "⇧", 242: "⇩", 243: "⬄", 244: "⇳", 251: "✗", 252: "✓", 253: "☒", 254: "☑",
}  # fmt: skip
"""Signs of Wingdings as the same signs of Unicode."""

_SYMBOL_FONTS = ("esri", "wingdings", "webdings", "symbol", "marlett", "dings", "awesome", "icon")


@dataclass(frozen=True, slots=True)
class Sign:
    """The shape of a character.

    share: of the font's size that the path's side 1 is.  is_filled: False for an open shape.  told: for people.
    """

    path: str
    share: float
    is_filled: bool
    told: str


def sign_of(font: str, index: int, *, is_bold: bool = False) -> Sign:
    """The nearest shape of a font's character."""
    name = font.strip().casefold()
    if name == "esri default marker" and index in _DEFAULT_MARKER:
        path, is_filled = _DEFAULT_MARKER[index]
        return Sign(path, _SIGN_SHARE, is_filled, "its shape is used")
    character = _character(name, index)
    path = outline(character, font, is_bold=is_bold) if character else ""
    if path:
        return Sign(path, 1.0, True, f"the sign {character!r} of DejaVu or Noto Sans is used")
    return Sign(shapes.CIRCLE, _SIGN_SHARE, True, "a circle is used")


def _character(name: str, index: int) -> str:
    """The character meant.  Symbol fonts lay pictures on the places of letters, and a letter is no picture."""
    point = index - 0xF000 if 0xF000 <= index <= 0xF0FF else index
    if name == "wingdings":
        return _WINGDINGS.get(point, "")
    if any(word in name for word in _SYMBOL_FONTS) and point < 0x2000 and "segoe" not in name:
        return ""
    return chr(point) if 0x20 < point < 0x11_0000 and not 0xD800 <= point <= 0xDFFF else ""
