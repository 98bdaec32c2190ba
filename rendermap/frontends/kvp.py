"""Query strings and forms -> checked values, every fault gathered."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import NoReturn, TypeVar
from urllib.parse import parse_qsl

import json5
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from rendermap.errors import BadRequest, InvalidBbox, InvalidLayer, InvalidParameter, InvalidSize, TooCostly, joined
from rendermap.geo.bbox import BBox, from_corners
from rendermap.limits import ADDRESS_BYTES, BODY_BYTES, FORM_FILES, JSON_CHARS, JSON_DEPTH, LAYER_IDS, LENIENT_CHARS, PARAMETERS, Limit

Value = TypeVar("Value")

NO_FORM = "The request body must be a form."
NO_UTF8 = "The request must be UTF-8."
_PASSED = {"Too many files": FORM_FILES, "Too many fields": PARAMETERS}
"""The parser's words for the limits it was given."""

_TRUE, _FALSE = ("true", "1", "yes", "t"), ("false", "0", "no", "f")


@dataclass(frozen=True, slots=True)
class Parameters:
    """What was asked, names in lower case.  An empty value counts as absent: GDAL and QGIS send names without values.

    files: names that files were sent under.  repeated: names that the query or the form has more than once, with values that differ.
    """

    values: Mapping[str, str]
    files: frozenset[str] = frozenset()
    repeated: frozenset[str] = frozenset()

    def get(self, name: str) -> str | None:
        """The value of a name in lower case, or None."""
        return self.values.get(name)

    def __contains__(self, name: str) -> bool:
        return name in self.values


def parameters_of(pairs: Iterable[tuple[str, str]]) -> Parameters:
    """Parameters from (name, value) pairs; of names that differ in case only, the last with a value wins."""
    return Parameters(MappingProxyType({name.strip().lower(): value.strip() for name, value in pairs if value.strip()}))


def check_length(request: Request) -> None:
    """Refuses what is too long before any of it is parsed.  Raises TooCostly, InvalidParameter."""
    if len(request.scope.get("raw_path") or b"") + len(request.scope.get("query_string", b"")) > ADDRESS_BYTES.value:
        raise TooCostly(ADDRESS_BYTES.sentence)
    if request.scope.get("query_string", b"").count(b"&") >= PARAMETERS.value:
        raise InvalidParameter(PARAMETERS.sentence)
    told = request.headers.get("content-length", "0")
    if not told.isascii() or not told.isdecimal() or int(told) > BODY_BYTES.value:
        raise TooCostly(BODY_BYTES.sentence)


async def read_parameters(request: Request) -> Parameters:
    """Query and body merged, the body wins.

    Raises InvalidParameter for a body that is no form, TooCostly for what is too long.
    """
    check_length(request)
    asked = _parse_pairs(request.scope.get("query_string", b"").decode("latin-1"))
    form = await _read_form(request) if request.method == "POST" else _Form([])
    if len(asked) + len(form.pairs) > PARAMETERS.value:
        raise InvalidParameter(PARAMETERS.sentence)
    return replace(parameters_of([*asked, *form.pairs]), files=form.files, repeated=_repeated(asked) | _repeated(form.pairs))


@dataclass(frozen=True, slots=True)
class _Form:
    pairs: list[tuple[str, str]]
    files: frozenset[str] = frozenset()


def _repeated(pairs: list[tuple[str, str]]) -> frozenset[str]:
    said = {(name.strip().lower(), value.strip()) for name, value in pairs if value.strip()}
    return frozenset(name for name, times in Counter(name for name, _ in said).items() if times > 1)


async def _read_form(request: Request) -> _Form:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await _read_body(request)
    if not body:
        return _Form([])
    if media_type == "multipart/form-data":
        return await _parse_multipart(request, body)
    if media_type in ("application/x-www-form-urlencoded", ""):
        return _Form(_parse_pairs(_decoded(body)))
    raise InvalidParameter(NO_FORM)


async def _read_body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES.value:
            raise TooCostly(BODY_BYTES.sentence)
    return bytes(body)


def _decoded(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise InvalidParameter(NO_UTF8) from error


def _parse_pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=PARAMETERS.value, errors="strict")
    except UnicodeDecodeError as error:
        raise InvalidParameter(NO_UTF8) from error
    except ValueError as error:
        raise InvalidParameter(PARAMETERS.sentence) from error


