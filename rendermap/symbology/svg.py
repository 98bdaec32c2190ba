"""Vector images of style documents made safe and plain: shapes and paint only, sized, with nothing that refers outside.

Mapnik reads these files itself, and draws what lies in ``defs``, knows no clipping and only gradients in the image's own units; so what
is kept is an allow-list, references inside the image are replaced by what they name, and the rest is noted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field

from lxml import etree

from rendermap.errors import StyleInvalid
from rendermap.limits import SVG_ATTRIBUTES, SVG_CHARS, SVG_ELEMENTS, SVG_STOPS
from rendermap.symbology.document import MOST_NOTES, beyond, to_number
from rendermap.symbology.gallery import Gallery
from rendermap.symbology.xml_document import XmlNode, parse_xml

SVG = "http://www.w3.org/2000/svg"
_SHAPES = frozenset(("path", "rect", "circle", "ellipse", "line", "polyline", "polygon"))
_GROUPS = frozenset(("g", "svg", "a", "switch", "symbol"))
_GRADIENTS = frozenset(("linearGradient", "radialGradient"))
_SILENT = frozenset(("defs", "title", "desc", "metadata", "namedview", "style", "RDF", "sodipodi", "clipPath", *_GRADIENTS))
_ACTIVE = frozenset(("script", "foreignObject", "iframe", "handler", "listener"))
_GEOMETRY = ("d", "x", "y", "width", "height", "cx", "cy", "r", "rx", "ry", "x1", "y1", "x2", "y2", "points", "transform")
_PAINT = (
    "fill",
    "fill-opacity",
    "fill-rule",
    "stroke",
    "stroke-width",
    "stroke-opacity",
    "stroke-linecap",
    "stroke-linejoin",
    "stroke-miterlimit",
    "stroke-dasharray",
    "stroke-dashoffset",
    "opacity",
    "color",
    "display",
    "visibility",
)
_STOP = ("offset", "stop-color", "stop-opacity")
_GRADIENT = ("x1", "y1", "x2", "y2", "cx", "cy", "r", "fx", "fy", "gradientTransform", "gradientUnits", "spreadMethod")
_DECLARED = frozenset((*_GEOMETRY, *_PAINT, *_STOP, *_GRADIENT))
_LONGEST_LENGTH = 64
_LENGTH = re.compile(r"([-+]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)\s*(px|pt|mm|cm|in|pc|%|)\Z")
_PX = {"": 1.0, "px": 1.0, "pt": 96 / 72, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96.0, "pc": 16.0}
_PLAIN = re.compile(r"[#\w\s.,%()+\-/]*\Z")
_LOCAL = re.compile(r"\s*url\(\s*[\"']?#([\w.\-]+)[\"']?\s*\)\s*\Z")


@dataclass(frozen=True, slots=True)
class Drawing:
    """A safe image.  content: SVG whose view box is 0 0 width_px height_px.  notes: what of it is not drawn."""

    content: bytes
    width_px: float
    height_px: float
    notes: tuple[str, ...] = ()


def read_svg(content: bytes, gallery: Gallery | None = None) -> Drawing:
    """The image with what is not shape or paint taken out.

    gallery: of its document, where what reading it takes is counted.

    Raises StyleInvalid when it is not SVG, holds script or entities, has no size, or too many elements, stops of
    gradients or characters, each counted as often as it is used.
    """
    root = parse_xml(content, "image")
    if root.name != "svg":
        raise StyleInvalid(reason=f"image: <{root.name}> is not SVG")
    (left, top, across, down), share = _frame(root)
    width, height = across * share, down * share
    cleaner = _Cleaner({str(e.get("id")): XmlNode(e) for e in root.element.iter() if e.get("id")}, dict(_classes(root)))
    made = _page(width, height)
    placed = f"scale({_spell(share)}) translate({_spell(-left)},{_spell(-top)})"
    try:
        cleaner.keep(root, etree.SubElement(made, f"{{{SVG}}}g", transform=placed), 0)
    finally:
        if gallery is not None:
            gallery.spend_drawing(cleaner.count + cleaner.stops, cleaner.characters + len(content))
    for gradient in cleaner.gradients.values():
        made.insert(0, gradient)
    etree.cleanup_namespaces(made)
    return Drawing(bytes(etree.tostring(made)), width, height, tuple(cleaner.notes))


def stretched(drawing: Drawing, width_px: float, height_px: float) -> bytes:
    """The image brought to a size, with an unseen rectangle of that size, for Mapnik centres an image by the box of its paths."""
    root = etree.fromstring(drawing.content)
    scale = f"scale({_spell(width_px / drawing.width_px)},{_spell(height_px / drawing.height_px)})"
    made = _page(width_px, height_px)
    etree.SubElement(made, f"{{{SVG}}}g", transform=scale).extend(root)
    return bytes(etree.tostring(made))


def repeated(drawing: Drawing, width_px: float, height_px: float, counts: tuple[int, int]) -> bytes:
    """A tile that holds the image several times across and down."""
    across, down = width_px / counts[0], height_px / counts[1]
    root = etree.fromstring(drawing.content)
    made = _page(width_px, height_px)
    scale = f"scale({_spell(across / drawing.width_px)},{_spell(down / drawing.height_px)})"
    for column in range(counts[0]):
        for row in range(counts[1]):
            place = f"translate({_spell(column * across)},{_spell(row * down)}) {scale}"
            etree.SubElement(made, f"{{{SVG}}}g", transform=place).extend(deepcopy(child) for child in root)
    return bytes(etree.tostring(made))


def _page(width: float, height: float) -> etree._Element:
    frame = f'width="{_spell(width)}" height="{_spell(height)}" viewBox="0 0 {_spell(width)} {_spell(height)}"'
    page = etree.fromstring(f'<svg xmlns="{SVG}" {frame}/>')
    square = f"M0 0L{_spell(width)} 0L{_spell(width)} {_spell(height)}L0 {_spell(height)}Z"
    etree.SubElement(page, f"{{{SVG}}}path", d=square, fill="none", stroke="none")
    return page


@dataclass
class _Cleaner:
    """Walks an image once and keeps what is safe.  named: elements by id.  classes: paint by class name.

    paints: what was made of the gradients that were met.  count, stops, characters: of elements, gradients and attributes so far.
    """

    named: dict[str, XmlNode]
    classes: dict[str, dict[str, str]]
    gradients: dict[str, etree._Element] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    paints: dict[str, str] = field(default_factory=dict)
    count: int = 0
    stops: int = 0
    characters: int = 0

    def keep(self, node: XmlNode, into: etree._Element, used: int) -> None:
        """Append what is drawn of an element.  used: how many references deep."""
        self.count += 1
        if self.count > SVG_ELEMENTS.value:
            raise node.beyond(SVG_ELEMENTS)
        self._count_attributes(node)
        if node.name in _ACTIVE or any(str(k).lower().startswith("on") for k in node.element.attrib):
            raise StyleInvalid(reason=f"image: {node.where}: script")
        if node.name in _SHAPES:
            into.append(self._element(node, (*_GEOMETRY, *_PAINT)))
        elif node.name in _GROUPS and not (node.name == "symbol" and not used):
            group = self._element(node, ("transform", *_PAINT), "g")
            into.append(group)
            for child in node.children():
                self.keep(child, group, used)
        elif node.name == "use":
            self._use(node, into, used)
        elif node.name not in _SILENT:
            self._note(f"<{node.name}> in an image")

    def _use(self, node: XmlNode, into: etree._Element, used: int) -> None:
        target = node.attribute("href")
        found = self.named.get(target[1:]) if target.startswith("#") else None
        if found is None or used >= 4:
            self._note(f"a reference to {target[:40]!r} in an image")
            return
        group = self._element(node, ("transform", *_PAINT), "g")
        shift = f"translate({node.attribute('x', '0')},{node.attribute('y', '0')})"
        if _PLAIN.match(shift):
            group.set("transform", f"{group.get('transform', '')} {shift}".strip())
        into.append(group)
        self.keep(found, group, used + 1)

    def _element(self, node: XmlNode, allowed: tuple[str, ...], name: str = "") -> etree._Element:
        made = etree.Element(f"{{{SVG}}}{name or node.name}")
        given = {key: node.attribute(key) for key in allowed if node.attribute(key)}
        for by_class in node.attribute("class").split():
            declared = self.classes.get(by_class, {})
            self._count_characters(sum(map(len, declared.values())))
            given |= declared
        given |= _declarations(node.attribute("style"))
        for key, value in given.items():
            if key in allowed and (safe := self._safe(key, value)):
                made.set(key, safe)
        if any(node.attribute(key) for key in ("clip-path", "mask", "filter")):
            self._note("clipping, masks and filters in an image")
        return made

    def _safe(self, key: str, value: str) -> str:
        reference = _LOCAL.match(value)
        if reference and key in ("fill", "stroke"):
            return self._gradient(reference.group(1))
        if value.strip() in ("currentColor", "context-fill", "context-stroke"):
            return "#000000"
        if not _PLAIN.match(value) or "url" in value.lower():
            self._note(f"{key}={value[:40]!r} in an image")
            return ""
        return value.strip()

    def _count_attributes(self, node: XmlNode) -> None:
        if len(node.element.attrib) > SVG_ATTRIBUTES.value:
            raise node.beyond(SVG_ATTRIBUTES)
        self._count_characters(sum(map(len, node.element.attrib.values())))

    def _count_characters(self, count: int) -> None:
        self.characters += count
        if self.characters > SVG_CHARS.value:
            raise beyond(SVG_CHARS, "image")

    def _gradient(self, name: str) -> str:
        """The gradient itself where Mapnik can draw it, else its middle colour."""
        if name not in self.paints:
            self.paints[name] = self._new_gradient(name)
        return self.paints[name]

    def _new_gradient(self, name: str) -> str:
        found = self.named.get(name)
        if found is None or found.name not in _GRADIENTS:
            self._note(f"a pattern {name[:40]!r} in an image")
            return "none"
        self._count_attributes(found)
        stops = self._stops(found)
        if found.attribute("gradientUnits") != "userSpaceOnUse":
            self._note("a gradient relative to its shape in an image, drawn as its middle colour")
            return stops[len(stops) // 2].get("stop-color", "#000000") if stops else "none"
        made = self._element(found, _GRADIENT)
        made.set("id", name)
        made.extend(stops)
        self.gradients[name] = made
        return f"url(#{name})"

    def _stops(self, gradient: XmlNode) -> list[etree._Element]:
        """Its own, or those of the gradient it refers to."""
        other = self.named.get(gradient.attribute("href")[1:])
        owner = gradient if gradient.child("stop") or other is None else other
        return [self._stop(stop) for stop in owner.children("stop")]

    def _stop(self, stop: XmlNode) -> etree._Element:
        self.stops += 1
        if self.stops > SVG_STOPS.value:
            raise beyond(SVG_STOPS, "image")
        self._count_attributes(stop)
        return self._element(stop, _STOP)

    def _note(self, text: str) -> None:
        if len(self.notes) < MOST_NOTES and text not in self.notes:
            self.notes.append(text)


def _frame(root: XmlNode) -> tuple[tuple[float, float, float, float], float]:
    """(the view box as left, top, width, height; px per its unit): its shape counts where it and the image's own sides differ."""
    numbers = [to_number(part) for part in root.attribute("viewBox").replace(",", " ").split()]
    width, height = _length(root.attribute("width")), _length(root.attribute("height"))
    left, top, across, down = (float(n or 0.0) for n in numbers) if len(numbers) == 4 else (0.0, 0.0, width or 0.0, height or 0.0)
    if not (0 < across < 1e6 and 0 < down < 1e6):
        raise StyleInvalid(reason="image: an SVG without a size")
    share = (width or across) / across
    return (left, top, across, down), share if 0 < share * across < 1e6 else 1.0


def _length(text: str) -> float | None:
    text = text.strip()
    found = _LENGTH.match(text) if len(text) <= _LONGEST_LENGTH else None
    return float(found.group(1)) * _PX[found.group(2)] if found and found.group(2) in _PX else None


def _classes(root: XmlNode) -> Iterator[tuple[str, dict[str, str]]]:
    """Class selectors of the image's own style sheets; other selectors do not count."""
    for element in root.element.iter(f"{{{SVG}}}style"):
        # Split, for a search for whole rules begins anew at every character of a text without braces.
        for rule in (element.text or "").split("}")[:-1]:
            head, _, body = rule.rpartition("{")
            declared = {key: value for key, value in _declarations(body).items() if key in _DECLARED}
            for selector in head.rpartition("{")[2].split(","):
                if re.fullmatch(r"\.[\w-]+", selector.strip()):
                    yield selector.strip()[1:], declared


def _declarations(text: str) -> dict[str, str]:
    pairs = (part.split(":", 1) for part in text.split(";") if ":" in part)
    return {key.strip(): value.replace("!important", "").strip() for key, value in pairs}


def _spell(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".") or "0"
