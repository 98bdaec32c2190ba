"""The model that plans capacity tells what queues do: simulated ones, and the service's own."""

from __future__ import annotations

import asyncio
import heapq
import random
import re
import statistics
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from tests.bench.queueing import PICTURE_KB, PROXY_MS, Demand, Station, plan, read_demand
from tests.builders.pools import run, running, told

PAGE = Path(__file__).parents[2] / "docs" / "capacity.md"
ROW = re.compile(r"^\| ([\d,]+) \| ([\d.]+) % \| ([\d.]+) % \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \| (\d+) % \| ([\d.]+) ms \|", re.MULTILINE)
DRAWING_S, RATE, ARRIVALS, WORKERS = 0.02, 60.0, 240, 2
STEADY = 0.85
"""Busier than that, a short run tells nothing: it is as long as a queue's memory."""
TRIES = 3


@pytest.mark.parametrize(("servers", "load", "share"), [(1, 0.5, 0.5), (2, 1.0, 1 / 3), (5, 4.0, 0.5541), (10, 8.0, 0.4092)])
def test_erlangs_table(servers: int, load: float, share: float) -> None:
    """Who has to wait, as printed tables have it; and all, when there is more to do than can be done."""
    assert Station(servers, load, 1.0).waiting_share == pytest.approx(share, abs=1e-4)
    assert Station(servers, servers + 1.0, 1.0).wait_s == float("inf")


@pytest.mark.parametrize(("servers", "busy", "service_cv2"), [(1, 0.7, 1.0), (4, 0.7, 1.0), (1, 0.6, 0.0), (4, 0.8, 0.0)])
def test_simulated_queues_wait_as_long_as_told(servers: int, busy: float, service_cv2: float) -> None:
    """Sixty thousand arrivals, of service times that are random and that are all the same."""
    chance = random.Random(7)
    station = Station(servers, busy * servers, 1.0, service_cv2=service_cv2)
    free, now, waited = [0.0] * servers, 0.0, 0.0
    for _ in range(60_000):
        now += chance.expovariate(station.rate)
        begins = max(now, heapq.heappop(free))
        heapq.heappush(free, begins + (chance.expovariate(1.0) if service_cv2 else 1.0))
        waited += begins - now
    assert waited / 60_000 == pytest.approx(station.wait_s, rel=0.15)


@dataclass(frozen=True, slots=True)
class Served:
    """One drawing, by the clock that all processes of a machine share."""

    asked: float
    begun: float
    answered: float


async def serve_at_random() -> list[Served]:
    """Arrivals as strangers come, at a pool whose workers take a known time."""
    chance = random.Random(11)
    async with running(WORKERS) as pool:

        async def ask() -> Served:
            asked = time.monotonic()
            drawn = await pool.draw(told(f"begun:{DRAWING_S}"))
            return Served(asked, float(drawn.body), time.monotonic())

        asking = []
        for _ in range(ARRIVALS):
            asking.append(asyncio.create_task(ask()))
            await asyncio.sleep(chance.expovariate(RATE))
        return await asyncio.gather(*asking)


@pytest.mark.slow
def test_the_service_waits_as_long_as_told() -> None:
    """Its own queue and real processes: what waiting is measured lies by what the model makes of the arrivals and times that were.

    A machine that is slow meanwhile makes the drawings longer for both; where the queue only grows for that, it is tried again.
    """
    for _ in range(TRIES):
        served = run(serve_at_random)
        if (station := station_of(served)).busy < STEADY:
            break
    waited = statistics.mean(each.begun - each.asked for each in served)
    assert 0.5 < waited / station.wait_s < 2


def station_of(served: list[Served]) -> Station:
    """The model's, for the arrivals and the times that were."""
    gaps = [after.asked - before.asked for before, after in pairwise(served)]
    times = [each.answered - each.begun for each in served]
    return Station(WORKERS, 1 / statistics.mean(gaps), statistics.mean(times), _cv2(gaps), _cv2(times))


def _cv2(values: list[float]) -> float:
    return statistics.variance(values) / statistics.mean(values) ** 2


def test_the_manual_shows_what_the_model_says() -> None:
    """Each row of the plan, from the demand in it."""
    rows = [[float(cell.replace(",", "")) for cell in row] for row in ROW.findall(PAGE.read_text())]
    assert len(rows) >= 4
    for rate, at_proxy, kept, *shown in rows:
        made = plan(Demand(rate, at_proxy / 100, kept / 100))
        assert [round(made.asked), round(made.drawn), made.replicas, round(made.busy * 100), round(made.wait_ms, 1)] == shown


@pytest.mark.parametrize(
    "asked",
    [
        "--rate 0",
        "--rate -1",
        "--rate inf",
        "--rate 1 --workers 0",
        "--rate 1 --kept 2",
        "--rate 1 --at-proxy -0.1",
        "--rate 1 --drawing-ms 0",
    ],
)
def test_what_cannot_be_is_said(asked: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In a line, as command lines do, and not by a fault in the reckoning."""
    with pytest.raises(SystemExit, match="2"):
        read_demand(asked.split())
    assert "invalid" in capsys.readouterr().err.splitlines()[-1]


def test_the_plan_is_told_in_words_and_round_numbers() -> None:
    """With what the proxy and the network have to bear, by the figures that the page names."""
    said = str(plan(read_demand(["--rate", "100000", "--at-proxy", "0.99", "--kept", "0.9"])))
    assert "1,000 a second, 100 of them drawn" in said and "1.4 processors" in said and "13.1 Gbit/s" in said and "99999" not in said
    page = PAGE.read_text()
    assert f"{PROXY_MS} ms of nginx" in page and f"{PICTURE_KB:.0f} KB" in page and "1.4 processors" in page and "13 Gbit/s" in page
