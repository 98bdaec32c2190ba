"""What goes over the wall to a worker and back: length-prefixed frames on a socket pair.

Request: two uint32 (number, length), then the pickled plan.  Answer: three uint32 (number, head length, body length), then a head in
JSON, then raw bytes.  A worker reads our pickle; we never unpickle what a worker says, for a hostile dataset may own it: a head is
checked against `Head`, a value against its dataclass, and both against a length limit.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import pickle
import socket
import struct
from collections.abc import Iterator
from functools import cache
from typing import Any, Literal, TypeVar, cast

from cachetools import LRUCache
from pydantic import TypeAdapter, ValidationError

from rendermap.dispatch.plan import LayerPlan, MapPlan, Plan
from rendermap.errors import RenderFailed, RendermapError

REQUEST = struct.Struct("<II")
ANSWER = struct.Struct("<III")
MAX_HEAD_BYTES = 256 * 1024
CHANGED_EXIT = 75
"""Exit status of a worker that may not read the jobs directories as they are now, mounted anew; its successor may."""
MAX_REASON_CHARS = 8000
KEPT_BYTES = 64 << 20
"""Of layers that come with every tile; what they unpack to is some times that."""

T = TypeVar("T")


class WireBroken(Exception):
    """The other side is gone, or said something that is not an answer."""


@dataclasses.dataclass(frozen=True, slots=True)
class Head:
    """What an answer is.

    kind: ``ready`` once at the start; ``drawn`` (body: an encoded picture); ``value`` (body: JSON); ``error``.
    code, sentence, details, reason: of an error, as in `rendermap.errors`.  notes: what is not drawn as its style says, for the log.
    damaged: prepared copies that were not as they were made.
    """

    kind: Literal["ready", "drawn", "value", "error"]
    empty: bool = False
    width_px: int = 0
    height_px: int = 0
    code: str = ""
    sentence: str = ""
    details: tuple[str, ...] = ()
    reason: str | None = None
    notes: tuple[str, ...] = ()
    damaged: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it arrived."""

    head: Head
    body: bytes = b""


# --- plans -----------------------------------------------------------------------------------------------------------


class PlanPacker:
    """Plan -> bytes.  A layer's style can hold a thousand symbols and comes with every tile, so its pickle is kept, of the last ones."""

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self._layers: LRUCache[object, bytes] = LRUCache(kept_bytes, getsizeof=len)

    def pack(self, plan: Plan) -> bytes:
        """The pickle of (plan without layers, pickles of the layers)."""
        if not isinstance(plan, MapPlan):
            return pickle.dumps((plan, ()), pickle.HIGHEST_PROTOCOL)
        layers = tuple(self._layer(layer) for layer in plan.layers)
        return pickle.dumps((dataclasses.replace(plan, layers=()), layers), pickle.HIGHEST_PROTOCOL)

    def _layer(self, layer: LayerPlan) -> bytes:
        key = (layer.id, layer.layer.source, layer.layer.reader, layer.layer.open_name, layer.crs, layer.style_key, layer.finest)
        kept = self._layers.get(key)
        if kept is None:
            kept = pickle.dumps(layer, pickle.HIGHEST_PROTOCOL)
            if len(kept) <= self._layers.maxsize:
                self._layers[key] = kept
        return kept


class PlanUnpacker:
    """Bytes -> plan, in the worker.  Equal layers of later plans are the same object."""

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self._layers: LRUCache[bytes, tuple[LayerPlan, int]] = LRUCache(kept_bytes, getsizeof=lambda kept: kept[1])

    def unpack(self, request: bytes) -> Plan:
        """The plan of a request."""
        plan, layers = pickle.loads(request)
        if not isinstance(plan, MapPlan):
            return plan  # type: ignore[no-any-return]
        return dataclasses.replace(plan, layers=tuple(self._layer(layer) for layer in layers))

    def _layer(self, packed: bytes) -> LayerPlan:
        kept = self._layers.get(packed)
        if kept is None:
            kept = pickle.loads(packed), len(packed)
            if len(packed) <= self._layers.maxsize:
                self._layers[packed] = kept
        return kept[0]


# --- values and errors -----------------------------------------------------------------------------------------------


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def to_json(value: object) -> bytes:
    """A frozen dataclass, or a tuple of them, as JSON.  Bytes become base64; NaN and infinities stay what they are."""
    plain = [dataclasses.asdict(row) for row in value] if isinstance(value, tuple) else dataclasses.asdict(value)  # type: ignore[call-overload]
    return json.dumps(plain, default=_plain).encode()


def to_plain_json(value: object) -> bytes:
    """As `to_json` for a frozen dataclass of plain values alone, without a copy of every position in it."""
    return json.dumps(value, default=_fields_of, separators=(",", ":")).encode()


def _fields_of(value: object) -> object:
    if dataclasses.is_dataclass(value):
        return {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}
    return _plain(value)


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if hasattr(value, "item"):  # a numpy scalar
        return value.item()
    return str(value)


def from_json(kind: type[T], body: bytes) -> T:
    """A value of kind, checked field by field; bytes are still base64.  Raises WireBroken."""
    try:
        return cast(T, _adapter(cast(Any, kind)).validate_json(body))
    except ValidationError as error:
        raise WireBroken(f"the value is not a {kind}: {error.error_count()} faults") from error


def head_of(error: RendermapError) -> Head:
    """An error as the head of an answer."""
    reason = error.reason[-MAX_REASON_CHARS:] if error.reason else None
    return Head("error", code=error.code, sentence=error.sentence, details=error.details, reason=reason)


def error_of(head: Head) -> RendermapError:
    """The error a head tells of, of the same class; RenderFailed when the class is unknown."""
    kind = _error_kinds().get(head.code)
    if kind is None:
        return RenderFailed(reason=f"worker said {head.code}: {head.reason}")
    return kind(head.sentence, details=head.details, reason=head.reason)


@cache
def _error_kinds() -> dict[str, type[RendermapError]]:
    return {kind.__name__: kind for kind in _descendants(RendermapError)}


def _descendants(kind: type[RendermapError]) -> Iterator[type[RendermapError]]:
    for child in kind.__subclasses__():
        yield child
        yield from _descendants(child)


# --- the answering side ----------------------------------------------------------------------------------------------


def receive_request(wire: socket.socket) -> tuple[int, bytes] | None:
    """(number, packed plan), or None when nobody asks any more."""
    prefix = _receive_now(wire, REQUEST.size)
    if prefix is None:
        return None
    number, length = REQUEST.unpack(prefix)
    request = _receive_now(wire, length)
    return None if request is None else (number, request)


def _receive_now(wire: socket.socket, count: int) -> bytes | None:
    data = bytearray(count)
    view, have = memoryview(data), 0
    while have < count:
        got = wire.recv_into(view[have:])
        if not got:
            return None
        have += got
    return bytes(data)


def send_answer(wire: socket.socket, number: int, answer: Answer) -> None:
    """Raises OSError when nobody listens any more."""
    head = json.dumps({k: v for k, v in dataclasses.asdict(answer.head).items() if v or k == "kind"}).encode()
    wire.sendall(ANSWER.pack(number, len(head), len(answer.body)) + head)
    wire.sendall(answer.body)
