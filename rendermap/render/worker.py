"""The worker program: plan in, bytes out, one at a time, for as long as somebody asks.

Started by name (``python -m rendermap.render.worker LIMIT SCRATCH [READABLE...]``) with a socket as standard input.  LIMIT: bytes of memory
the service grants.  SCRATCH: the service's folder, the only one written to.  READABLE: the jobs directories; none for every folder.
Whatever it or a native library prints goes to the service's log; frames go over the socket alone.
"""

from __future__ import annotations

# The engine comes before every other import: it must clean the environment before another GDAL looks at it.
import rendermap.render.engine  # noqa: F401  # isort: skip

import gc
import logging
import os
import socket
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO
from pathlib import Path
from select import select
from typing import Any

import numpy as np
from PIL import Image

from rendermap.dispatch.plan import (
    FeaturesPlan,
    IdentifyPlan,
    InspectPlan,
    LegendPlan,
    MapPlan,
    MeasurePlan,
    Plan,
    PreparePlan,
    WatermarkPlan,
)
from rendermap.dispatch.scratch import SHARED
from rendermap.dispatch.wire import CHANGED_EXIT, Answer, Head, PlanUnpacker, head_of, receive_request, send_answer, to_json, to_plain_json
from rendermap.errors import Busy, RenderFailed, RendermapError, SourceUnreadable
from rendermap.imaging.encode import encode
from rendermap.imaging.formats import FORMATS
from rendermap.imaging.palette import Indexed
from rendermap.imaging.watermark import watermarked
from rendermap.render.asked_ids import with_asked_ids
from rendermap.render.assets import use_workshop
from rendermap.render.compose import draw, draw_plain
from rendermap.render.confinement import confine
from rendermap.render.features import find_features
from rendermap.render.heap import BUSY, IDLE, RESTING, Heap
from rendermap.render.identify import find_cells
from rendermap.render.inspect import inspect
from rendermap.render.job_threads import JobThreads
from rendermap.render.journal import settled
from rendermap.render.kept_points import prepare_points
from rendermap.render.kept_vectors import prepare_vector
from rendermap.render.measure import measure
from rendermap.render.memories import forget_datasets
from rendermap.render.notes import Notes
from rendermap.render.plan_sources import changed, check_self_contained, check_unchanged, root_of
from rendermap.render.raster_pyramid import prepare_raster
from rendermap.render.readiness import warm_up_thread
from rendermap.render.swatches import draw_legend, draw_sheet, sheet_fonts
from rendermap.symbology.facts import VectorFacts

PAUSE_S, IDLE_S, REST_S = 0.05, 0.5, 60.0


def draw_map(plan: MapPlan) -> Answer:
    """The map, encoded."""
    plan = with_asked_ids(plan)
    row = FORMATS.get(plan.format)
    write_indexed = row.write_indexed if row else None
    plain = draw_plain(plan) if write_indexed else None
    if write_indexed and isinstance(plain, Indexed):
        height_px, width_px = plain.indexes.shape
        return Answer(Head("drawn", plain.is_empty, width_px, height_px), write_indexed(plain, plan.stamp))
    pixels = draw(plan) if plain is None or isinstance(plain, Indexed) else plain
    height_px, width_px = pixels.shape[:2]
    empty = not pixels[..., 3].any()
    return Answer(Head("drawn", empty, width_px, height_px), encode(pixels, plan.format, plan.background, plan.quality, plan.stamp))


def draw_swatches(plan: LegendPlan) -> Answer:
    """The swatches, or the sheet where the plan has one."""
    if plan.sheet is None:
        return Answer(Head("value"), to_json(draw_legend(plan)))
    pixels = draw_sheet(plan)
    height_px, width_px = pixels.shape[:2]
    return Answer(Head("drawn", not plan.layers, width_px, height_px), encode(pixels, plan.sheet.format, None, None))


def draw_watermark(plan: WatermarkPlan) -> Answer:
    """The picture with the text over it, encoded as asked."""
    with Image.open(BytesIO(plan.body), formats=("PNG",)) as image:
        below = np.asarray(image.convert("RGBA"))
    pixels = watermarked(below, plan.text, plan.corner_px, sheet_fonts(), plan.pixel_ratio)
    height_px, width_px = pixels.shape[:2]
    body = encode(pixels, plan.format, plan.background, plan.quality, plan.stamp)
    return Answer(Head("drawn", False, width_px, height_px), body)


def prepare(plan: PreparePlan) -> Answer:
    """Nothing to see: what was made lies in the store that all workers draw from."""
    if isinstance(plan.layer.layer.facts, VectorFacts):
        prepare_vector(plan.layer, plan.crs)
        prepare_points(plan.layer, plan.crs)
    else:
        prepare_raster(plan.layer.layer)
    return Answer(Head("value"))


