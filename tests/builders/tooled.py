"""A service with tools that behave and misbehave, and an engine that runs them in real processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import JsonValue

from rendermap.environment import Environment
from rendermap.gp.claims import make_claim
from rendermap.gp.engines.engine import Site
from rendermap.gp.engines.local import LocalEngine
from rendermap.gp.orders import JobOrder
from rendermap.jobs import manifest
from rendermap.jobs.document import Document, read_document
from rendermap.services.reader import Services
from rendermap.services.service import Service, task_named

SERVICE_TOML = """
title = "Tools"
[run]
instances = {instances}
queue = {queue}
time_limit_s = {time_limit_s}
"""
TASK_TOML = """
[[tasks]]
name = "{name}"
{how}
[[tasks.parameters]]
name = "Number"
type = "GPDouble"
required = false
[[tasks.parameters]]
name = "Text"
type = "GPString"
required = false
[[tasks.parameters]]
name = "Area"
type = "GPDouble"
direction = "output"
[[tasks.parameters]]
name = "Report"
type = "GPString"
direction = "output"
[[tasks.parameters]]
name = "Map"
type = "GPDataFile"
direction = "output"
"""


def lay_out_tools(
    services: Path,
    tools: str,
    tasks: Mapping[str, str],
    *,
    instances: int = 2,
    queue: int = 100,
    time_limit_s: float = 60.0,
    bounds: str = "",
) -> None:
    """A service Tools.  tools: text of its tools.py.  tasks: by name, with further lines of TOML.  bounds: further lines of [run]."""
    folder = services / "Tools"
    folder.mkdir(parents=True)
    (folder / "tools.py").write_text(tools)
    head = SERVICE_TOML.format(instances=instances, queue=queue, time_limit_s=time_limit_s) + bounds
    (folder / "service.toml").write_text(head + "".join(TASK_TOML.format(name=name, how=how) for name, how in tasks.items()))


class Workshop:
    """A jobs directory with an engine over it; as many of them as wanted may share one."""

    def __init__(self, jobs: Path, services: Path) -> None:
        self.jobs = jobs
        self.services = Services(services, check_every_s=0.0)
        self.engine = LocalEngine(Site((jobs,), self.services.current))

    @property
    def service(self) -> Service:
        """As published now."""
        return self.services.current()["Tools"]

    def order(self, task: str, client: str = "anna", environment: Environment | None = None, **inputs: JsonValue) -> JobOrder:
        """For the engine."""
        found = task_named(self.service, task)
        assert found, self.services.faults
        return JobOrder(self.service, found, inputs, environment or Environment(), client, client=client)

    async def submit(self, task: str, client: str = "anna", **inputs: JsonValue) -> str:
        """The id of a new job."""
        return await self.engine.submit(self.order(task, client, **inputs))

    def root(self, job_id: str) -> Path:
        """The job's folder."""
        return self.jobs / "tools_gpserver" / job_id

    def document(self, job_id: str) -> Document:
        """As it stands now."""
        return read_document(self.root(job_id))

    async def reached(self, job_id: str, *states: str, within_s: float = 30.0) -> Document:
        """The document when it says so."""
        async with asyncio.timeout(within_s):
            while (document := self.document(job_id)).status not in states:
                await asyncio.sleep(0.02)
        return document

    async def over(self, job_id: str) -> Document:
        """The document of a job that has ended, however."""
        return await self.reached(job_id, "succeeded", "failed", "cancelled", "timed_out")


@asynccontextmanager
async def at_work(jobs: Path, services: Path) -> AsyncIterator[Workshop]:
    """A workshop whose engine runs."""
    workshop = Workshop(jobs, services)
    await workshop.engine.start()
    try:
        yield workshop
    finally:
        await workshop.engine.stop()


def leave_behind(workshop: Workshop, task: str, client: str = "anna", **inputs: JsonValue) -> str:
    """A job that waits and that no server is in charge of, as one leaves it that is killed."""
    order = workshop.order(task, client, **inputs)
    claim = make_claim(workshop.jobs, order)
    manifest.submit(workshop.jobs, service="Tools", task=task, inputs=inputs, owner=client, job_id=claim.job_id)
    claim.leave()
    return claim.job_id


def is_alive(pid: int) -> bool:
    """False for a process that has ended, whether or not it has been buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def watchers_of(server: int) -> list[int]:
    """Process ids of the programs that watch the tools of a server."""
    return [pid for guard in guards_of(server) for pid in _children_of(guard)]


def guards_of(server: int) -> list[int]:
    """Process ids of the programs above those."""
    return [pid for pid in _children_of(server) if b"rendermap.gp.tool_process" in _command_of(pid)]


def _children_of(pid: int) -> list[int]:
    found: list[int] = []
    for thread in Path(f"/proc/{pid}/task").iterdir():
        found += map(int, (thread / "children").read_text().split())
    return found


def _command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
