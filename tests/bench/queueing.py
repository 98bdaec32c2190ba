"""How many replicas a rate of requests needs, and how long a drawing then waits: `python -m tests.bench.queueing --rate 100`.

Each replica is a queue of its own before so many workers (M/G/c).  Waiting is told after Allen and Cunneen: Erlang's for as many servers,
times half the sum of the squared coefficients of variation of what lies between arrivals and of service times.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, fields

BUSIEST = 0.7
"""Share of the time that workers, and the process before them, may be busy: beyond it waiting grows without measure."""
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
    """replicas: the fewest that do.  asked, drawn: of all, a second.  busy: a worker, share of the time.  wait_ms: of a drawing, mean."""

    replicas: int
    asked: float
    drawn: float
    busy: float
    wait_ms: float


def plan(demand: Demand) -> Capacity:
    """The fewest replicas whose workers and serving processes are not too busy and whose drawings do not wait too long."""
    asked = demand.rate * (1 - demand.at_proxy)
    drawn = asked * (1 - demand.kept)
    replicas = 1
    while not _suffices(demand, asked / replicas, station := _station(demand, drawn / replicas)):
        replicas += 1
    return Capacity(replicas, asked, drawn, station.busy, station.wait_s * 1000)


def _station(demand: Demand, rate: float) -> Station:
    return Station(demand.workers, rate, demand.drawing_ms / 1000)


def _suffices(demand: Demand, asked: float, station: Station) -> bool:
    is_front_free = asked * demand.front_ms / 1000 <= BUSIEST
    return is_front_free and station.busy <= BUSIEST and station.wait_s <= LONGEST_WAIT * station.service_s


def _read_demand() -> Demand:
    parser = argparse.ArgumentParser(description=__doc__)
    for each in fields(Demand):
        is_given = each.name != "rate"
        default = each.default if is_given else None
        kind = int if each.name == "workers" else float
        parser.add_argument(f"--{each.name.replace('_', '-')}", type=kind, default=default, required=not is_given)
    return Demand(**vars(parser.parse_args()))


if __name__ == "__main__":
    print(plan(_read_demand()))
