"""What can run the tasks of a service: its tools.py, read and never imported here, and programs."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rendermap.services.description import ServiceDescription, TaskDescription
from rendermap.services.lines import KeyPath

FILE_NAME = "tools.py"
LARGEST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Tools:
    """A tools.py.

    names: of what it defines or imports, None where only running it would tell.  line, fault: where and why it cannot be understood.
    """

    names: frozenset[str] | None
    line: int = 1
    fault: str | None = None

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
        return Tools(_names_of(ast.parse(raw)))
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
    """What is missing to run the tasks, where they are run here."""
    runs_here = described.run.engine == "local" or (described.run.engine is None and (tools or any(t.command for t in described.tasks)))
    for index, task in enumerate(described.tasks) if runs_here else ():
        keys: KeyPath = ("tasks", index)
        if task.command and "/" in task.command[0]:
            if not os.access(folder / task.command[0], os.X_OK) or (folder / task.command[0]).is_dir():
                yield (*keys, "command"), f"there is no program {task.command[0]}"
        elif not task.command and task.tool and (tools is None or not tools.has(task.tool)):
            yield (*keys, "tool"), f"there is no function {task.tool} in {FILE_NAME}"
        elif not task.command and not tool_of(task, tools):
            yield (*keys, "name"), f"nothing runs this task: there is no function of its name in {FILE_NAME}, and no command"
