"""QGIS labels -> label classes."""

from __future__ import annotations

from collections.abc import Iterator

from rendermap.symbology.document import to_number
from rendermap.symbology.expressions.tree import And, Call, Column, Expression, Literal, Operand
from rendermap.symbology.fonts import tell_stand_in
from rendermap.symbology.labels import LabelClass, Placement, TextSymbol, told_repeat
from rendermap.symbology.qgis.overrides import condition_of, value_of
from rendermap.symbology.qgis.properties import Properties
from rendermap.symbology.readers.qml.label_settings import of_qgis2, of_qgis3
from rendermap.symbology.readers.qml.rules import Inherited, check_count, walk_rules
from rendermap.symbology.readers.style_reader import to_scale_denominator
from rendermap.symbology.symbols import BLACK, Color, faded
from rendermap.symbology.xml_document import XmlNode

_AROUND_POINT, _OVER_POINT, _LINE, _CURVED, _HORIZONTAL, _FREE, _ORDERED, _PERIMETER, _OUTSIDE = map(str, range(9))
_ON_LINE, _ABOVE_LINE, _BELOW_LINE = 1, 2, 4
_AROUND = ("NE", "N", "E", "NW", "SE", "W", "S", "SW")
_QUADRANTS = ("NW", "N", "NE", "W", "C", "E", "SW", "S", "SE")
_POSITIONS = {"TL": "NW", "TSL": "NW", "T": "N", "TSR": "NE", "TR": "NE", "L": "W", "R": "E", "BL": "SW", "BSL": "SW", "B": "S"}
_POSITIONS |= {"BSR": "SE", "BR": "SE", "O": "C"}
_CASES = {"1": "upper", "2": "lower", "4": "title", "6": "title"}
_BOLD_WEIGHTS = (63, 100), (600, 1000)
_PT_SIZE = 10.0


def read_labels(root: XmlNode) -> tuple[LabelClass, ...]:
    """The labels of a ``qgis`` element, none where they are off.  Raises StyleInvalid."""
    if not root.flag("labelsEnabled", True):
        return ()
    labeling = root.child("labeling")
    if labeling is None:
        old = of_qgis2(root)
        return tuple(_class(old, Inherited())) if old else ()
    kind = labeling.attribute("type")
    settings = labeling.child("settings")
    rules = labeling.child("rules")
    if kind == "rule-based" and rules is not None:
        return tuple(_by_rules(rules))
    if kind == "simple" and settings is not None:
        return tuple(_class(of_qgis3(settings), Inherited()))
    if kind:
        labeling.warn(f"labels of the kind {kind!r}", "the layer is drawn without labels")
    return ()


def _by_rules(rules: XmlNode) -> Iterator[LabelClass]:
    check_count(rules)
    for rule, inherited, _ in walk_rules(rules, Inherited(), keeps_else=False):
        settings = rule.child("settings")
        if settings is not None:
            yield from _class(of_qgis3(settings), inherited, rule.attribute("description"))


def _class(given: Properties, above: Inherited, name: str = "") -> Iterator[LabelClass]:
    """One label class, or none where nothing can be written."""
    text = _text(given)
    if text is None or not given.flag("drawLabels", True):
        return
    _warn(given)
    farthest, nearest = above.farthest, above.nearest
    if given.flag("scaleVisibility"):
        far, near = to_scale_denominator(given.number("scaleMax")), to_scale_denominator(given.number("scaleMin"))
        farthest = min((s for s in (farthest, far) if s is not None), default=None)
        nearest = max((s for s in (nearest, near) if s is not None), default=None)
    turn = given.overrides.get("LabelRotation")
    yield LabelClass(
        text,
        _symbol(given),
        _placement(given),
        name,
        _filter(given, above),
        farthest,
        nearest,
        given.number("priority", default=5.0),
        turn.value() if turn else None,
        turn is not None,
    )


def _text(given: Properties) -> Operand | None:
    field = given.text("fieldName")
    if not field:
        return None
    text = value_of(field, given.node) if given.flag("isExpression") else Column(field)
    if text is None:
        return None
    case = given.text("capitalization", "fontCapitals", default="0")
    if case in ("3", "5", "7"):
        given.node.warn("small capitals or joined words", "the text is written as it is")
    text = Call(_CASES[case], (text,)) if case in _CASES else text
    if given.flag("formatNumbers"):
        text = Call("fixed", (text, Literal(int(min(max(given.number("decimals", default=3.0), 0.0), 15.0)))))
    wrap = given.text("wrapChar")
    return Call("replace", (text, Literal(wrap), Literal("\n"))) if wrap else text


def _filter(given: Properties, above: Inherited) -> Expression | None:
    show = given.overrides.get("Show")
    filters = above.filters if show is None else (*above.filters, condition_of(f'"{show.text}"' if show.is_field else show.text, show.node))
    return filters[0] if len(filters) == 1 else And(filters) if filters else None


# --- looks -------------------------------------------------------------------------------------------------------------


