"""How a server is known to have nothing left to do: what it prepares behind its pictures is seen in the CPU time that it wants."""

from __future__ import annotations

import time
from dataclasses import dataclass

from tests.bench.peers.servers import Server

QUIET_S, LONGEST_UNQUIET_S = 2.0, 600.0
BUSY_SHARE = 0.05
LOOK_S = 0.25


@dataclass(frozen=True, slots=True)
class Quiet:
    """What it took.  seconds: until the server did nothing more.  peak_mb: the most that its processes held meanwhile, proportionally."""

    seconds: float
    peak_mb: float


def wait_until_quiet(server: Server) -> Quiet:
    """Returns once the server has done nothing for a while.  Raises TimeoutError when that takes too long."""
    began = time.monotonic()
    peak_mb = 0.0
    while time.monotonic() - began < LONGEST_UNQUIET_S:
        used, since = server.wanted_s, time.monotonic()
        while time.monotonic() - since < QUIET_S:
            peak_mb = max(peak_mb, server.memory_mb)
            time.sleep(LOOK_S)
            if server.wanted_s - used >= BUSY_SHARE * QUIET_S:
                break
        else:
            return Quiet(since - began, peak_mb)
    raise TimeoutError(f"{server.name} does not come to rest")
