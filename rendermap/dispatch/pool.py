"""The pool: what may be asked of the workers; each plan goes as an errand to the crew, and its answer comes back as a value."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path

from rendermap.dispatch.answers import drawn_of, layer_of, value_of, with_swatch
from rendermap.dispatch.behind import Behind
from rendermap.dispatch.crew import Crew
from rendermap.dispatch.drawn import Drawn
from rendermap.dispatch.found import Cells, Found
from rendermap.dispatch.notes import WorkerNotes
from rendermap.dispatch.plan import FeaturesPlan, IdentifyPlan, InspectPlan, LegendPlan, MapPlan, MeasurePlan, Plan, WatermarkPlan
from rendermap.dispatch.process import NURSERY, WorkerProgram
from rendermap.dispatch.queue import Queue
from rendermap.dispatch.trials import errand_of
from rendermap.dispatch.wire import Answer, PlanPacker, error_of
from rendermap.errors import Busy, RendermapError
from rendermap.jobs.job import Layer
from rendermap.reply import LegendLayer
from rendermap.symbology.facts import Measures
from rendermap.telemetry import Metrics, make_metrics


class Pool:
    """Answers plans, and has datasets prepared behind the pictures.  Belongs to one event loop.

    workers: how many programs run.  queue_limit: plans that may wait.  queue_s: for how long.  deadline_s: for one try at one plan, from
    when a worker takes it.
    plans_per_worker: a worker is replaced after so many, 0 for never.  program: what is started; its memory limit bounds each worker.
    readable: the folders whose datasets the workers may read, None for all.
    """

    def __init__(
        self,
        workers: int = 2,
        queue_limit: int = 256,
        deadline_s: float = 30.0,
        memory_limit_bytes: int = 1 << 30,
        *,
        queue_s: float = 20.0,
        readable: tuple[Path, ...] | None = None,
        plans_per_worker: int = 0,
        program: WorkerProgram | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        program = replace(program or WorkerProgram(nursery=NURSERY), memory_limit_bytes=memory_limit_bytes, readable=readable)
        self._metrics = metrics or make_metrics()
        self._packer = PlanPacker()
        self._notes = WorkerNotes(self._metrics.store_damaged.labels("prepared"))
        self._queue = Queue(queue_limit, queue_s, self._metrics.queue_length, workers)
        self._crew = Crew(workers, program, self._queue, deadline_s, plans_per_worker, self._metrics)
        self._behind = Behind(self._packer.pack, self._crew.hire, self._notes.tell, memory_limit_bytes)
        self._open = False

    async def start(self) -> None:
        """Start the workers unless they run; returns when the first is ready.  Raises RenderCrashed when none comes up."""
        if self._open:
            return
        self._open = True
        try:
            await self._crew.start()
        except BaseException:
            await self.stop(drain_s=0)
            raise

    async def stop(self, drain_s: float = 10.0) -> None:
        """Take no more plans, wait for those that run or wait, then end the workers.  What is left after drain_s is told to come again."""
        self._open = False
        await self._behind.stop()
        await self._crew.stop(drain_s)

    @property
    def ready(self) -> bool:
        """True when at least one worker can be asked."""
        return self._open and bool(self._crew.pids)

    @property
    def queue_share(self) -> float:
        """How full the queue is, from 0 to 1."""
        return self._queue.share

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the workers that are up."""
        return self._crew.pids

    @property
    def is_calm(self) -> bool:
        """True while a worker has nothing to do, nothing waits for one, and nothing is prepared behind."""
        return self._crew.is_free and not self._behind.is_busy

    # --- what may be asked -------------------------------------------------------------------------------------------

    async def draw(self, plan: MapPlan) -> Drawn:
        """Draw a map.  Raises Busy, RenderTimeout, RenderCrashed, RenderFailed, or what the drawing room raised."""
        key = tuple((layer.layer.source, layer.style_key) for layer in plan.layers)
        drawn = drawn_of(await self._ask(plan, key))
        if self._open:
            self._behind.add(plan)
        return drawn

    async def inspect(self, plan: InspectPlan) -> Layer:
        """Look into a dataset.  Raises as `draw`, and SourceRefused, SourceUnreadable."""
        return layer_of(plan, await self._ask(plan, plan.source.path))

    async def measure(self, plan: MeasurePlan) -> Measures:
        """Take numbers from a dataset.  Raises as `draw`."""
        return value_of(Measures, await self._ask(plan, plan.layer.source.path))

    async def features(self, plan: FeaturesPlan) -> Found:
        """Find features.  Raises as `draw`, and TooCostly for an answer that is too large."""
        # a million positions take a while to check, and the loop has others to serve
        return await asyncio.to_thread(value_of, Found, await self._ask(plan, plan.layer.source.path))

    async def identify(self, plan: IdentifyPlan) -> Cells:
        """Read a raster's cells.  Raises as `draw`."""
        return value_of(Cells, await self._ask(plan, plan.layer.layer.source.path))

    async def legend(self, plan: LegendPlan) -> tuple[LegendLayer, ...]:
        """Draw single swatches.  Raises as `draw`."""
        layers = value_of(tuple[LegendLayer, ...], await self._ask(replace(plan, sheet=None), None))
        return tuple(replace(layer, entries=tuple(with_swatch(entry) for entry in layer.entries)) for layer in layers)

    async def legend_sheet(self, plan: LegendPlan) -> Drawn:
        """Draw a legend as one picture; plan.sheet must be given.  Raises as `draw`."""
        if plan.sheet is None:
            raise ValueError("a legend sheet needs the sheet's look")
        return drawn_of(await self._ask(plan, None))

    async def watermark(self, plan: WatermarkPlan) -> Drawn:
        """Lay a text over a picture.  Raises as `draw`."""
        return drawn_of(await self._ask(plan, None))

    async def _ask(self, plan: Plan, key: object) -> Answer:
        kind, began = type(plan).__name__, time.perf_counter()
        outcome = "cancelled"
        try:
            if not self._open:
                raise Busy
            answer = await self._crew.do(errand_of(plan, self._packer.pack(plan), key))
            self._notes.tell(answer.head)
            self._behind.mend(plan, answer.head)
            if answer.head.kind == "error":
                raise error_of(answer.head)
            outcome = "ok"
            return answer
        except RendermapError as error:
            outcome = error.code
            raise
        finally:
            self._metrics.drawings.labels(kind, outcome).inc()
            self._metrics.drawing_seconds.labels(kind).observe(time.perf_counter() - began)
