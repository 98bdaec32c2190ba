"""A worker program without any drawing: it does what the plan's format says, so that tests can see the pool survive it.

Words: ``ok``, ``sleep:S``, ``body:BYTES``, ``pid``, ``environment``, ``print``, ``crash``, ``crash-once:FILE``, ``hang``,
``hang-once:FILE``, ``eat``, ``grow:MB``, ``map:MB``, ``share:MB``, ``garbage``, ``huge``, ``chatter``, ``refuse``, ``raise``,
``unknown-error``, ``wrong-kind``, ``begun:S``.
Words for a `PreparePlan`, and for questions, come as the name of the dataset.
Started as ``python misbehaving_worker.py [stillborn | stillborn-while:FILE | mute | chatter | slow-once:FILE | sleepy:S] LIMIT``.
"""

from __future__ import annotations

import mmap
import os
import signal
import socket
import struct
import sys
import tempfile
import time
from pathlib import Path

from rendermap.dispatch.found import Cells, Found
from rendermap.dispatch.plan import FeaturesPlan, IdentifyPlan, InspectPlan, LegendPlan, MapPlan, MeasurePlan, Plan, PreparePlan
from rendermap.dispatch.wire import Answer, Head, PlanUnpacker, head_of, receive_request, send_answer, to_json
from rendermap.errors import RenderFailed, SourceRefused
from rendermap.geo.bbox import BBox
from rendermap.jobs.job import Layer
from rendermap.reply import LegendEntry, LegendLayer
from rendermap.symbology.facts import Band, Measures, RasterFacts

GROWN: list[object] = []


def act(word: str, wire: socket.socket, number: int) -> Answer:
    """Do what the word says."""
    word, _, value = word.partition(":")
    if word in ("crash-once", "hang-once"):
        word = "ok" if Path(value).exists() else word.removesuffix("-once")
        Path(value).touch()
    match word:
        case "sleep":
            time.sleep(float(value))
        case "begun":
            began = time.monotonic()
            time.sleep(float(value))
            return drawn(repr(began).encode())
        case "crash":
            print("a native library says farewell", flush=True)
            os.kill(os.getpid(), signal.SIGSEGV)
        case "hang":
            time.sleep(600)
        case "eat":
            while True:
                GROWN.append(os.urandom(1 << 20) * 8)
                time.sleep(0.005)
        case "grow":
            GROWN.append(os.urandom(1 << 20) * int(value))
        case "map":
            with tempfile.TemporaryFile() as file:
                file.truncate(int(value) << 20)
                GROWN.append(mapped(file.fileno(), int(value) << 20))
        case "share":
            GROWN.append(mapped(-1, int(value) << 20))
        case "garbage":
            wire.sendall(b"\x00" * 4 + b"not an answer at all" * 10)
            time.sleep(600)
        case "huge":
            wire.sendall(struct.pack("<III", number, 10, 0xFFFFFFF0))
            time.sleep(600)
        case "chatter":
            send_answer(wire, number, drawn(b"first"))
            return drawn(b"for somebody else")
        case "refuse":
            return Answer(head_of(SourceRefused("It points elsewhere.", details=("one", "two"), reason="/secret/path")))
        case "raise":
            return Answer(head_of(RenderFailed(reason="Traceback: /secret/path")))
        case "unknown-error":
            return Answer(Head("error", code="KeyboardInterrupt", sentence="/secret/path"))
        case "print":
            os.write(1, b"noise on standard output\n" * 1000)
            os.write(2, b"noise on standard error\n" * 1000)
        case "body":
            return drawn(b"x" * int(value))
        case "pid":
            return drawn(str(os.getpid()).encode())
        case "wrong-kind":
            return Answer(Head("value"), b"{}")
        case "environment":
            return drawn(repr(dict(os.environ)).encode())
    return drawn(b"a picture")


def mapped(file: int, size: int) -> mmap.mmap:
    """A file's bytes in memory, read each; of no file, -1, what processes might share, written."""
    pages = mmap.mmap(file, size)
    for place in range(0, size, mmap.PAGESIZE):
        if file < 0 or pages[place]:
            pages[place] = 1
    return pages


def drawn(body: bytes) -> Answer:
    """A picture that is only said to be one."""
    return Answer(Head("drawn", False, 2, 1), body)


def answer(plan: Plan, wire: socket.socket, number: int) -> Answer:
    """An answer of the right kind to any plan."""
    match plan:
        case PreparePlan():
            return act(plan.layer.layer.source.path.name.replace("=", "/"), wire, number)
        case FeaturesPlan():
            act(plan.layer.source.path.name, wire, number)
            return value(Found())
        case IdentifyPlan():
            act(plan.layer.layer.source.path.name, wire, number)
            return value(Cells(()))
        case MapPlan():
            if sys.argv[1].startswith("slow-once"):
                act(f"hang-once:{sys.argv[1].partition(':')[2]}", wire, number)
            if sys.argv[1].startswith("sleepy"):
                act(f"sleep:{sys.argv[1].partition(':')[2]}", wire, number)
            return act(plan.format, wire, number)
        case InspectPlan():
            facts = RasterFacts(3, 2, (Band("float32", nodata=float("nan")),), (1.0, 2.0))
            return value(Layer(plan.source, "gdal", "x", "EPSG:4326", BBox(0, 1, 2, 3), facts, notes=("a note",)))
        case MeasurePlan():
            return value(Measures(5, float("-inf"), 0.1, distinct=((1, 2), (1.0, 1), ("a", 1), (True, 1), (None, 9)), percentiles=(0.5,)))
        case LegendPlan(sheet=None):
            entry = LegendEntry("high", b"\x89PNG\r\n\xff\x00", 20, 20, values=("3",))
            return value((LegendLayer(0, "Slope", "raster", None, 5e5, "degrees", (entry,)),))
    return drawn(b"a sheet")


def value(what: object) -> Answer:
    """A value, as JSON."""
    return Answer(Head("value"), to_json(what))


def main() -> None:
    """Answer until nobody asks."""
    wire = socket.socket(fileno=os.dup(0))
    plans = PlanUnpacker()
    if "mute" in sys.argv:
        time.sleep(600)
    if "stillborn" in sys.argv or (sys.argv[1].startswith("stillborn-while") and Path(sys.argv[1].partition(":")[2]).exists()):
        sys.exit("no such library: /secret/libmapnik.so")
    send_answer(wire, 0, Answer(Head("ready")))
    while (asked := receive_request(wire)) is not None:
        number, request = asked
        send_answer(wire, number, answer(plans.unpack(request), wire, number))
        if number == 1 and "chatter" in sys.argv:
            send_answer(wire, 2, drawn(b"for somebody else"))


if __name__ == "__main__":
    main()
