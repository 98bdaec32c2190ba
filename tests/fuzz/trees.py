"""Damage that leaves a text well-formed: values, members and elements of JSON, XML and TOML that are not what they should be."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

from lxml import etree

from tests.fuzz.mutations import WORDS

NUMBERS = (0, 1, -1, 2, 0.5, -0.0, 1e-300, 1e300, -1e300, 1e17, 255, 256, 65536, -32768, 2**31, 2**53, 2**64, 10**30)
TOML_VALUE = re.compile(r'"[^"\n]*"|[-+.\w:]+')


def damaged_tree(chance: Random, name: str, content: bytes) -> bytes | None:
    """The text with one to five damages, None where it cannot be read as what its name says."""
    damage = _DAMAGES.get(Path(name).suffix)
    try:
        return damage(chance, content) if damage else None
    except (ValueError, etree.XMLSyntaxError):
        return None


def _times(chance: Random) -> range:
    return range(chance.choice((1, 1, 2, 3, 5)))


# --- JSON --------------------------------------------------------------------------------------------------------------


def _damage_json(chance: Random, content: bytes) -> bytes:
    root = json.loads(content)
    for _ in _times(chance):
        places = list(_places(root))
        if places:
            _change_member(chance, *chance.choice(places), [holder[key] for holder, key in places])
    return json.dumps(root, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every (holder, key or index) in a document."""
    for key in list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
        yield node, key
        yield from _places(node[key])


def _change_member(chance: Random, holder: Any, key: Any, values: list[Any]) -> None:
    match chance.randrange(8):
        case 0 | 1:
            holder[key] = chance.choice(NUMBERS)
        case 2 | 3:
            holder[key] = chance.choice(WORDS)
        case 4:
            holder[key] = chance.choice((None, True, False, [], {}, "", [holder[key]], {"type": holder[key]}))
        case 5:
            holder[key] = deepcopy(chance.choice(values))
        case 6:
            del holder[key]
        case _:
            if isinstance(holder[key], list) and len(holder[key]) < 1000:
                holder[key] = holder[key] * chance.choice((2, 20, 300))
            elif isinstance(holder[key], int | float):
                holder[key] = holder[key] * chance.choice((-1, 1000, 1e-6, 1e12))


# --- XML ---------------------------------------------------------------------------------------------------------------


def _damage_xml(chance: Random, content: bytes) -> bytes:
    root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, huge_tree=True))
    for _ in _times(chance):
        elements = [element for element in root.iter() if isinstance(element.tag, str)]
        try:
            _change_element(chance, chance.choice(elements), elements)
        except ValueError:
            continue  # letters that no XML may hold
    return etree.tostring(root, encoding="utf-8")


def _change_element(chance: Random, element: etree._Element, elements: list[etree._Element]) -> None:
    parent, value = element.getparent(), chance.choice((*map(str, NUMBERS), *WORDS))
    match chance.randrange(8):
        case 0 | 1 | 2 if element.attrib:
            element.set(chance.choice(sorted(map(str, element.attrib))), value)
        case 3:
            element.text = value
        case 4 if element.attrib:
            del element.attrib[chance.choice(sorted(map(str, element.attrib)))]
        case 5 if parent is not None:
            parent.remove(element)
        case 6 if parent is not None:
            parent.extend(deepcopy(element) for _ in range(chance.choice((1, 3, 200))))
        case _:
            element.append(deepcopy(chance.choice(elements)))


# --- TOML --------------------------------------------------------------------------------------------------------------


def _damage_toml(chance: Random, content: bytes) -> bytes:
    lines = content.decode("utf-8").splitlines()
    for _ in _times(chance):
        at = chance.randrange(len(lines))
        key, equals, value = lines[at].partition("=")
        match chance.randrange(5):
            case 0 | 1 if equals:
                lines[at] = f"{key}= {_toml(chance)}"
            case 2 if equals:
                lines[at] = f"{key}= {TOML_VALUE.sub(lambda found: chance.choice((found[0], _toml(chance))), value)}"
            case 3:
                del lines[at]
            case _:
                to = chance.randrange(len(lines))
                lines[to:to] = lines[at : at + chance.choice((1, 2, 9))]
        lines = lines or [""]
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def _toml(chance: Random) -> str:
    return chance.choice((str(chance.choice(NUMBERS)), json.dumps(chance.choice(WORDS)), "[]", "{}", "true", "inf", "nan", "2026-01-01"))


_DAMAGES: dict[str, Callable[[Random, bytes], bytes]] = {
    ".lyrx": _damage_json,
    ".json": _damage_json,
    ".geojson": _damage_json,
    ".sld": _damage_xml,
    ".qml": _damage_xml,
    ".xml": _damage_xml,
    ".toml": _damage_toml,
}
