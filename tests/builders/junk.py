"""Documents of style languages with something else at one place: JSON samples are dictionaries, XML samples are texts."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import strategies as st
from lxml import etree

Sample = dict[str, Any] | str

KEYS = (
    "symbol",
    "fields",
    "groups",
    "classes",
    "values",
    "color",
    "layers",
    "type",
    "renderer",
    "colorizer",
    "field",
    "breaks",
    "colorRamp",
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=6,
)
_XML_TEXT = st.sampled_from(
    ("", " ", "0", "-1", "1e400", "nan", "-inf", "1;2;3", "1,2", "#12", "#zzzzzz", "true", "a b", "0x41", "\N{GREEK SMALL LETTER ALPHA}")
) | st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), max_size=8)
_NOT_JSON = (b"", b"   ", b"\xff\xfe", b"{", b"[]", b"null", b"{}", b"[" * 100_000, b'{"a":' * 5000 + b"1" + b"}" * 5000)
_BOMB = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 10))
_NOT_XML = (
    b"",
    b"   ",
    b"\xff\xfe",
    b"<",
    b"{}",
    b"<a/>",
    b"<?xml version='1.0'?>",
    b"<a>" * 5000 + b"</a>" * 5000,
    b"<a>" * 200 + b"</a>" * 200,
    f'<!DOCTYPE a [<!ENTITY e0 "lol">{_BOMB}]><a>&e9;</a>'.encode(),
    b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>',
    b'<!DOCTYPE a [<!ENTITY % e SYSTEM "http://127.0.0.1:9/e.dtd"> %e;]><a>1</a>',
)


def is_xml(sample: Sample) -> bool:
    """True for a sample in XML."""
    return isinstance(sample, str)


def content_of(sample: Sample) -> bytes:
    """The sample as a file holds it, in UTF-8."""
    return sample.encode() if isinstance(sample, str) else json.dumps(sample).encode()


def no_documents(sample: Sample) -> tuple[bytes, ...]:
    """What is no document of the sample's kind: empty, cut, other text, too deep, entities."""
    return _NOT_XML if is_xml(sample) else _NOT_JSON


def with_junk(sample: Sample, data: st.DataObject) -> bytes:
    """The sample with something else at one place."""
    if isinstance(sample, str):
        return _xml_with_junk(sample, data)
    path = data.draw(st.sampled_from(places(sample)))
    changed = json.loads(json.dumps(sample))
    inside = changed
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = data.draw(_JSON)
    return json.dumps(changed).encode("utf-8", "surrogatepass")


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in a JSON document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [*([path] if path else []), *(p for key, item in inner for p in places(item, (*path, key)))]


def _xml_with_junk(sample: str, data: st.DataObject) -> bytes:
    """One element of the document with another text or attribute, another name, other children, twice, or not at all."""
    root = etree.fromstring(sample.encode())
    elements = [e for e in root.iter() if isinstance(e.tag, str)]
    one, other = data.draw(st.sampled_from(elements)), data.draw(st.sampled_from(elements))
    match data.draw(st.sampled_from(("text", "attribute", "name", "child", "twice", "gone", "empty", "tail"))):
        case "attribute" if one.attrib:
            one.set(data.draw(st.sampled_from(sorted(one.attrib))), data.draw(_XML_TEXT))
        case "name":
            one.tag = other.tag
        case "child":
            one.append(copy.deepcopy(other))
        case "twice" if one.getparent() is not None:
            one.addnext(copy.deepcopy(one))
        case "gone" if one.getparent() is not None:
            one.getparent().remove(one)
        case "empty":
            one.clear()
        case "tail" if one.getparent() is not None:
            one.tail = data.draw(_XML_TEXT)
        case _:
            one.text = data.draw(_XML_TEXT)
    return etree.tostring(root, encoding="utf-8")
