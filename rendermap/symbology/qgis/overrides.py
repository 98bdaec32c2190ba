"""Properties that the feature decides ("data defined"), as QGIS 2 and QGIS 3 spell them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from rendermap.errors import RendermapError
from rendermap.symbology.document import to_number
from rendermap.symbology.expressions.qgis import parse_condition, parse_value
from rendermap.symbology.expressions.tree import Column, Expression, Operand
from rendermap.symbology.symbols import SizeBy
from rendermap.symbology.xml_document import XmlNode

_FIELD, _EXPRESSION = "2", "3"
_SIZES, _COLORS = "1", "2"
_SCALE = re.compile(r"scale_(linear|exp|polynomial)\s*\((.*)\)", re.IGNORECASE | re.DOTALL)
_COALESCE = re.compile(r"coalesce\s*\((.*)\)", re.IGNORECASE | re.DOTALL)
_EXPONENTS = {"0": 1.0, "1": 0.5, "2": 0.57}
_STEPS = 16
_LARGEST_PT = 144.0
_PLAIN_NAME = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, slots=True)
class Override:
    """One property.

    text: the field's name or the expression.  scale: how QGIS 3's assistant maps the number to sizes, shade: to colours; empty without it.
    """

    node: XmlNode
    text: str
    is_field: bool = False
    scale: Mapping[str, str] = field(default_factory=dict)
    shade: Mapping[str, str] = field(default_factory=dict)

    def value(self) -> Operand | None:
        """The value of the feature; None, with a warning, when the expression is outside the subset."""
        return Column(self.text) if self.is_field else value_of(self.text, self.node)

    def size_by(self, own_pt: float, unit_pt: float, *, by_area: bool = False) -> SizeBy | None:
        """How the feature makes a symbol of own_pt larger; None, with a warning, when that cannot be told.

        unit_pt: points per unit of the sizes.  by_area: the size is the root of the number.
        """
        text, stops = (self.text, _assistant_stops(self.scale)) if self.scale else _scale_call(self.text)
        value: Operand | None = Column(self.text) if self.is_field else value_of(text, self.node)
        if value is None or own_pt <= 0:
            return None
        if not stops:
            return self._by_number(value, own_pt / unit_pt, by_area)
        return SizeBy(value, tuple((number, (size**0.5 if by_area else size) * unit_pt / own_pt) for number, size in stops))

    def _by_number(self, value: Operand, own: float, by_area: bool) -> SizeBy:
        """The number is the size itself.  own: the symbol's size in the same unit."""
        largest = _LARGEST_PT
        self.node.warn(f"sizes by {self.text[:80]!r}", "those over 50 mm are drawn at 50 mm")
        return SizeBy(value, ((0.0, 0.0), (largest**2 if by_area else largest, largest / own)), 0.5 if by_area else 1.0)


def value_of(text: str, node: XmlNode) -> Operand | None:
    """An expression's value; None, with a warning, when it is outside the subset."""
    try:
        return parse_value(text)
    except RendermapError as error:
        node.warn(f"the expression {text[:120]!r} ({error.reason or error.sentence})", "nothing is made of it")
        return None


def condition_of(text: str, node: XmlNode) -> Expression:
    """A condition.  One that cannot be understood is an error: without it, hidden features would show.  Raises StyleInvalid."""
    try:
        return parse_condition(text)
    except RendermapError as error:
        raise node.wrong(f"filter={text[:120]!r}", f"a condition of the subset ({error.reason or error.sentence})") from error


def field_or_value(text: str, node: XmlNode) -> tuple[str, Operand | None]:
    """(field, None) where a text is the name of a field, else ("", value); ("", None), with a warning, when it is neither."""
    if _PLAIN_NAME.fullmatch(text):
        return text, None
    value: Operand | None
    try:
        value = parse_value(text)
    except RendermapError:
        # Names are written without quotes where the attribute is just a field.
        if not re.search(r"""["'()\[\]$@]""", text):
            return text, None
        value = value_of(text, node)
    return (value.name, None) if isinstance(value, Column) else ("", value)


def read_overrides(node: XmlNode, values: Mapping[str, str]) -> dict[str, Override]:
    """The active overrides of a symbol layer by the names of QGIS 3.  values: its properties, which hold those of QGIS 2."""
    return {**_of_qgis2(node, values), **read_collection(node.child("data_defined_properties"))}


def read_collection(node: XmlNode | None) -> dict[str, Override]:
    """The active properties of a collection of QGIS 3."""
    root = node.child("Option") if node is not None else None
    listed = _named(root, "properties") if root else None
    found = {}
    for option in listed.children("Option") if listed else ():
        override = _of_option(option)
        if override:
            found[option.attribute("name")] = override
    return found