HANDLERS: Mapping[type[Any], Callable[[Any], Answer]] = {
    MapPlan: draw_map,
    LegendPlan: draw_swatches,
    WatermarkPlan: draw_watermark,
    InspectPlan: lambda plan: Answer(Head("value"), to_json(inspect(plan))),
    MeasurePlan: lambda plan: Answer(Head("value"), to_json(measure(plan))),
    PreparePlan: prepare,
    IdentifyPlan: lambda plan: Answer(Head("value"), to_json(find_cells(plan))),
    FeaturesPlan: lambda plan: Answer(Head("value"), to_plain_json(find_features(plan))),
}


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where plans are worked on.  is_open: every file may be read here, so datasets need not be kept from other files."""

    threads: JobThreads
    is_open: bool

    def answer(self, plan: Plan) -> Answer:
        """What the handler of this kind of plan says; an error is an answer too."""
        try:
            if not (self.is_open or self.threads.are_apart):
                check_self_contained(plan)
            return self.threads.run(root_of(plan), partial(answer, plan))
        except RendermapError as error:
            return Answer(head_of(error))
        except FileNotFoundError as error:
            return Answer(head_of(changed(error.filename)))
        except OSError as error:
            return Answer(head_of(SourceUnreadable(reason=f"the job's folder: {error}")))
        except Exception:
            return Answer(head_of(RenderFailed(reason=traceback.format_exc())))


def answer(plan: Plan) -> Answer:
    """What the handler of this kind of plan says of datasets that are the same before and after; an error is an answer too."""
    try:
        # a version that is back by the time the drawing ends is told by this look alone; and where it is gone, nothing need be forgotten
        check_unchanged(plan)
        return of_one_version(plan)
    except RendermapError as error:
        return Answer(head_of(error))
    except Exception:
        return Answer(head_of(RenderFailed(reason=traceback.format_exc())))


def of_one_version(plan: Plan) -> Answer:
    """What the handler says.  Raises Busy when a dataset changed meanwhile, and what the handler raises."""
    try:
        try:
            return HANDLERS[type(plan)](settled(plan))
        finally:
            check_unchanged(plan)
    except Busy:
        forget_datasets()
        raise


def noted(answered: Answer, notes: Notes) -> Answer:
    """The answer with what was noted on the way."""
    taken, damaged = notes.take(), notes.take_damaged()
    return replace(answered, head=replace(answered.head, notes=taken, damaged=damaged)) if taken or damaged else answered


def serve(wire: socket.socket, shortcoming: str | None, readable: tuple[Path, ...], workplace: Workplace) -> None:
    """Say that we are ready, and what our confinement lacks; then answer until nobody asks any more.

    What we may read was decided once: when a jobs directory has come or was mounted since, a new worker must take over.
    """
    granted = [identity(folder) for folder in readable]
    plans, notes, heap = PlanUnpacker(), Notes(), Heap()
    logging.getLogger("rendermap").addHandler(notes)
    send_answer(wire, 0, Answer(Head("ready", reason=shortcoming)))
    get_ready(wire, workplace.threads)
    while (asked := next_request(wire, heap)) is not None:
        number, request = asked
        if granted != [identity(folder) for folder in readable]:
            sys.exit(CHANGED_EXIT)
        send_answer(wire, number, noted(workplace.answer(plans.unpack(request)), notes))
        heap.give_back(BUSY)
        get_ready(wire, workplace.threads)


def get_ready(wire: socket.socket, threads: JobThreads) -> None:
    """For a job that is new here; not between pictures in a row, which would wait for it."""
    if not (threads.are_ready or is_asked(wire, PAUSE_S)):
        threads.hold_ready()


def next_request(wire: socket.socket, heap: Heap) -> tuple[int, bytes] | None:
    """As `receive_request`; who has nothing to do meanwhile needs no memory for it, and after a while no open datasets."""
    if not is_asked(wire, IDLE_S):
        heap.give_back(IDLE)
        if not is_asked(wire, REST_S):
            forget_datasets()
            gc.collect()
            heap.give_back(RESTING)
    return receive_request(wire)


def is_asked(wire: socket.socket, wait_s: float) -> bool:
    """Whether somebody asks within so many seconds, or nobody will any more."""
    return bool(select([wire], [], [], wait_s)[0])


def identity(folder: Path) -> tuple[int, int] | None:
    """What tells a folder from another of the same name, None when there is none."""
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def take_wire() -> socket.socket:
    """The socket, moved away from standard input so that nothing else reads it."""
    wire = socket.socket(fileno=os.dup(0))
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    return wire


def main() -> None:
    """Run the worker."""
    limit, copies_bytes, scratch, *folders = sys.argv[1:]
    readable = tuple(map(Path, folders))
    use_workshop(Path(scratch) / SHARED, int(copies_bytes))
    shortcoming = confine(int(limit), Path(scratch), readable)
    wire = take_wire()
    gc.freeze()
    serve(wire, shortcoming, readable, Workplace(JobThreads(Path(scratch), warm_up_thread), not readable))


if __name__ == "__main__":
    main()
