"""A service for a job folder that nobody published: one tool layer per output, styled from the data.  For the command line only."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from rendermap.services.service import Access, Service, Task, ToolLayer


def unpublished_service(name: str, outputs: Iterable[str], folder: Path) -> Service:
    """A service whose layers are the named outputs, in order.  folder: where it would lie, for messages.

    Whoever names a folder can read it: there is nothing to protect.
    """
    layers = tuple(ToolLayer(i, output, output, data_type="GPString", access=Access.DATA) for i, output in enumerate(outputs))
    return Service(name, name, "", (Task(name.rpartition("/")[2], name, "", (), layers),), folder)
