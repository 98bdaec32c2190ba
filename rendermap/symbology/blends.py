"""Names of blend modes: ours, which `imaging.blend` draws, and those of each style language.

What a language names and these tables do not have is for its reader to warn of.
"""

from __future__ import annotations

from types import MappingProxyType

BLENDS = (
    "normal",
    "multiply",
    "screen",
    "overlay",
    "darken",
    "lighten",
    "color-dodge",
    "color-burn",
    "hard-light",
    "soft-light",
    "difference",
    "exclusion",
    "plus",
    "minus",
    "average",
    "invert",
    "reflect",
    "linear-burn",
    "linear-light",
    "vivid-light",
    "pin-light",
    "hue",
    "saturation",
    "color",
    "luminosity",
    "source-in",
    "source-out",
    "source-atop",
    "destination-over",
    "destination-in",
    "destination-out",
    "destination-atop",
    "xor",
    "lighter",
)

FROM_CIM = MappingProxyType(
    {
        "None": "normal",
        "Alpha": "normal",
        "Normal": "normal",
        "Screen": "screen",
        "Multiply": "multiply",
        "Add": "plus",
        "Color": "color",
        "ColorBurn": "color-burn",
        "ColorDodge": "color-dodge",
        "Darken": "darken",
        "Difference": "difference",
        "Exclusion": "exclusion",
        "HardLight": "hard-light",
        "Hue": "hue",
        "Lighten": "lighten",
        "Luminosity": "luminosity",
        "Overlay": "overlay",
        "Saturation": "saturation",
        "SoftLight": "soft-light",
        "LinearBurn": "linear-burn",
        "LinearDodge": "plus",
        "LinearLight": "linear-light",
        "PinLight": "pin-light",
        "VividLight": "vivid-light",
    }
)
"""CIM's ``blendingMode`` -> ours: every member of the enumeration."""

FROM_WEB_MAP = MappingProxyType({name: name for name in BLENDS if not name.startswith("linear-") and name != "pin-light"})
"""``blendMode`` of ArcGIS web maps and of CSS -> ours: they are the same words."""

FROM_QGIS = MappingProxyType(
    {
        0: "normal",
        1: "lighten",
        2: "screen",
        3: "color-dodge",
        4: "lighter",
        5: "darken",
        6: "multiply",
        7: "color-burn",
        8: "overlay",
        9: "soft-light",
        10: "hard-light",
        11: "difference",
        12: "exclusion",
        14: "destination-over",
        17: "source-in",
        18: "destination-in",
        19: "source-out",
        20: "destination-out",
        21: "source-atop",
        22: "destination-atop",
        23: "xor",
    }
)
"""The number in a QGIS style's ``blendMode`` (`QgsPainting::BlendMode`, not QPainter's own) -> ours.

QGIS adds with Porter and Duff's plus, and what it calls subtract (12) it paints as exclusion.
"""
