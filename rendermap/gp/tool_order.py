"""What the process that watches a tool is told, as one line of JSON on its standard input."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, JsonValue

from rendermap.environment import Environment
from rendermap.services.service import Parameter

ROOM = "temporary"
"""Folder beside the scratch workspace for the temporary files of the tool, while it runs."""


class ToolOrder(BaseModel):
    """A job to be done now.

    root: its folder.  claim: file descriptor that holds its lock.  folder: of the service.  tool: name of the function in its tools.py, ""
    where a command does the work.  inputs: names of the task's parameters.  outputs: parameters by name.  datasets: those outputs
    whose text values name datasets.  values: of the inputs.  reads: folders and files that the tool may read beside the service's.
    memory_mb: of each of its processes.  file_mb: of each file it writes.  disk_mb: of all of them together.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    root: Path
    claim: int
    folder: Path
    service: str
    task: str
    tool: str = ""
    command: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    outputs: dict[str, Parameter] = {}
    datasets: frozenset[str] = frozenset()
    values: dict[str, JsonValue] = {}
    environment: Environment = Environment()
    time_limit_s: float = 600.0
    reads: tuple[Path, ...] = ()
    memory_mb: int = 4096
    file_mb: int = 8192
    disk_mb: int = 65_536