def _of_option(option: XmlNode) -> Override | None:
    values = {inner.attribute("name"): inner.attribute("value") for inner in option.children("Option")}
    if values.get("active") not in ("true", "1") or values.get("type") not in (_FIELD, _EXPRESSION):
        return None
    is_field = values["type"] == _FIELD
    text = values.get("field" if is_field else "expression", "")
    return Override(option, text, is_field, *_assistant(option)) if text else None


def _assistant(option: XmlNode) -> tuple[dict[str, str], dict[str, str]]:
    """(scale, shade) of `Override`."""
    transformer = _named(option, "transformer")
    if transformer is None:
        return {}, {}
    details, kind = _named(transformer, "d"), _named(transformer, "t")
    told = kind.attribute("value") if kind else ""
    if details is None or told not in (_SIZES, _COLORS):
        transformer.warn("a transformed value", "the value itself is used")
        return {}, {}
    values = _options(details)
    if told == _SIZES:
        return values, {}
    ramp = _named(details, "colorramp")
    stops = _named(ramp, "properties") if ramp else None
    return {}, {**values, **(_options(stops) if stops else {})}


def _options(node: XmlNode) -> dict[str, str]:
    return {inner.attribute("name"): inner.attribute("value") for inner in node.children("Option")}


def _named(node: XmlNode, name: str) -> XmlNode | None:
    return next((option for option in node.children("Option") if option.attribute("name") == name), None)


_QGIS2_NAMES = {"color": "fillColor", "color_border": "outlineColor", "outline_width": "outlineWidth", "width_border": "outlineWidth"}


def _of_qgis2(node: XmlNode, values: Mapping[str, str]) -> dict[str, Override]:
    found = {}
    for key in values:
        name = key.removesuffix("_dd_active")
        if name == key or values[key] != "1":
            continue
        is_field = values.get(f"{name}_dd_useexpr") != "1"
        text = values.get(f"{name}_dd_field" if is_field else f"{name}_dd_expression", "")
        if text:
            found[_QGIS2_NAMES.get(name, name)] = Override(node, text, is_field)
    return found


# --- sizes -------------------------------------------------------------------------------------------------------------


def _assistant_stops(scale: Mapping[str, str]) -> tuple[tuple[float, float], ...]:
    numbers = [to_number(scale.get(key, "")) for key in ("minValue", "maxValue", "minSize", "maxSize")]
    kind = scale.get("scaleType", "0")
    exponent = _EXPONENTS.get(kind) or to_number(scale.get("exponent", "")) or 1.0
    return _stops([n for n in numbers if n is not None], exponent)


def _stops(numbers: list[float], exponent: float) -> tuple[tuple[float, float], ...]:
    """(number, size) pairs of a power curve between two numbers; numbers: lowest, highest, size at the lowest, size at the highest."""
    if len(numbers) != 4 or not numbers[1] > numbers[0]:
        return ()
    low, high, small, large = numbers
    steps = 1 if exponent == 1.0 else _STEPS
    shares = [i / steps for i in range(steps + 1)]
    # More stops where a root rises steeply.
    shares = [share**2 for share in shares] if exponent < 1 else shares
    return tuple((low + (high - low) * share, max(small + (large - small) * share**exponent, 0.0)) for share in shares)


def _scale_call(text: str) -> tuple[str, tuple[tuple[float, float], ...]]:
    """(the number's expression, stops) of ``scale_linear`` and its kin, also inside ``coalesce``; (the text, no stops) for others."""
    inner = text.strip()
    whole = _COALESCE.fullmatch(inner)
    inner = _arguments(whole[1])[0].strip() if whole else inner
    call = _SCALE.fullmatch(inner)
    arguments = _arguments(call[2]) if call else []
    numbers = [n for n in (to_number(a.strip()) for a in arguments[1:]) if n is not None]
    if not call or len(numbers) != len(arguments) - 1:
        return text, ()
    exponent = 1.0 if call[1].lower() == "linear" else numbers[4] if len(numbers) == 5 else 0.0
    return (arguments[0], _stops(numbers[:4], exponent)) if exponent > 0 else (text, ())


def _arguments(text: str) -> list[str]:
    """The arguments of a call, split at its own commas."""
    parts, depth, quote = [""], 0, ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter == "," and depth == 0:
            parts.append("")
            continue
        depth += (letter == "(") - (letter == ")") if not quote else 0
        parts[-1] += letter
    return parts