def _symbol(given: Properties) -> TextSymbol:
    style = given.text("namedStyle").lower()
    weight = given.number("fontWeight", default=50.0)
    box = given.flag("shapeDraw")
    if box and given.text("shapeType", default="0") not in ("0", "1"):
        given.node.warn("a label on an ellipse or a picture", "a box is used")
    halo = given.flag("bufferDraw")
    width = given.length("bufferSize", default=1.0, unit="bufferSizeUnits")
    family = given.text("fontFamily", default="DejaVu Sans")
    tell_stand_in(family, given.node.warn_once)
    return TextSymbol(
        family,
        _size(given),
        _shaded(given, "textColor", "textOpacity", "textTransp"),
        "bold" in style or given.flag("fontBold") or any(low <= weight <= high for low, high in _BOLD_WEIGHTS),
        "italic" in style or "oblique" in style or given.flag("fontItalic"),
        _shaded(given, "bufferColor", "bufferOpacity", "bufferTransp", Color(255, 255, 255)) if halo else None,
        # QGIS draws the letters' outline with a pen of this width, half of which lies outside.
        max(width, 0.0) / 2 if halo else 0.0,
        -given.number("rotationAngle") % 360.0 if given.number("rotationAngle") else 0.0,
        min(max(given.number("fontLetterSpacing"), -50.0), 50.0),
        min(max(given.number("multilineHeight", default=1.0), 0.1), 10.0),
        _shaded(given, "shapeFillColor", "shapeOpacity", "shapeTransparency", Color(255, 255, 255)) if box else None,
        _box_outline(given) if box else None,
        max(given.length("shapeSizeX", unit="shapeSizeUnit"), 0.0) if box and given.text("shapeSizeType", default="0") == "0" else 1.0,
    )


def _size(given: Properties) -> float:
    """Sizes are points where nothing else is told."""
    unit = given.text("fontSizeUnit", default="Point")
    size = given.number("fontSize", default=_PT_SIZE)
    if unit.lower() == "point":
        return min(max(size, 0.1), 500.0)
    if unit.lower() in ("mapunit", "rendermetersinmapunits", "metersinmapunit"):
        given.node.warn("a size on the ground", f"{_PT_SIZE:g} pt at every scale")
        return _PT_SIZE
    return min(max(size * given.unit_pt("fontSizeUnit"), 0.1), 500.0)


def _shaded(given: Properties, color: str, opacity: str, transparency: str, default: Color = BLACK) -> Color:
    found = given.color(color, default=default)
    share = given.number(opacity, default=1 - given.number(transparency) / 100)
    return faded(found, share)


def _box_outline(given: Properties) -> Color | None:
    return given.color("shapeBorderColor") if given.number("shapeBorderWidth") > 0 else None


# --- places ------------------------------------------------------------------------------------------------------------


def _placement(given: Properties) -> Placement:
    kind = given.text("placement", default=_AROUND_POINT)
    anchors, along = _places(given, kind)
    is_over = kind in (_OVER_POINT, _HORIZONTAL, _FREE)
    dx, dy = (given.length(f"{axis}Offset", unit="offsetUnits") for axis in "xy") if kind == _OVER_POINT else (0.0, 0.0)
    return Placement(
        anchors,
        along,
        _side(given) if kind in (_LINE, _CURVED, _PERIMETER) else "on",
        0.0 if is_over else max(given.length("dist", unit="distUnits"), 0.0),
        dx,
        -dy or 0.0,
        told_repeat(given.length("repeatDistance", unit="repeatDistanceUnits"), given.node.warn),
        given.flag("displayAll") or given.text("overlapHandling") in ("AllowOverlapIfRequired", "AllowOverlapAtNoCost"),
        given.flag("fitInPolygonOnly"),
        given.flag("labelPerPart"),
        int(min(max(given.number("autoWrapLength"), 0.0), 1000.0)),
    )


def _places(given: Properties, kind: str) -> tuple[tuple[str, ...], str]:
    """(anchors, how along lines)."""
    if kind in (_PERIMETER, _OUTSIDE):
        given.node.warn("labels along or outside the edge of polygons", "they stand inside")
    match kind:
        case "0":
            return _AROUND, "horizontal"
        case "1":
            return (_QUADRANTS[int(given.number("quadOffset", default=4.0)) % 9],), "horizontal"
        case "6":
            names = given.text("predefinedPositionOrder", default="TR,TL,BR,BL,R,L,TSR,BSR").split(",")
            return tuple(dict.fromkeys(_POSITIONS[name] for name in names if name in _POSITIONS)) or _AROUND, "horizontal"
        case "3" | "7":
            return ("C",), "curved"
        case "2" | "5":
            return ("C",), "straight"
    return ("C",), "horizontal"


def _side(given: Properties) -> str:
    flags = int(to_number(given.text("placementFlags", default="10")) or 0)
    return "above" if flags & _ABOVE_LINE else "below" if flags & _BELOW_LINE else "on"


def _warn(given: Properties) -> None:
    node = given.node
    for key, words in (
        ("shadowDraw", "shadows of labels"),
        ("maskEnabled", "masks around labels"),
        ("useSubstitutions", "texts replaced by others"),
        ("addDirectionSymbol", "arrows in labels"),
        ("geometryGeneratorEnabled", "labels at a made geometry"),
        ("limitNumLabels", "a largest number of labels"),
    ):
        if given.flag(key):
            node.warn(words, "labels are drawn without them")
    if given.text("textOrientation", default="horizontal") != "horizontal":
        node.warn("text that runs downwards", "it runs along the line")
    if given.text("blendMode", default="0") != "0":
        node.warn("blended labels", "they are drawn over the map")
    if _has_callout(node):
        node.warn("lines from labels to their features", "labels are drawn without them")
    given.warn_overrides("LabelRotation", "Show")


def _has_callout(node: XmlNode) -> bool:
    options = node.path("callout", "Option")
    return any(o.attribute("name") == "enabled" and o.attribute("value") == "1" for o in (options.children("Option") if options else ()))
