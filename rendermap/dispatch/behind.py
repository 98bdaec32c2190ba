"""What is done behind the pictures: datasets turned into what draws faster, by a worker of its own that gives way to all others."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

import structlog
from cachetools import LRUCache

from rendermap.chore import Chore
from rendermap.dispatch.plan import LayerPlan, MapPlan, Plan, PreparePlan
from rendermap.dispatch.process import WorkerDied, WorkerProcess
from rendermap.dispatch.wire import Head
from rendermap.geo.turning import is_turned
from rendermap.jobs.job import Layer
from rendermap.symbology.facts import VectorFacts

REMEMBERED = 16_384
MOST_WAITING = 64
MOST_MENDED = 5
FEW_FEATURES = 20
LARGE_CELLS = 2048
"""Along its longer side; of smaller rasters a worker has the whole in memory anyway."""
FIRST_PICTURES_S = 0.5
"""The rest of a map's first view is drawn before anything is prepared."""
LONGEST_S = 300.0
WATCH_S = 0.1

_log = structlog.get_logger("rendermap.dispatch")


class Behind:
    """Errands that nobody waits for, one after the other.  Belongs to one event loop.

    pack: a plan -> its request.  hire: starts the worker, which goes when nothing waits.  tell: what a worker noted.
    memory_limit_bytes: at which it is killed.
    """

    def __init__(
        self,
        pack: Callable[[PreparePlan], bytes],
        hire: Callable[[], Awaitable[WorkerProcess]],
        tell: Callable[[Head], None],
        memory_limit_bytes: int = 1 << 30,
    ) -> None:
        self._pack = pack
        self._hire = hire
        self._tell = tell
        self._memory_limit_bytes = memory_limit_bytes
        self._asked: LRUCache[object, bool] = LRUCache(REMEMBERED)
        self._mended: LRUCache[object, int] = LRUCache(REMEMBERED)
        self._waiting: deque[PreparePlan] = deque()
        self._chore = Chore(self._work, "rendermap-behind")

    @property
    def is_busy(self) -> bool:
        """True while something is prepared, or waits to be."""
        return self._chore.is_busy

    def add(self, plan: MapPlan) -> None:
        """Have the datasets of a picture that was drawn prepared, each version once; what finds no place may come again.

        Not for a turned map: there are thousands of angles, and each is mostly seen once.
        """
        if is_turned(plan.view.crs):
            return
        for layer in plan.layers:
            key = _key(layer, plan.view.crs)
            is_worth_it = _may_draw_slowly(layer.layer) and not layer.is_filtered
            if is_worth_it and key not in self._asked and len(self._waiting) < MOST_WAITING:
                self._asked[key] = True
                self._waiting.append(PreparePlan(layer, plan.view.crs))
        if self._waiting:
            self._chore.begin()

    def mend(self, plan: Plan, head: Head) -> None:
        """What was prepared for a picture may be prepared again where it was damaged; on a disk that damages all a few times."""
        if not isinstance(plan, MapPlan) or head.damaged <= 0:
            return
        for layer in plan.layers:
            key = _key(layer, plan.view.crs)
            self._mended[key] = self._mended.get(key, 0) + 1
            if self._mended[key] <= MOST_MENDED:
                self._asked.pop(key, None)

    async def stop(self) -> None:
        """Prepare nothing more; the worker is ended."""
        self._waiting.clear()
        await self._chore.stop()

    async def _work(self) -> None:
        await asyncio.sleep(FIRST_PICTURES_S)
        while self._waiting:
            try:
                worker = await self._hire()
            except WorkerDied as died:
                _log.warning("datasets not prepared", reason=str(died))
                self._waiting.clear()
                return
            worker.give_way()
            try:
                await self._employ(worker)
            finally:
                await worker.close()

    async def _employ(self, worker: WorkerProcess) -> None:
        """Until nothing waits, or it dies.  Pictures are drawn from the original as before, so only the operator hears of what fails."""
        watch = asyncio.create_task(self._watch(worker))
        try:
            while self._waiting and worker.is_alive:
                head = (await worker.ask(self._pack(self._waiting.popleft()))).head
                self._tell(head)
                if head.kind == "error":
                    _log.warning("dataset not prepared", code=head.code, reason=head.reason)
        except WorkerDied as died:
            _log.warning("dataset not prepared", reason=str(died))
        finally:
            watch.cancel()

    async def _watch(self, worker: WorkerProcess) -> None:
        while True:
            await asyncio.sleep(WATCH_S)
            if worker.busy_since is not None and time.monotonic() - worker.busy_since > LONGEST_S:
                worker.kill("deadline")
            elif worker.weigh() > self._memory_limit_bytes:
                worker.kill("memory")


def _key(layer: LayerPlan, crs: str) -> object:
    """What is prepared of a vector layer depends on the columns that its style asks for, and on the map's CRS."""
    return (layer.layer.source, layer.style_key, crs) if isinstance(layer.layer.facts, VectorFacts) else layer.layer.source


def _may_draw_slowly(layer: Layer) -> bool:
    """A large dataset; one that draws well as it is is known by the worker as soon as it is looked at."""
    facts = layer.facts
    return facts.count < 0 or facts.count > FEW_FEATURES if isinstance(facts, VectorFacts) else max(facts.width, facts.height) > LARGE_CELLS
