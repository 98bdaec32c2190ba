"""How the style languages spell a colour."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

from rendermap.symbology.document import Node, to_number
from rendermap.symbology.symbols import TRANSPARENT, Color

_D65 = (95.047, 100.0, 108.883)


def from_cim(node: Node | None, default: Color = TRANSPARENT) -> Color:
    """A CIM colour: channels of its model, then alpha in per cent.  No colour at all draws nothing.

    Raises StyleInvalid when the values are not numbers.
    """
    if node is None:
        return default
    model = node.type.lower().removeprefix("cim").removesuffix("color")
    if model == "spot":
        space = node.child("colorSpace")
        node.warn("a spot colour", "its alternative colour is used")
        return from_cim(space.child("alternativeColor") if space else None, Color(0, 0, 0))
    if model not in _MODELS:
        node.warn(f"a colour of the unknown kind {node.type!r}", "grey is used")
        return Color(128, 128, 128)
    channels, convert = _MODELS[model]
    values = node.numbers("values")
    if len(values) not in (channels, channels + 1):
        raise node.wrong("values", f"{channels} channels and alpha")
    alpha = values[channels] if len(values) > channels else 100.0
    return _color(convert(values), alpha * 2.55)


def from_esri(value: object) -> Color | None:
    """``[r, g, b, a]`` with 0 to 255 each; None for null, and for anything that is no colour."""
    if not isinstance(value, list) or len(value) not in (3, 4):
        return None
    numbers = [to_number(v) for v in value]
    if any(n is None for n in numbers):
        return None
    channels = [_byte(n) for n in numbers if n is not None]
    return Color(channels[0], channels[1], channels[2], channels[3] if len(channels) > 3 else 255)


def to_esri(color: Color) -> list[int]:
    """``[r, g, b, a]``."""
    return list(color)


def from_hsv(hue: float, saturation: float, value: float, alpha: float = 100.0) -> Color:
    """hue in degrees, the others in per cent."""
    return _color(_hsv((hue, saturation, value)), alpha * 2.55)


def to_hsv(color: Color) -> tuple[float, float, float]:
    """Hue in degrees, saturation and value in per cent."""
    h, s, v = colorsys.rgb_to_hsv(color.r / 255, color.g / 255, color.b / 255)
    return h * 360, s * 100, v * 100


def to_lab(color: Color) -> tuple[float, float, float]:
    """CIELAB under D65."""
    r, g, b = (_linear(v / 255) for v in color[:3])
    xyz = (
        (0.4124564 * r + 0.3575761 * g + 0.1804375 * b) * 100,
        (0.2126729 * r + 0.7151522 * g + 0.0721750 * b) * 100,
        (0.0193339 * r + 0.1191920 * g + 0.9503041 * b) * 100,
    )
    fx, fy, fz = (_lab_forward(v / w) for v, w in zip(xyz, _D65, strict=True))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def from_lab(l: float, a: float, b: float, alpha: float = 255) -> Color:  # noqa: E741
    """CIELAB under D65, alpha 0 to 255."""
    return _color(_lab((l, a, b)), alpha)


def _color(rgb: Sequence[float], alpha: float) -> Color:
    r, g, b = (_byte(v) for v in rgb)
    return Color(r, g, b, _byte(alpha))


def _byte(value: float) -> int:
    return round(min(max(value, 0.0), 255.0)) if value == value else 0


def _rgb(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(values[:3])


def _gray(values: Sequence[float]) -> tuple[float, ...]:
    return (values[0],) * 3


def _hsv(values: Sequence[float]) -> tuple[float, ...]:
    h, s, v = values[0] % 360 / 360, min(max(values[1] / 100, 0), 1), min(max(values[2] / 100, 0), 1)
    return tuple(c * 255 for c in colorsys.hsv_to_rgb(h, s, v))


def _hsl(values: Sequence[float]) -> tuple[float, ...]:
    h, s, l = values[0] % 360 / 360, min(max(values[1] / 100, 0), 1), min(max(values[2] / 100, 0), 1)  # noqa: E741
    return tuple(c * 255 for c in colorsys.hls_to_rgb(h, l, s))


def _cmyk(values: Sequence[float]) -> tuple[float, ...]:
    c, m, y, k = (min(max(v / 100, 0), 1) for v in values[:4])
    return tuple(255 * (1 - ink) * (1 - k) for ink in (c, m, y))


def _lab(values: Sequence[float]) -> tuple[float, ...]:
    fy = (min(max(values[0], 0), 100) + 16) / 116
    fx, fz = fy + min(max(values[1], -128), 128) / 500, fy - min(max(values[2], -128), 128) / 200
    return _xyz(tuple(_lab_backward(f) * w for f, w in zip((fx, fy, fz), _D65, strict=True)))


def _xyz(values: Sequence[float]) -> tuple[float, ...]:
    x, y, z = (min(max(v, 0), 200) / 100 for v in values[:3])
    linear = (
        3.2404542 * x - 1.5371385 * y - 0.4985314 * z,
        -0.9692660 * x + 1.8760108 * y + 0.0415560 * z,
        0.0556434 * x - 0.2040259 * y + 1.0572252 * z,
    )
    return tuple(255 * (12.92 * v if v <= 0.0031308 else 1.055 * v ** (1 / 2.4) - 0.055) for v in (max(v, 0.0) for v in linear))


def _linear(v: float) -> float:
    return v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4


def _lab_forward(t: float) -> float:
    return t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116


def _lab_backward(f: float) -> float:
    return f**3 if f**3 > 0.008856 else (f - 16 / 116) / 7.787


_MODELS = {
    "rgb": (3, _rgb),
    "hsv": (3, _hsv),
    "hsl": (3, _hsl),
    "cmyk": (4, _cmyk),
    "lab": (3, _lab),
    "gray": (1, _gray),
    "xyz": (3, _xyz),
}
