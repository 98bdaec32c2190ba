"""What the death of a worker is to the plan it was at: how much the plan is blamed, and what its asker is told in the end."""

from __future__ import annotations

import math
from dataclasses import replace
from types import MappingProxyType

from rendermap.dispatch.process import WorkerDied
from rendermap.errors import Broken, RenderCrashed, RenderTimeout
from rendermap.limits import DRAWING_S, MEGABYTE, WORKER_MEMORY

BLAME = MappingProxyType({"crash": 6, "deadline": 6, "memory": 6, "killed": 1, "changed": 1, "gone": 0, "abandoned": 0})
"""How much a plan is blamed for the death of its worker; one killed from outside is hardly its fault, nor is a new jobs directory."""
GIVEN_UP_AT = 12


def verdict_of(died: WorkerDied, deadline_s: float, memory_limit_bytes: int) -> Broken:
    """What is told of a plan under which workers died, with the limit that was passed, where it was one."""
    if died.cause == "deadline":
        most = replace(DRAWING_S, value=math.ceil(deadline_s)).sentence
        return RenderTimeout(f"{RenderTimeout.sentence} {most}", reason=str(died))
    if died.cause == "memory":
        most = replace(WORKER_MEMORY, value=memory_limit_bytes // MEGABYTE).sentence
        return RenderCrashed(f"The drawing took more memory than the service allows. {most}", reason=str(died))
    return RenderCrashed(reason=str(died))
