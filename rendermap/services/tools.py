"""What can run the tasks of a service: its tools.py, read and never imported here, and programs."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rendermap.services.description import ServiceDescription, TaskDescription
from rendermap.services.lines import KeyPath
from rendermap.services.signatures import Signature, signatures_of

FILE_NAME = "tools.py"
LARGEST_BYTES = 1 << 20
RESERVED = frozenset(("f", "token", "callback", "context", "returnz", "returnm", "returnmessages"))
ENVIRONMENT = "env:"
"""What requests to run a task say by these names, or by names that begin so, is not for the task; in lower case."""


@dataclass(frozen=True, slots=True)
class Tools:
    """A tools.py.

    names: of what it defines or imports, None where only running it would tell.  line, fault: where and why it cannot be understood.
    signatures: of those functions whose text says what they must be given.
    """

    names: frozenset[str] | None
    line: int = 1
    fault: str | None = None
    signatures: Mapping[str, Signature] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """True also where nobody can tell."""
        return self.names is None or name in self.names


def read_tools(folder: Path) -> Tools | None:
    """The tools of a service; None where it has none.  Raises OSError."""
    path = folder / FILE_NAME
    if not path.is_file():
        return None
    with path.open("rb") as file:
        raw = file.read(LARGEST_BYTES + 1)
    if len(raw) > LARGEST_BYTES:
        return Tools(None, fault=f"larger than {LARGEST_BYTES} bytes")
    try:
        module = ast.parse(raw)
        return Tools(_names_of(module), signatures=signatures_of(module))
    except SyntaxError as error:
        return Tools(None, error.lineno or 1, f"not Python: {error.msg}")
    except (ValueError, RecursionError, MemoryError) as error:
        return Tools(None, fault=f"not Python: {error}")


def _names_of(module: ast.Module) -> frozenset[str] | None:
    names: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return None if "*" in names else frozenset(names)


def tool_of(task: TaskDescription, tools: Tools | None) -> str:
    """The function that does a task, "" for none: the one that it names, or that has its name: of ``Buffer Points``, ``buffer_points``."""
    if tools is None or task.command:
        return ""
    usual = re.sub(r"\W+", "_", task.name).strip("_").lower()
    return task.tool or (usual if tools.has(usual) else "")


def check_tools(described: ServiceDescription, folder: Path, tools: Tools | None) -> Iterator[tuple[KeyPath, str]]:
    """What keeps the tasks from being run, where this service runs them."""
    engine = described.run.engine or ("local" if tools or any(task.command for task in described.tasks) else "none")
    if engine != "none":
        yield from _check_names(described)
    for index, task in enumerate(described.tasks) if engine in ("local", "celery") else ():
        keys: KeyPath = ("tasks", index)
        if task.command and "/" in task.command[0]:
            if not os.access(folder / task.command[0], os.X_OK) or (folder / task.command[0]).is_dir():
                yield (*keys, "command"), f"there is no program {task.command[0]}"
        elif not task.command and task.tool and (tools is None or not tools.has(task.tool)):
            yield (*keys, "tool"), f"there is no function {task.tool} in {FILE_NAME}"
        elif not task.command and not tool_of(task, tools):
            yield (*keys, "name"), f"nothing runs this task: there is no function of its name in {FILE_NAME}, and no command"
        elif fault := _misfit(task, tools):
            yield (*keys, "tool" if task.tool else "name"), f"{FILE_NAME}: {fault}"


def _misfit(task: TaskDescription, tools: Tools | None) -> str | None:
    """Why the function of a task can never be called."""
    signature = tools.signatures.get(tool_of(task, tools)) if tools else None
    return signature.fault([parameter.name for parameter in task.parameters if parameter.direction == "input"]) if signature else None


def _check_names(described: ServiceDescription) -> Iterator[tuple[KeyPath, str]]:
    for index, task in enumerate(described.tasks):
        for number, parameter in enumerate(task.parameters):
            name = parameter.name.lower()
            if parameter.direction == "input" and (name in RESERVED or name.startswith(ENVIRONMENT)):
                words = f"{parameter.name} stands for something else in requests: nobody can give it"
                yield ("tasks", index, "parameters", number, "name"), words
