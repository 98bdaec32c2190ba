"""What the functions of a tools.py must be given, told by its text."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

_GIVEN = frozenset(("Run", "Environment"))
"""What a function has by its annotation, whatever it calls the parameter."""


@dataclass(frozen=True, slots=True)
class Signature:
    """Of a function.

    line: from 1.  needed: parameters that only inputs of a task can fill.  is_by_name: it is called as a task calls, by names and without
    waiting for it.
    """

    line: int
    needed: tuple[str, ...] = ()
    is_by_name: bool = True

    def fault(self, inputs: Collection[str]) -> str | None:
        """Why it can never be called with the inputs of a task, in whatever letter case."""
        if not self.is_by_name:
            return f"the function in line {self.line} must be a plain one that takes its parameters by name"
        own = {name.casefold() for name in inputs}
        missing = [name for name in self.needed if name.casefold() not in own]
        if not missing:
            return None
        wanted = ", ".join(missing)
        return f"the function in line {self.line} wants {wanted}, and the task has no such input; a run is told by the annotation Run"


def signatures_of(module: ast.Module) -> Mapping[str, Signature]:
    """Of the functions that are what they look like: neither decorated nor made in some other way."""
    imported = [alias for node in ast.walk(module) if isinstance(node, ast.ImportFrom) for alias in node.names]
    aliases = {alias.asname for alias in imported if alias.name in _GIVEN}
    functions = {node.name: node for node in module.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    return {name: _signature(node, _GIVEN | aliases) for name, node in functions.items() if not node.decorator_list}


def _signature(node: ast.FunctionDef | ast.AsyncFunctionDef, given: Collection[str | None]) -> Signature:
    needed = tuple(each.arg for each in _without_default(node.args) if _last_name(each.annotation) not in given)
    return Signature(node.lineno, needed, isinstance(node, ast.FunctionDef) and not node.args.posonlyargs)


def _without_default(args: ast.arguments) -> Iterator[ast.arg]:
    yield from args.args[: len(args.args) - len(args.defaults)]
    yield from (each for each, default in zip(args.kwonlyargs, args.kw_defaults, strict=True) if default is None)


def _last_name(annotation: ast.expr | None) -> str:
    """``Run`` of ``manifest.Run`` and ``"Run"`` too."""
    text = annotation.value if isinstance(annotation, ast.Constant) else ast.unparse(annotation) if annotation else ""
    return str(text).rpartition(".")[2]
