"""What a tool says that it has made, held against what its task says of its outputs."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from pydantic import JsonValue, TypeAdapter

from rendermap.errors import BadRequest, Broken
from rendermap.gp.tool_call import ToolUnfit
from rendermap.gp.tool_order import ToolOrder
from rendermap.gp.values import Wanted, check
from rendermap.jobs.document import DatasetOutput, ValueOutput, demand_json
from rendermap.jobs.manifest import Run
from rendermap.limits import JOB_DOCUMENT_BYTES
from rendermap.services.datatypes import is_many
from rendermap.services.service import Parameter

OUTPUTS_NAME = "outputs.json"
MOST_TOLD_BYTES = JOB_DOCUMENT_BYTES.value // 2
"""Spelt out in the document, with all that stands around it, it is longer."""
TOO_LARGE = "The tool tells more than the document of a job may hold."
Output = DatasetOutput | ValueOutput
Outputs = dict[str, Output]
OUTPUTS: TypeAdapter[Outputs] = TypeAdapter(Outputs)
NOTHING = ValueOutput(value=None)
"""Of an output that there is none of this time."""


def fitted(order: ToolOrder, outputs: Outputs) -> Outputs:
    """Outputs by the names that the task has for them, their values in canonical form; of which there is none this time are left out.

    Raises ToolUnfit where the task has no such output or one is told twice, Broken where one is of another type.
    """
    names = {own.casefold(): own for own in order.outputs}
    if unknown := [name for name in outputs if name.casefold() not in names]:
        raise ToolUnfit(f"the task has no output {unknown[0]}")
    found = {names[name.casefold()]: output for name, output in outputs.items()}
    if len(found) < len(outputs):
        raise ToolUnfit("an output is told twice, in other letters")
    return {own: _fitted(order, own, output) for own, output in found.items() if output != NOTHING}


def _fitted(order: ToolOrder, own: str, output: Output) -> Output:
    if own in order.datasets:
        return _dataset(order.outputs[own], output)
    if isinstance(output, DatasetOutput):
        raise Broken(f"The result '{own}' must be a value and not a dataset.")
    return ValueOutput(value=made_value(order.outputs[own], output.value))


def _dataset(parameter: Parameter, output: Output) -> Output:
    """Texts name datasets, too."""
    if isinstance(output, ValueOutput):
        named = output.value if is_many(parameter.data_type) and isinstance(output.value, list) else [output.value]
        if not all(isinstance(each, str) for each in named):
            raise Broken(f"The result '{parameter.name}' must be a dataset in the scratch folder.")
    return output


def made_value(parameter: Parameter, value: object) -> JsonValue:
    """The value of an output in its canonical form.  Raises Broken for one of another type."""
    try:
        return check(Wanted(parameter.name, parameter), value)
    except BadRequest as fault:
        raise Broken(f"The result {fault.faults[0]}") from fault


def read_left(path: Path) -> bytes:
    """A file that a tool has left, read where nothing confines the reader: neither by a link, nor a pipe that nobody writes to, nor whole
    where it is larger than can be told.  Raises OSError, Broken."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        state = os.fstat(file.fileno())
        if not stat.S_ISREG(state.st_mode) or state.st_nlink != 1:
            raise OSError(errno.EINVAL, "not a file of its own", str(path))
        text = file.read(MOST_TOLD_BYTES + 1)
    if len(text) > MOST_TOLD_BYTES:
        raise Broken(TOO_LARGE)
    return text


def outputs_left(order: ToolOrder, run: Run) -> Outputs:
    """What a program has left in outputs.json in its scratch folder: ``{"Area": {"value": 12}, "Map": {"dataset": "map.tif"}}``.

    Raises ValueError, OSError, ToolUnfit, Broken.
    """
    try:
        text = read_left(run.scratch / OUTPUTS_NAME)
    except FileNotFoundError:
        return {}
    demand_json(text)
    found = OUTPUTS.validate_json(text)
    for output in found.values():
        if isinstance(output, DatasetOutput):
            run.path(output.dataset)
    return fitted(order, found)
