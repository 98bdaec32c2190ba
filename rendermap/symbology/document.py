"""A style document (JSON) walked with its path: checked types, keys in any case, and a note of all that was not drawn as written."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rendermap.errors import StyleInvalid
from rendermap.limits import STYLE_BYTES, STYLE_JSON_DEPTH, Limit
from rendermap.symbology.gallery import Gallery

MOST_NOTES = 200
_UNSET = 1.7e308


@dataclass(frozen=True, slots=True)
class StyleWarning:
    """Something the document says that is not drawn as it says.

    where: JSON path.  found: what stands there.  used: what is drawn instead.
    """

    where: str
    found: str
    used: str

    def __str__(self) -> str:
        return f"{self.where}: {self.found}; {self.used}"


class Notes(list[StyleWarning]):
    """The warnings of one document, each once; of very many, only that there are more.

    gallery: the pictures of the document, which its layers share.
    """

    def __init__(self, gallery: Gallery | None = None) -> None:
        super().__init__()
        self._seen: set[StyleWarning] = set()
        self.gallery = gallery or Gallery()

    def add(self, note: StyleWarning) -> None:
        """Keep a warning that is new."""
        if len(self) > MOST_NOTES or note in self._seen:
            return
        self._seen.add(note)
        self.append(note if len(self) < MOST_NOTES else StyleWarning(note.where, "more that cannot be drawn as written", "see above"))


@dataclass(frozen=True, slots=True)
class Node:
    """A JSON object at a path.  Keys are found without regard to case: real files differ in it (``uRI``, ``URI``)."""

    value: Mapping[str, Any]
    path: str
    notes: Notes = field(default_factory=Notes)

    def get(self, key: str) -> Any:
        """The raw value, or None when absent or null."""
        found = self.value.get(key)
        if found is not None:
            return found
        wanted = key.lower()
        return next((v for k, v in self.value.items() if k.lower() == wanted and v is not None), None)

    def has(self, key: str) -> bool:
        """True when there is a value other than null."""
        return self.get(key) is not None

    @property
    def type(self) -> str:
        """The object's own ``type``, empty when it has none."""
        return self.text("type")

    def text(self, key: str, default: str = "") -> str:
        """A text; numbers are taken as text.  Raises StyleInvalid."""
        found = self.get(key)
        if found is None:
            return default
        if isinstance(found, bool) or not isinstance(found, str | int | float):
            raise self.wrong(key, "a text")
        return str(found)

    def flag(self, key: str, default: bool = False) -> bool:
        """A boolean; CIM leaves false out.  Raises StyleInvalid."""
        found = self.get(key)
        if found is None:
            return default
        if not isinstance(found, bool):
            raise self.wrong(key, "true or false")
        return found

    def number(self, key: str, default: float = 0.0) -> float:
        """A finite number; CIM leaves zero out, and writes the lowest double for unset.  Raises StyleInvalid."""
        found = self.get(key)
        if found is None:
            return default
        number = to_number(found)
        if number is None:
            raise self.wrong(key, "a number")
        return default if abs(number) > _UNSET else number

    def numbers(self, key: str) -> tuple[float, ...]:
        """A list of finite numbers, empty when absent.  Raises StyleInvalid."""
        found = self._list(key)
        numbers = tuple(to_number(v) for v in found)
        if any(n is None for n in numbers):
            raise self.wrong(key, "numbers")
        return tuple(n for n in numbers if n is not None)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, empty when absent.  Raises StyleInvalid."""
        found = self._list(key)
        if any(isinstance(v, bool) or not isinstance(v, str | int | float) for v in found):
            raise self.wrong(key, "texts")
        return tuple(str(v) for v in found)

    def child(self, key: str) -> Node | None:
        """An object inside, or None when absent.  Raises StyleInvalid."""
        found = self.get(key)
        if found is None:
            return None
        if not isinstance(found, dict):
            raise self.wrong(key, "an object")
        return Node(found, f"{self.path}.{key}", self.notes)

    def need(self, key: str) -> Node:
        """An object inside that must be there.  Raises StyleInvalid."""
        found = self.child(key)
        if found is None:
            raise self.wrong(key, "an object")
        return found

    def children(self, key: str) -> tuple[Node, ...]:
        """A list of objects, nulls left out, empty when absent.  Raises StyleInvalid."""
        return tuple(self._objects(key))

    def _objects(self, key: str) -> Iterator[Node]:
        for i, item in enumerate(self._list(key)):
            if item is None:
                continue
            if not isinstance(item, dict):
                raise self.wrong(f"{key}[{i}]", "an object")
            yield Node(item, f"{self.path}.{key}[{i}]", self.notes)

    def _list(self, key: str) -> list[Any]:
        found = self.get(key)
        if found is None:
            return []
        if not isinstance(found, list):
            raise self.wrong(key, "a list")
        return found

    def warn(self, found: str, used: str, key: str = "") -> None:
        """Note that something here is not drawn as written."""
        self.notes.add(StyleWarning(f"{self.path}.{key}" if key else self.path, found, used))

    def warn_once(self, found: str, used: str, key: str = "") -> None:
        """As `warn`, but only at the first of all places where the same is found and used."""
        if not any((note.found, note.used) == (found, used) for note in self.notes):
            self.warn(found, used, key)

    def wrong(self, key: str, expected: str) -> StyleInvalid:
        """The error for a value that is not what it must be."""
        return StyleInvalid(reason=f"{self.path}.{key}: expected {expected}")

    def beyond(self, key: str, limit: Limit, found: object = "more") -> StyleInvalid:
        """The error for more of something than is allowed."""
        return beyond(limit, f"{self.path}.{key}: {found}")


def beyond(limit: Limit, where: str) -> StyleInvalid:
    """The error for more of something than is allowed.  where: and how much, for the operator."""
    return StyleInvalid(limit.sentence, reason=f"{where}: {limit.sentence}")


def to_number(value: object) -> float | None:
    """A finite float from a JSON number or a text that is one; else None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def read_document(path: Path) -> Node:
    """The document's root object, UTF-8 with or without a byte order mark.

    Raises StyleInvalid when the file cannot be read, is empty, too large, too deep or not one JSON object.
    """
    return parse_document(read_bounded(path), str(path))


def read_bounded(path: Path) -> bytes:
    """A file's bytes, never more than the largest, however the file grows meanwhile.  Raises StyleInvalid."""
    try:
        with path.open("rb") as file:
            raw = file.read(STYLE_BYTES.value + 1)
    except OSError as error:
        raise StyleInvalid(reason=f"{path}: {error.strerror or error}") from error
    if len(raw) > STYLE_BYTES.value:
        raise beyond(STYLE_BYTES, str(path))
    return raw


def parse_document(raw: bytes, name: str = "document") -> Node:
    """The root object of JSON bytes; see `read_document`.  name: for the operator."""
    if not raw.strip():
        raise StyleInvalid(reason=f"{name}: the file is empty")
    try:
        value = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise StyleInvalid(reason=f"{name}: not JSON: {error}") from error
    if not isinstance(value, dict):
        raise StyleInvalid(reason=f"{name}: expected a JSON object")
    if _is_deeper_than(value, STYLE_JSON_DEPTH.value):
        raise beyond(STYLE_JSON_DEPTH, name)
    return Node(value, "$")


def _is_deeper_than(value: object, limit: int) -> bool:
    level: list[object] = [value]
    for _ in range(limit):
        level = [inner for item in level for inner in _inside(item)]
        if not level:
            return False
    return True


def _inside(item: object) -> list[object]:
    if isinstance(item, dict):
        return list(item.values())
    return list(item) if isinstance(item, list) else []
