"""The settings of QGIS labels as one list of names, whichever version wrote them: elements of QGIS 3, or properties of QGIS 2."""

from __future__ import annotations

from rendermap.symbology.qgis.overrides import Override, read_collection
from rendermap.symbology.qgis.properties import Properties
from rendermap.symbology.xml_document import XmlNode

_PREFIX = "labeling/"
_GROUPS = ("text-style", "text-format", "placement", "rendering")
_IN_STYLE = ("text-buffer", "background", "shadow", "text-mask")
_UNITS_OF_QGIS2 = {
    "fontSizeInMapUnits": "fontSizeUnit",
    "bufferSizeInMapUnits": "bufferSizeUnits",
    "distInMapUnits": "distUnits",
    "labelOffsetInMapUnits": "offsetUnits",
}


def of_qgis3(settings: XmlNode) -> Properties:
    """A ``settings`` element."""
    values: dict[str, str] = {}
    style = settings.child("text-style")
    for node in (*(settings.child(name) for name in _GROUPS), *((style or settings).child(name) for name in _IN_STYLE)):
        values |= {str(key): str(value) for key, value in node.element.attrib.items()} if node else {}
    return Properties(settings, values, _overrides(settings))


def _overrides(settings: XmlNode) -> dict[str, Override]:
    return read_collection(settings.child("dd_properties"))


def of_qgis2(root: XmlNode) -> Properties | None:
    """The custom properties of a layer; None where it has no labels."""
    properties = root.child("customproperties")
    if properties is None:
        return None
    given = {p.attribute("key").removeprefix(_PREFIX): p.attribute("value") for p in properties.children("property")}
    if given.get("enabled", "").lower() != "true" or not given.get("fieldName"):
        return None
    values = {_color_name(key): value for key, value in given.items()}
    values |= {f"{part}Color": _color(given, f"{part}Color") for part in ("text", "buffer", "shapeFill", "shapeBorder")}
    values |= {unit: "MapUnit" for key, unit in _UNITS_OF_QGIS2.items() if given.get(key, "").lower() == "true"}
    node = XmlNode(properties.element, properties.notes)
    for key, value in given.items():
        if key.startswith("dataDefined/") and value.startswith("1~~"):
            node.warn(f"{key.removeprefix('dataDefined/')} of labels by the feature", "the same for all labels")
    return Properties(node, {key: value for key, value in values.items() if value})


def _color_name(key: str) -> str:
    return "rotationAngle" if key == "angleOffset" else key


def _color(given: dict[str, str], name: str) -> str:
    channels = [given.get(name + channel, "") for channel in "RGBA"]
    return ",".join(channel for channel in channels if channel) if all(channels[:3]) else ""
