"""Who may hold a worker: what was never done before, and jobs that held workers too long, leave one for all others.

A dataset may be made so that looking at it, drawing it or asking about it never ends.  It costs its own job the picture; without bounds
on how many workers it holds it would cost all others theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from cachetools import LRUCache, TTLCache

from rendermap.dispatch.plan import FeaturesPlan, IdentifyPlan, InspectPlan, LegendPlan, MapPlan, MeasurePlan, Plan
from rendermap.dispatch.queue import Errand
from rendermap.jobs.job import DataSource

REMEMBERED = 16_384
SUSPECT_S = 600.0
FATAL = frozenset({"crash", "deadline", "memory"})


class Trials:
    """Counts errands that run by what is known of them.  Belongs to one event loop.

    size: workers there shall be; up: that are up now.  Of two or more, errands never done before hold all but one at most, and so do
    those of suspected jobs; a single one must do everything.
    """

    def __init__(self, size: int, up: Callable[[], int], suspect_s: float = SUSPECT_S) -> None:
        self._size = size
        self._up = up
        self._tried: LRUCache[object, bool] = LRUCache(REMEMBERED)
        self._suspects: TTLCache[Path, bool] = TTLCache(REMEMBERED, suspect_s)
        self._untried_now: set[Errand] = set()
        self._suspect_now: set[Errand] = set()

    def may_begin(self, errand: Errand) -> bool:
        """False while so many like it run that it must wait."""
        most = self._up() - 1 if self._size > 1 else 1
        if self.is_suspect(errand):
            return len(self._suspect_now) < most
        return not self._is_untried(errand) or len(self._untried_now) < most

    def begin(self, errand: Errand) -> None:
        """An errand was given to a worker."""
        if self.is_suspect(errand):
            self._suspect_now.add(errand)
        elif self._is_untried(errand):
            self._untried_now.add(errand)

    def end(self, errand: Errand, cause: str | None) -> None:
        """It was answered, or its worker died of a cause."""
        self._suspect_now.discard(errand)
        self._untried_now.discard(errand)
        if cause is None:
            for mark in errand.marks:
                self._tried[mark] = True
        elif cause in FATAL and errand.job is not None:
            self._suspects[errand.job] = True

    def is_suspect(self, errand: Errand) -> bool:
        """True when the errand is of a job under which a worker died or hung lately."""
        return errand.job is not None and errand.job in self._suspects

    def _is_untried(self, errand: Errand) -> bool:
        return any(mark not in self._tried for mark in errand.marks)


def errand_of(plan: Plan, request: bytes, key: object) -> Errand:
    """An errand that knows which job it is of, and what must have been done before for it to be nothing new."""
    job = next((source.root for source in _sources_of(plan)), None)
    return Errand(request, key, job, tuple(_marks_of(plan)))


def _sources_of(plan: Plan) -> Iterable[DataSource]:
    if isinstance(plan, MapPlan):
        return (layer.layer.source for layer in plan.layers)
    if isinstance(plan, LegendPlan):
        return (layer.layer.source for layer in plan.layers if layer.layer)
    if isinstance(plan, InspectPlan):
        return (plan.source,)
    if isinstance(plan, IdentifyPlan):
        return (plan.layer.layer.source,)
    return (plan.layer.source,) if isinstance(plan, MeasurePlan | FeaturesPlan) else ()


def _marks_of(plan: Plan) -> Iterable[object]:
    """Drawing is marked by dataset and style at all scales; looking, measuring and asking by the dataset."""
    if isinstance(plan, MapPlan):
        return ((layer.layer.source, layer.rest_key or layer.style_key) for layer in plan.layers)
    return ((type(plan).__name__, source) for source in _sources_of(plan))