async def _parse_multipart(request: Request, body: bytes) -> _Form:
    async def once() -> AsyncIterator[bytes]:
        yield body

    try:
        form = await MultiPartParser(request.headers, once(), max_files=FORM_FILES.value, max_fields=PARAMETERS.value).parse()  # type: ignore[arg-type]
    except MultiPartException as error:
        passed = next((limit for word, limit in _PASSED.items() if error.message.startswith(word)), None)
        raise InvalidParameter(passed.sentence if passed else NO_FORM) from error
    except (KeyError, UnicodeError) as error:
        raise InvalidParameter(NO_FORM) from error
    pairs = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    # a field for a file that a browser leaves empty has no file name
    files = frozenset(name.strip().lower() for name, value in form.multi_items() if not isinstance(value, str) and value.filename)
    await form.close()
    return _Form(pairs, files)


# --- values --------------------------------------------------------------------------------------------------------------


def parse_bool(name: str, text: str) -> bool:
    """``true``, ``True``, ``1`` and their opposites: Python clients post their own spelling."""
    word = text.strip().lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise InvalidParameter(f"'{name}' must be true or false.")


def parse_float(name: str, text: str) -> float:
    """A finite number; clients send fractions where whole numbers are documented."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or "_" in text or not text.isascii():
        raise InvalidParameter(f"'{name}' must be a number.")
    return value


def parse_floats(name: str, text: str, count: int) -> tuple[float, ...]:
    """Exactly count finite numbers separated by commas."""
    parts = text.split(",", count)
    if len(parts) != count:
        raise InvalidParameter(f"'{name}' must be {count} numbers separated by commas.")
    return tuple(parse_float(name, part) for part in parts)


def parse_bbox(name: str, text: str) -> BBox:
    """``xmin,ymin,xmax,ymax``, its pairs in any order.  Raises InvalidBbox."""
    try:
        return from_corners(*parse_floats(name, text, 4))
    except (InvalidParameter, InvalidBbox) as error:
        raise InvalidBbox(f"'{name}' must be four finite numbers that span an area.") from error


def parse_size(name: str, text: str) -> tuple[float, float]:
    """``width,height``, above 0; clients send fractions here too.  Raises InvalidSize."""
    try:
        width, height = parse_floats(name, text, 2)
    except InvalidParameter:
        width = height = 0.0
    if min(width, height) <= 0:
        raise InvalidSize(f"'{name}' must be two positive numbers.")
    return width, height


def parse_layer_ids(name: str, text: str) -> tuple[int, ...]:
    """``0,2``, sorted; negative ids name no layer (@arcgis/core sends -1 for none).  Raises InvalidLayer."""
    words = [word.strip() for word in text.split(",", LAYER_IDS.value) if word.strip()]
    if len(words) > LAYER_IDS.value:
        raise InvalidLayer(f"'{name}' is too long. {LAYER_IDS.sentence}")
    if not all(re.fullmatch(r"-?[0-9]{1,9}", word) for word in words):
        raise InvalidLayer(f"'{name}' must list layer ids.")
    return tuple(sorted({int(word) for word in words if int(word) >= 0}))


def parse_json(name: str, text: str, longest: Limit = JSON_CHARS) -> object:
    """JSON, or JSON5 when short: QGIS leaves the quotes of keys away.

    Bounded in length and depth.  Raises InvalidParameter.
    """
    if len(text) > longest.value:
        raise InvalidParameter(f"'{name}' is too long. {longest.sentence}")
    if _depth(text) > JSON_DEPTH.value:
        raise InvalidParameter(f"'{name}' is too deep. {JSON_DEPTH.sentence}")

    value = _loaded(name, text)
    if "\\" in text:
        _demand_whole(name, value)
    return value


def _loaded(name: str, text: str) -> object:
    def refuse(constant: str) -> NoReturn:
        raise ValueError(constant)

    try:
        return json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        if len(text) > LENIENT_CHARS.value:
            raise InvalidParameter(f"'{name}' must be JSON. {LENIENT_CHARS.sentence}") from error
    try:
        value: object = json5.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError, OverflowError) as error:
        raise InvalidParameter(f"'{name}' must be JSON.") from error
    return value


def _demand_whole(name: str, value: object) -> None:
    """Raises InvalidParameter where an escape stood for half of a character, which no answer and no file can hold."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise InvalidParameter(f"'{name}' has half of a character in it.") from error


def _depth(text: str) -> int:
    depth = deepest = 0
    for char in text:
        if char in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in "]}":
            depth -= 1
    return deepest


# --- faults --------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Checks:
    """Runs checks one after another and keeps what is wrong, so that a client hears of all faults at once."""

    faults: list[BadRequest] = field(default_factory=list)

    def read(self, parse: Callable[[], Value], otherwise: Value) -> Value:
        """What parse returns, or otherwise when it finds a fault."""
        try:
            return parse()
        except BadRequest as fault:
            self.faults.append(fault)
            return otherwise

    def finish(self) -> None:
        """Raises the fault, or one BadRequest that lists them all."""
        if self.faults:
            raise joined(self.faults)
