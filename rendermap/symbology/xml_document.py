"""A style document in XML walked with its lines: names without their namespace, and a note of all that was not drawn as written.

Entities are never resolved, nothing is ever fetched, and size and depth are bounded before anything is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

from rendermap.errors import StyleInvalid
from rendermap.limits import STYLE_XML_DEPTH, Limit
from rendermap.symbology.document import Notes, StyleWarning, beyond, read_bounded, to_number


@dataclass(frozen=True, slots=True)
class XmlNode:
    """An element.  Names of children and attributes are compared without namespace; their case counts."""

    element: etree._Element
    notes: Notes = field(default_factory=Notes)

    @property
    def name(self) -> str:
        """The element's name without its namespace."""
        return _local(self.element.tag)

    @property
    def where(self) -> str:
        """For people: the line and the element's name."""
        return f"line {self.element.sourceline} <{self.name}>"

    @property
    def text(self) -> str:
        """The element's own text, stripped; empty when it has none."""
        return (self.element.text or "").strip()

    @property
    def whole_text(self) -> str:
        """The text of the element and all in it, stripped."""
        return "".join(str(text) for text in self.element.itertext()).strip()

    def serialized(self) -> bytes:
        """The element and all in it as a document of its own, in UTF-8."""
        return etree.tostring(self.element, encoding="utf-8", with_tail=False)

    def attribute(self, key: str, default: str = "") -> str:
        """An attribute's text, whatever its namespace."""
        found = self.element.get(key)
        if found is not None:
            return str(found)
        return next((str(v) for k, v in self.element.attrib.items() if _local(k) == key), default)

    def number(self, key: str, default: float = 0.0) -> float:
        """An attribute that is a finite number, default where it is absent or empty.  Raises StyleInvalid."""
        text = self.attribute(key).strip()
        if not text:
            return default
        number = to_number(text)
        if number is None:
            raise self.wrong(f"{key}={text!r}", "a number")
        return number

    def flag(self, key: str, default: bool = False) -> bool:
        """An attribute that is true or false, spelled in words or as 1 and 0."""
        text = self.attribute(key).strip().lower()
        return default if not text else text in ("1", "true", "yes")

    def child(self, name: str) -> XmlNode | None:
        """The first child of a name, None when there is none."""
        return next(self._children(name), None)

    def children(self, name: str = "") -> tuple[XmlNode, ...]:
        """The children of a name, or all."""
        return tuple(self._children(name))

    def path(self, *names: str) -> XmlNode | None:
        """The first child of the first child ... by their names."""
        found: XmlNode | None = self
        for name in names:
            found = found.child(name) if found else None
        return found

    def _children(self, name: str) -> Iterator[XmlNode]:
        for element in self.element:
            # Comments and instructions have no name.
            tag = element.tag
            if isinstance(tag, str) and (not name or tag == name or tag.endswith("}" + name)):
                yield XmlNode(element, self.notes)

    def warn(self, found: str, used: str) -> None:
        """Note that something here is not drawn as written; of very many such notes, only that there are more."""
        self.notes.add(StyleWarning(self.where, found, used))

    def warn_once(self, found: str, used: str) -> None:
        """As `warn`, but only at the first of all places where the same is found and used."""
        if not any((note.found, note.used) == (found, used) for note in self.notes):
            self.warn(found, used)

    def wrong(self, found: str, expected: str) -> StyleInvalid:
        """The error for something that is not what it must be."""
        return StyleInvalid(reason=f"{self.where}: {found}: expected {expected}")

    def beyond(self, limit: Limit, found: object = "more") -> StyleInvalid:
        """The error for more of something than is allowed."""
        return beyond(limit, f"{self.where}: {found}")


def _local(name: object) -> str:
    """A name without its namespace.  A style of 20 000 rules asks a million times, so this is plain text work."""
    return str(name).rpartition("}")[2]


def read_xml(path: Path) -> XmlNode:
    """The document's root.  Raises StyleInvalid when the file cannot be read, is too large or too deep, is not XML, or defines entities."""
    return parse_xml(read_bounded(path), str(path))


def parse_xml(raw: bytes, name: str = "document") -> XmlNode:
    """The root of XML bytes; see `read_xml`.  name: for the operator."""
    if not raw.strip():
        raise StyleInvalid(reason=f"{name}: the file is empty")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(raw, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise StyleInvalid(reason=f"{name}: not XML: {error}") from error
    dtd = root.getroottree().docinfo.internalDTD
    if dtd is not None and dtd.entities():  # type: ignore[union-attr]
        raise StyleInvalid(reason=f"{name}: the document defines entities")
    if _is_deeper_than(root, STYLE_XML_DEPTH.value):
        raise beyond(STYLE_XML_DEPTH, name)
    return XmlNode(root)


def _is_deeper_than(root: etree._Element, limit: int) -> bool:
    level = [root]
    for _ in range(limit):
        level = [inner for element in level for inner in element]
        if not level:
            return False
    return True
