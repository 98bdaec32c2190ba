"""How many replicas a rate of requests needs, and how long a drawing then waits: `python -m tests.bench.queueing --rate 100`.

Each replica is a queue of its own before so many workers (M/G/c).  Waiting is told after Allen and Cunneen: Erlang's for as many servers,
times half the sum of the squared coefficients of variation of what lies between arrivals and of service times.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

BUSIEST = 0.7
"""Share of the time that workers, and the process before them, may be busy: beyond it waiting grows without measure."""
PROXY_MS = 0.014
"""Of nginx, for a picture that it keeps."""
PICTURE_KB = 16.0
LONGEST_WAIT = 1.0
"""Mean wait of a drawing, in drawings."""


@dataclass(frozen=True, slots=True)
class Station:
    """Servers with one queue.

    rate: arrivals in a second.  service_s: mean.  arrival_cv2, service_cv2: squared coefficients of variation; 1 for what is random
    as Poisson is, 0 for what is always the same.
    """

    servers: int
    rate: float
    service_s: float
    arrival_cv2: float = 1.0
    service_cv2: float = 1.0

    @property
    def load(self) -> float:
        """Servers that are busy, on the average, if there are enough."""
        return self.rate * self.service_s

    @property
    def busy(self) -> float:
        """Share of the time that each is busy; 1 or more when the queue only grows."""
        return self.load / self.servers

    @property
    def waiting_share(self) -> float:
        """Share of arrivals that have to wait (Erlang C)."""
        if self.busy >= 1:
            return 1.0
        lost = 1.0
        for servers in range(1, self.servers + 1):
            lost = self.load * lost / (servers + self.load * lost)
        return lost / (1 - self.busy * (1 - lost))

    @property
    def wait_s(self) -> float:
        """Mean wait of all arrivals."""
        if self.busy >= 1:
            return float("inf")
        erlang = self.waiting_share * self.service_s / (self.servers * (1 - self.busy))
        return erlang * (self.arrival_cv2 + self.service_cv2) / 2


@dataclass(frozen=True, slots=True)
class Demand:
    """What is asked.

    rate: pictures in a second.  at_proxy, kept: share of them that the proxy has, and of the others that rendermap has.
    drawing_ms, front_ms: of a drawing; of the serving process for each picture.  workers: of each replica.
    """

    rate: float
    at_proxy: float = 0.0
    kept: float = 0.8
    drawing_ms: float = 50.0
    front_ms: float = 2.0
    workers: int = 4


@dataclass(frozen=True, slots=True)
class Capacity:
    """replicas: the fewest that do.  asked, drawn: of all, a second.  busy: a worker, share of the time.  wait_ms: of a drawing, mean.

    proxy_processors: that nginx keeps busy with what it has.  network_gbit_s: of all pictures, at `PICTURE_KB` each.
    """

    replicas: int
    asked: float
    drawn: float
    busy: float
    wait_ms: float
    proxy_processors: float
    network_gbit_s: float

    def __str__(self) -> str:
        return (
            f"replicas             {self.replicas:,}\n"
            f"asked of rendermap   {self.asked:,.0f} a second, {self.drawn:,.0f} of them drawn\n"
            f"a worker is busy     {self.busy:.0%}\n"
            f"a drawing waits      {self.wait_ms:.1f} ms\n"
            f"nginx is busy with   {self.proxy_processors:.1f} processors\n"
            f"the network carries  {self.network_gbit_s:.1f} Gbit/s, of pictures of {PICTURE_KB:.0f} KB"
        )


def plan(demand: Demand) -> Capacity:
    """The fewest replicas whose workers and serving processes are not too busy and whose drawings do not wait too long."""
    asked = demand.rate * (1 - demand.at_proxy)
    drawn = asked * (1 - demand.kept)
    replicas = 1
    while not _suffices(demand, asked / replicas, station := _station(demand, drawn / replicas)):
        replicas += 1
    proxy_processors = demand.rate * demand.at_proxy * PROXY_MS / 1000
    network_gbit_s = demand.rate * PICTURE_KB * 8 * 1024 / 1e9
    return Capacity(replicas, asked, drawn, station.busy, station.wait_s * 1000, proxy_processors, network_gbit_s)


def _station(demand: Demand, rate: float) -> Station:
    return Station(demand.workers, rate, demand.drawing_ms / 1000)


def _suffices(demand: Demand, asked: float, station: Station) -> bool:
    is_front_free = asked * demand.front_ms / 1000 <= BUSIEST
    return is_front_free and station.busy <= BUSIEST and station.wait_s <= LONGEST_WAIT * station.service_s


def read_demand(arguments: Sequence[str] | None = None) -> Demand:
    """From the command line.  Ends it with one line for what cannot be."""
    parser = argparse.ArgumentParser(prog="queueing", description=__doc__)
    parser.add_argument("--rate", type=_positive(float), required=True, help="pictures a second")
    parser.add_argument("--at-proxy", type=share, default=0.0, help="share of them that the proxy has, 0 to 1 (0)")
    parser.add_argument("--kept", type=share, default=0.8, help="share of the others that rendermap has (0.8)")
    parser.add_argument("--drawing-ms", type=_positive(float), default=50.0, help="of a drawing (50)")
    parser.add_argument("--front-ms", type=_positive(float), default=2.0, help="of the serving process for each picture (2)")
    parser.add_argument("--workers", type=_positive(int), default=4, help="of each replica (4)")
    return Demand(**vars(parser.parse_args(arguments)))


def _positive(kind: Callable[[str], float]) -> Callable[[str], float]:
    def positive(text: str) -> float:
        if not (math.isfinite(value := kind(text)) and value > 0):
            raise ValueError
        return value

    return positive


def share(text: str) -> float:
    """From 0 to 1.  Raises ValueError."""
    if not 0 <= (value := float(text)) <= 1:
        raise ValueError
    return value


if __name__ == "__main__":
    print(plan(read_demand()))
