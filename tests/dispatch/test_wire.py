"""What crosses the wall: plans as they were, values checked, errors as themselves, and never a pickle from a worker."""

from __future__ import annotations

import ast
import inspect
import socket
from pathlib import Path

import numpy as np
import pytest

from rendermap import dispatch
from rendermap.dispatch import wire
from rendermap.dispatch.plan import InspectPlan
from rendermap.dispatch.wire import Answer, Head, PlanPacker, PlanUnpacker, WireBroken, error_of, from_json, head_of, to_json
from rendermap.errors import Busy, JobNotFound, RendermapError, SourceRefused
from rendermap.symbology.facts import Measures
from tests.builders.pools import filled_layer, told, vector_layer


def test_a_plan_arrives_as_it_was() -> None:
    """Packed and unpacked, a plan is equal, layers included."""
    packer, unpacker = PlanPacker(), PlanUnpacker()
    for plan in (told("png", filled_layer("a"), filled_layer("b")), told("png"), InspectPlan(vector_layer().source)):
        assert unpacker.unpack(packer.pack(plan)) == plan


def test_equal_layers_of_later_plans_are_the_same_object() -> None:
    """A style of a thousand classes is unpickled once; a layer made anew by its job is another."""
    packer, unpacker = PlanPacker(), PlanUnpacker()
    first, second, newer = (
        unpacker.unpack(packer.pack(told("png", filled_layer(fingerprint=fingerprint)))) for fingerprint in ("1", "1", "2")
    )
    assert first.layers[0] is second.layers[0]  # type: ignore[union-attr]
    assert newer.layers[0] is not first.layers[0]  # type: ignore[union-attr]


def test_kept_layers_are_bounded() -> None:
    """Ten thousand jobs do not fill the memory, on neither side."""
    packer, unpacker = PlanPacker(10_000), PlanUnpacker(10_000)
    for n in range(50):
        unpacker.unpack(packer.pack(told("png", filled_layer(fingerprint=str(n)))))
    assert 5_000 < packer._layers.currsize <= 10_000 and 5_000 < unpacker._layers.currsize <= 10_000
    assert PlanUnpacker(10).unpack(PlanPacker(10).pack(told("png", filled_layer()))) == told("png", filled_layer())


def test_numpy_scalars_are_numbers() -> None:
    """A reader that leaves numpy's numbers in a value does not break it."""
    measures = Measures(int(np.int64(3)), np.float64(1.5), distinct=((np.int32(7), 1), (np.float32(0.5), 2)))  # type: ignore[arg-type]
    assert from_json(Measures, to_json(measures)) == Measures(3, 1.5, distinct=((7, 1), (0.5, 2)))


@pytest.mark.parametrize("body", [b"", b"{}", b'{"count": "many"}', b"\x80\x04N.", b"[" * 100_000])
def test_a_value_of_another_shape_is_broken(body: bytes) -> None:
    """Whatever a worker sends for a value, it is that value or WireBroken."""
    with pytest.raises(WireBroken):
        from_json(Measures, body)


def test_errors_cross_by_class() -> None:
    """Every class of the tree that takes no more than the common words comes back as itself."""
    for kind in (SourceRefused, JobNotFound, Busy):
        error = error_of(head_of(kind("A sentence.", details=("b",), reason="c")))
        assert type(error) is kind and (error.sentence, error.details, error.reason) == ("A sentence.", ("b",), "c")


def test_a_class_that_is_not_ours_is_not_looked_up() -> None:
    """A worker cannot name a class to be made."""
    error = error_of(Head("error", code="SystemExit", sentence="bye"))
    assert isinstance(error, RendermapError) and error.sentence != "bye"


def test_frames_survive_any_cut() -> None:
    """A request and an answer of a megabyte go through a socket that carries them in pieces."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(wire.REQUEST.pack(7, 3) + b"abc")
        assert wire.receive_request(theirs) == (7, b"abc")
        wire.send_answer(theirs, 7, Answer(Head("drawn", True, 1, 2), b"x" * 1000))
        number, head_bytes, body_bytes = wire.ANSWER.unpack(ours.recv(wire.ANSWER.size))
        assert (number, body_bytes) == (7, 1000)
        assert from_json(Head, ours.recv(head_bytes)) == Head("drawn", True, 1, 2)
        ours.shutdown(socket.SHUT_WR)
        assert wire.receive_request(theirs) is None


def test_only_a_worker_unpickles() -> None:
    """pickle.loads stands in PlanUnpacker and nowhere else in dispatch, and the pool does not use PlanUnpacker."""
    (folder,) = dispatch.__path__
    for file in Path(folder).glob("*.py"):
        loads = [
            n for n in ast.walk(ast.parse(file.read_text())) if isinstance(n, ast.Attribute) and n.attr in ("loads", "load", "Unpickler")
        ]
        inside = inspect.getsource(PlanUnpacker).count("pickle.loads") if file.name == "wire.py" else 0
        assert len(loads) == inside, file.name
        assert file.name == "wire.py" or "PlanUnpacker" not in file.read_text()
