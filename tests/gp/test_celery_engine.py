"""Jobs run on other machines, which hear of them by way of a real broker and find them on the disk that all share."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from rendermap.errors import Busy, NotSupported, TooMany
from rendermap.gp.claims import find_orders, take_claim
from rendermap.gp.engines import celery
from rendermap.gp.engines.celery import CeleryEngine
from rendermap.gp.engines.engine import Site
from rendermap.gp.machine import Machine
from rendermap.gp.slots import slot
from rendermap.jobs import manifest
from tests.builders.redis_server import RedisServer, needs_redis, redis_server
from tests.builders.tooled import Workshop, at_work, lay_out_tools

TOOLS = """
import time
def work(number=0.0):
    begun = time.time()
    time.sleep(number)
    return {"Report": f"{begun} {time.time()}"}
"""
PATIENCE_S = 20.0
INSTANCES = 2


@dataclass
class Cluster:
    """A jobs directory, a service and a broker."""

    folder: Path
    redis: RedisServer
    machines: tuple[subprocess.Popen[bytes], ...] = ()

    @contextmanager
    def machine(self, at_once: int = 2) -> Iterator[subprocess.Popen[bytes]]:
        """A worker that takes jobs, as people start it."""
        words = ["job-worker", "--at-once", str(at_once), "--jobs", str(self.folder / "jobs"), "--services", str(self.folder / "styles")]
        environment = {**os.environ, "RENDERMAP_BROKER": self.redis.url}
        root = Path(__file__).parents[2]
        worker = subprocess.Popen([sys.executable, "-m", "rendermap", *words], env=environment, cwd=root, stdout=subprocess.DEVNULL)
        try:
            yield worker
        finally:
            worker.kill()
            worker.wait()

    def workshop(self, broker: str | None = None) -> Workshop:
        """With an engine of its own."""
        workshop = Workshop(self.folder / "jobs", self.folder / "styles")
        workshop.engine = CeleryEngine(Site((workshop.jobs,), workshop.services.current, broker))  # type: ignore[assignment]
        return workshop

    @asynccontextmanager
    async def server(self) -> AsyncIterator[Workshop]:
        """One that submits."""
        workshop = self.workshop(self.redis.url)
        await workshop.engine.start()
        try:
            yield workshop
        finally:
            await workshop.engine.stop()


def lay_out(folder: Path, *, queue: int = 100, time_limit_s: float = 60.0) -> None:
    """A service whose jobs others run."""
    lay_out_tools(folder / "styles", TOOLS, {"Work": ""}, instances=INSTANCES, queue=queue, time_limit_s=time_limit_s)
    toml = folder / "styles" / "Tools" / "service.toml"
    toml.write_text(toml.read_text().replace("[run]", '[run]\nengine = "celery"'))


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """With two machines at work."""
    folder = tmp_path_factory.mktemp("celery")
    lay_out(folder, time_limit_s=3.0)
    with redis_server(folder) as redis:
        cluster = Cluster(folder, redis)
        with cluster.machine() as one, cluster.machine() as other:
            cluster.machines = one, other
            yield cluster


@needs_redis
def test_jobs_run_elsewhere_and_never_more_than_may(cluster: Cluster) -> None:
    """Of two machines with room for two each only two run at once, and each job is done once."""

    async def whole() -> list[tuple[float, float]]:
        async with cluster.server() as server:
            jobs = [await server.submit("Work", number=0.3) for _ in range(6)]
            documents = [await server.over(job) for job in jobs]
            async with asyncio.timeout(PATIENCE_S):
                while list((server.jobs / ".orders").glob("*.order")):
                    await asyncio.sleep(0.05)
        assert [document.status for document in documents] == ["succeeded"] * 6, documents
        spans = [str(document.outputs["Report"].value).split() for document in documents]  # type: ignore[union-attr]
        return [(float(begun), float(ended)) for begun, ended in spans]

    spans = asyncio.run(whole())
    assert max(sum(begun <= moment < ended for begun, ended in spans) for moment, _ in spans) == INSTANCES


@needs_redis
def test_a_job_is_cancelled_and_runs_out_of_time(cluster: Cluster) -> None:
    """Whether it runs on another machine or waits for one."""

    async def whole() -> list[str]:
        async with cluster.server() as server:
            long, cancelled = [await server.submit("Work", number=60.0) for _ in range(2)]
            for job in (long, cancelled):
                await server.reached(job, "executing")
            waiting = await server.submit("Work", number=60.0)
            began = time.monotonic()
            for job in (waiting, cancelled):
                await server.engine.cancel(server.service, job)
            assert time.monotonic() - began < 2.0
            return [(await server.over(job)).status.value for job in (waiting, cancelled, long)]

    assert asyncio.run(whole()) == ["cancelled", "cancelled", "timed_out"]


@needs_redis
def test_a_broker_that_was_away_and_forgot_costs_nothing(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job is taken in meanwhile, and run when the broker is back, empty."""
    monkeypatch.setattr(celery, "LOOKS_EVERY_S", 0.2)

    async def whole() -> str:
        async with cluster.server() as server:
            cluster.redis.kill()
            job = await server.submit("Work")
            assert server.document(job).status == "submitted"
            cluster.redis.start()
            return (await server.reached(job, "succeeded", "failed", within_s=PATIENCE_S)).status.value

    assert asyncio.run(whole()) == "succeeded"


