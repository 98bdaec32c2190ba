"""What is done behind the pictures: datasets turned into what draws faster, one at a time, when no picture waits for a worker."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import structlog
from cachetools import LRUCache

from rendermap.dispatch.plan import LayerPlan, MapPlan, PreparePlan
from rendermap.dispatch.queue import Errand
from rendermap.dispatch.wire import Answer
from rendermap.errors import RendermapError
from rendermap.jobs.job import Layer
from rendermap.symbology.facts import VectorFacts

REMEMBERED = 16_384
MOST_WAITING = 64
FEW_FEATURES = 20
LARGE_CELLS = 2048
"""Along its longer side; of smaller rasters a worker has the whole in memory anyway."""

_log = structlog.get_logger("rendermap.dispatch")


class Behind:
    """Errands that nobody waits for.  Belongs to one event loop.

    pack: a plan -> its request.  blame: that an errand starts with, so that the death of its worker is its end.
    """

    def __init__(self, pack: Callable[[PreparePlan], bytes], blame: int) -> None:
        self._pack = pack
        self._blame = blame
        self._asked: LRUCache[object, bool] = LRUCache(REMEMBERED)
        self._waiting: deque[PreparePlan] = deque()
        self._now: Errand | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def is_busy(self) -> bool:
        """True while something is prepared, or waits to be."""
        return bool(self._waiting) or self._now is not None

    def add(self, plan: MapPlan) -> None:
        """Have the datasets of a picture that was drawn prepared, each version once; what finds no place may come again."""
        for layer in plan.layers:
            key = _key(layer, plan.view.crs)
            if key not in self._asked and _may_draw_slowly(layer.layer) and len(self._waiting) < MOST_WAITING:
                self._asked[key] = True
                self._waiting.append(PreparePlan(layer, plan.view.crs))

    def take(self) -> Errand | None:
        """The next errand; None while one is under way."""
        if self._now is not None or not self._waiting:
            return None
        # It is no job's: a preparation that fails tells nothing of the job's pictures.
        self._now = Errand(self._pack(self._waiting.popleft()), None, blame=self._blame)
        self._now.answer.add_done_callback(_tell)
        return self._now

    def end(self, errand: Errand) -> None:
        """An errand is over, however it went."""
        if errand is self._now:
            self._now = None


def _key(layer: LayerPlan, crs: str) -> object:
    """What is prepared of a vector layer depends on the columns that its style asks for, and on the map's CRS."""
    return (layer.layer.source, layer.style_key, crs) if isinstance(layer.layer.facts, VectorFacts) else layer.layer.source


def _may_draw_slowly(layer: Layer) -> bool:
    """A large dataset; one that draws well as it is is known by the worker as soon as it is looked at."""
    facts = layer.facts
    return facts.count < 0 or facts.count > FEW_FEATURES if isinstance(facts, VectorFacts) else max(facts.width, facts.height) > LARGE_CELLS


def _tell(answer: asyncio.Future[Answer]) -> None:
    """Pictures are drawn from the original as before, so only the operator hears of it."""
    if answer.cancelled():
        return
    error = answer.exception()
    if isinstance(error, RendermapError):
        _log.warning("dataset not prepared", code=error.code, reason=error.reason)
    elif error is None and (head := answer.result().head).kind == "error":
        _log.warning("dataset not prepared", code=head.code, reason=head.reason)
