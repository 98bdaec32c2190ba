"""The properties of a QGIS element, whichever way its version spells them, with lengths in points and colours as values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from rendermap.symbology.document import to_number
from rendermap.symbology.qgis.overrides import Override, read_overrides
from rendermap.symbology.symbols import BLACK, Color
from rendermap.symbology.xml_document import XmlNode

PT_PER_MM = 72 / 25.4
HAIRLINE_PT = 0.75
"""QGIS draws a width of nothing one pixel wide."""

_PT_PER_UNIT = {"mm": PT_PER_MM, "point": 1.0, "pixel": 0.75, "inch": 72.0}
_HEX = re.compile(r"#([0-9a-fA-F]{6})([0-9a-fA-F]{2})?")
_MOST_PT = 2000.0


@dataclass(frozen=True, slots=True)
class Properties:
    """What an element says.  overrides: the properties that the feature decides, by name."""

    node: XmlNode
    values: Mapping[str, str]
    overrides: Mapping[str, Override] = field(default_factory=dict)

    def text(self, *keys: str, default: str = "") -> str:
        """The first of several names that is given: names changed between versions."""
        return next((self.values[key] for key in keys if self.values.get(key)), default)

    def number(self, *keys: str, default: float = 0.0) -> float:
        """A finite number, default where it is absent.  Raises StyleInvalid."""
        text = self.text(*keys)
        return to_float(text, self.node, keys[0]) if text else default

    def flag(self, key: str, default: bool = False) -> bool:
        """True for 1 and true."""
        text = self.text(key).lower()
        return text in ("1", "true") if text else default

    def color(self, *keys: str, default: Color = BLACK) -> Color:
        """A colour, default where it is absent or cannot be read."""
        return to_color(self.text(*keys)) or default

    def length(self, *keys: str, default: float = 0.0, unit: str = "") -> float:
        """A length in points.  default: in mm.  unit: the property with its unit, when that is not the first name with ``_unit``."""
        value = self.number(*keys, default=default)
        return self._to_pt(value, default, unit or f"{keys[0]}_unit", keys[0])

    def width(self, *keys: str, default: float = 0.26, unit: str = "") -> float:
        """The width of a pen in points: a width of nothing is a hairline."""
        found = self.length(*keys, default=default, unit=unit)
        if found < 0:
            self.node.warn("a line narrower than nothing", "a hairline is drawn")
        return max(found, 0.0) or HAIRLINE_PT

    def offset(self, key: str = "offset") -> tuple[float, float]:
        """A pair of lengths (right, up) in points; QGIS counts down."""
        x, y = to_pair(self.text(key), self.node, key)
        unit = f"{key}_unit"
        return self._to_pt(x, 0.0, unit, key), -self._to_pt(y, 0.0, unit, key)

    def unit_pt(self, unit: str) -> float:
        """How many points one unit is; a millimetre for lengths on the ground."""
        return _PT_PER_UNIT.get(self.text(unit, default="MM").lower(), PT_PER_MM)

    def _to_pt(self, value: float, default: float, unit: str, key: str) -> float:
        name = self.text(unit, default="MM")
        if name.lower() not in _PT_PER_UNIT and value:
            bounded = _bound_mm(self.text(f"{key}_map_unit_scale", f"{unit}_scale"))
            self.node.warn(
                f"{key} in the unit {name}", f"{bounded or default:g} mm on the screen at every scale" if bounded or default else "0"
            )
            value, name = bounded or default, "MM"
        return min(max(value * _PT_PER_UNIT.get(name.lower(), PT_PER_MM), -_MOST_PT), _MOST_PT)

    def warn_overrides(self, *drawn: str) -> None:
        """Note what the feature decides, but for what is drawn so, and for colours along a ramp: those a theme may draw."""
        for key, override in self.overrides.items():
            if key not in drawn and not override.shade:
                override.node.warn(f"{key} by the expression {override.text[:80]!r}", "the same for all features")


def read_properties(node: XmlNode) -> Properties:
    """The properties of a symbol layer, ramp or the like: ``prop`` elements up to QGIS 3.24, ``Option`` elements since.

    Raises StyleInvalid.
    """
    values = dict(_pairs(node))
    return Properties(node, values, read_overrides(node, values))


def _pairs(node: XmlNode) -> Iterator[tuple[str, str]]:
    for prop in node.children("prop"):
        yield prop.attribute("k"), prop.attribute("v")
    options = node.child("Option")
    for option in options.children("Option") if options else ():
        yield option.attribute("name"), option.attribute("value")


def to_float(text: str, node: XmlNode, key: str) -> float:
    """A number; some versions wrote a comma for the point.  Raises StyleInvalid."""
    number = to_number(text)
    number = to_number(text.replace(",", ".")) if number is None else number
    if number is None:
        raise node.wrong(f"{key}={text[:60]!r}", "a number")
    return number


def to_pair(text: str, node: XmlNode, key: str) -> tuple[float, float]:
    """``x,y``; two zeros for an empty text.  Raises StyleInvalid."""
    parts = text.split(",") if text else ["0", "0"]
    if len(parts) != 2:
        raise node.wrong(f"{key}={text[:60]!r}", "two numbers")
    return to_float(parts[0].strip(), node, key), to_float(parts[1].strip(), node, key)


def to_color(text: str) -> Color | None:
    """``r,g,b,a`` (since 3.38 with a finer spelling after it), ``#rrggbb``; None for anything else."""
    parts = text.split(",")
    if len(parts) >= 3:
        channels = [to_number(part) for part in parts[:4]]
        if None in channels:
            return None
        r, g, b, a = [min(max(round(c), 0), 255) for c in channels if c is not None] + [255] * (4 - len(channels))
        return Color(r, g, b, a)
    found = _HEX.fullmatch(text.strip())
    if not found:
        return None
    rgb = bytes.fromhex(found[1])
    return Color(rgb[0], rgb[1], rgb[2], int(found[2], 16) if found[2] else 255)


def _bound_mm(scale: str) -> float | None:
    """The smallest or largest size in mm that a length on the ground is kept to, when it has one."""
    numbers = [to_number(part) for part in scale.removeprefix("3x:").split(",")]
    if len(numbers) != 6:
        return None
    for used, size in ((numbers[2], numbers[3]), (numbers[4], numbers[5])):
        if used and size:
            return size
    return None