@needs_redis
def test_a_machine_that_is_killed_fails_its_job_and_no_other(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a message; what waited is done by the other machine."""
    monkeypatch.setattr(celery, "LOOKS_EVERY_S", 0.2)
    toml = cluster.folder / "styles" / "Tools" / "service.toml"
    toml.write_text(toml.read_text().replace("instances = 2", "instances = 1").replace("time_limit_s = 3.0", "time_limit_s = 60.0"))

    async def whole() -> None:
        async with cluster.server() as server:
            await asyncio.sleep(1.0)  # until both machines know
            running = await server.submit("Work", number=60.0)
            await server.reached(running, "executing")
            waiting = await server.submit("Work")
            (machine,) = [machine for machine in cluster.machines if is_busy(machine)]
            machine.kill()
            failed = await server.over(running)
            assert failed.status == "failed" and failed.messages[-1].text == "The server was stopped while the job ran."
            assert (await server.over(waiting)).status == "succeeded"

    asyncio.run(whole())


def is_busy(machine: subprocess.Popen[bytes]) -> bool:
    """True while it watches a tool."""
    return any(path.read_text() for path in Path(f"/proc/{machine.pid}/task").glob("*/children"))


def test_clients_take_turns_and_none_fills_the_queue(tmp_path: Path) -> None:
    """The next job is one of the client of whom the fewest run; of one client half of what may wait is taken in."""
    lay_out(tmp_path, queue=4)

    async def whole() -> None:
        workshop = Cluster(tmp_path, RedisServer(tmp_path)).workshop("redis://127.0.0.1:9")
        anna = [await workshop.submit("Work") for _ in range(4)]
        with pytest.raises(TooMany):
            await workshop.submit("Work")
        ben = [await workshop.submit("Work", client="ben") for _ in range(2)]
        with pytest.raises(Busy):
            await workshop.submit("Work", client="cleo")
        machine = Machine(Site((workshop.jobs,), workshop.services.current), None)
        for expected in (anna[0], ben[0]):
            claim = machine._next("Tools")
            assert claim and claim.job_id == expected
            manifest.resume(claim.root).begin()

    asyncio.run(whole())


def test_jobs_that_no_machine_takes_are_told_of_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator hears that they wait; not while one is under way, whose machine may be busy with it."""
    monkeypatch.setattr(celery, "LOOKS_EVERY_S", 0.02)
    lay_out(tmp_path)

    async def heard(is_worked_at: bool) -> list[object]:
        workshop = Cluster(tmp_path, RedisServer(tmp_path)).workshop("redis://127.0.0.1:9")
        jobs = [await workshop.submit("Work") for _ in range(3)]
        claim = take_claim(next(find_orders((workshop.jobs,)))) if is_worked_at else None
        if claim:
            manifest.resume(claim.root).begin()
        with capture_logs() as log:
            await workshop.engine.start()
            await asyncio.sleep(1.5)
            for job_id in jobs:
                if claim is None or job_id != claim.job_id:
                    await workshop.engine.cancel(workshop.service, job_id)
            await workshop.engine.stop()
        if claim:
            claim.leave()
        return [line["waiting"] for line in log if line["event"].startswith("jobs wait and no machine takes them")]

    assert asyncio.run(heard(is_worked_at=False)) == [3]
    assert asyncio.run(heard(is_worked_at=True)) == []


def test_without_a_broker_nothing_is_taken_in(tmp_path: Path) -> None:
    """It would wait for ever."""
    lay_out(tmp_path)
    with pytest.raises(NotSupported):
        asyncio.run(Cluster(tmp_path, RedisServer(tmp_path)).workshop().submit("Work"))


def test_a_local_engine_leaves_jobs_of_machines_alone(tmp_path: Path) -> None:
    """They wait for a machine, whatever else starts over their directory."""
    lay_out(tmp_path)

    async def whole() -> None:
        job = await Cluster(tmp_path, RedisServer(tmp_path)).workshop("redis://127.0.0.1:9").submit("Work")
        async with at_work(tmp_path / "jobs", tmp_path / "styles") as local:
            await asyncio.sleep(0.1)
            assert local.document(job).status == "submitted"

    asyncio.run(whole())


def test_slots_are_so_many_and_free_again(tmp_path: Path) -> None:
    """Those of one service are not another's."""
    with ExitStack() as stack:
        taken = [stack.enter_context(slot(tmp_path, name, 2)) for name in ("A/B", "A/B", "A/B", "A/C")]
        assert taken == [True, True, False, True]
    with slot(tmp_path, "A/B", 2) as again:
        assert again
