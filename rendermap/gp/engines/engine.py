"""What every engine can do, and what it is given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from rendermap.gp.orders import JobOrder
from rendermap.services.service import Service


class Engine(Protocol):
    """Has tasks done.  Belongs to one event loop; everything about a job but its beginning and its end by force is read from its folder."""

    async def start(self) -> None:
        """Take up what is waiting."""

    async def stop(self) -> None:
        """Let nothing go on that nobody looks after."""

    async def submit(self, order: JobOrder) -> str:
        """The id of a new job, whose folder is there by then.  Raises NotSupported, Busy, Broken."""

    async def cancel(self, service: Service, job_id: str) -> None:
        """End a job of the service, whether it waits or runs; nothing happens to one that is over."""


class Program(Protocol):
    """A task while it runs, wherever that is.  Its end, of whatever kind, is the end of the job."""

    def cancel(self) -> None:
        """Have it ended because somebody wants it."""

    def leave(self) -> None:
        """Have it ended because the server stops."""

    def kill(self) -> None:
        """End it in whatever state."""

    async def ended(self) -> str:
        """What there is to say for the log, when it runs no more."""


Beginning = Callable[[], Awaitable[Program]]


@dataclass(frozen=True, slots=True)
class Site:
    """Where jobs are made.  jobs_dirs: all that are looked through, new jobs go to the first.  services: what is published now, by name.

    broker: address of the Redis or Valkey by which other machines hear of jobs; None where there is none.
    """

    jobs_dirs: tuple[Path, ...]
    services: Callable[[], Mapping[str, Service]]
    broker: str | None = field(default=None, repr=False)
