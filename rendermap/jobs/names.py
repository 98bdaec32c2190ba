"""Dataset names as tools and services write them: which are plain ways down from the scratch workspace, before any disk is touched."""

from __future__ import annotations

import re
from pathlib import Path

from rendermap.errors import SourceRefused
from rendermap.jobs.datasets import CONTAINER_SUFFIXES, suffix_of
from rendermap.jobs.refusals import IN_MEMORY, NO_NAME, OUTSIDE, REMOTE
from rendermap.limits import DATASET_NAME_CHARS

_WORKSPACE = re.compile(r"%scratch(workspace|folder)%(/|$)", re.IGNORECASE)
_GEODATABASE = re.compile(r"%scratchgdb%(/|$)", re.IGNORECASE)
_MEMORY = re.compile(r"(in_memory|memory|mem:.*|memory:.*)(/|$)|/vsimem/", re.IGNORECASE)
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://|/vsi", re.IGNORECASE)
_DRIVE = re.compile(r"/|[A-Za-z]:(/|$)")
_UNFIT = re.compile(r'[\x00-\x1f\x7f<>:"|?*%]')


def parse_name(dataset: str) -> tuple[str, ...]:
    """The steps from the scratch workspace to a dataset, as the name says, before any disk is touched.

    Raises SourceRefused for every name that is not a plain way down.
    """
    text = dataset.strip().replace("\\", "/")
    if len(text) > DATASET_NAME_CHARS.value:
        raise SourceRefused(DATASET_NAME_CHARS.sentence)
    if not text:
        raise SourceRefused(NO_NAME)
    if workspace := _WORKSPACE.match(text):
        text = text[workspace.end() :]
    elif geodatabase := _GEODATABASE.match(text):
        text = f"scratch.gdb/{text[geodatabase.end() :]}"
    else:
        _refuse_elsewhere(text)
    steps = tuple(step for step in text.split("/") if step not in ("", "."))
    if ".." in steps:
        raise SourceRefused(OUTSIDE)
    if not steps or _UNFIT.search(text):
        raise SourceRefused(NO_NAME)
    return steps


def is_in_memory(dataset: str) -> bool:
    """True for the name of what a tool keeps in memory."""
    return _MEMORY.match(dataset.strip().replace("\\", "/")) is not None


def _refuse_elsewhere(text: str) -> None:
    for pattern, sentence in ((_MEMORY, IN_MEMORY), (_ADDRESS, REMOTE), (_DRIVE, OUTSIDE)):
        if pattern.match(text):
            raise SourceRefused(sentence)


def split_member(path: Path) -> tuple[Path, str | None]:
    """``x.gdb/member`` or ``x.gpkg/member`` as (container, member); any other path as (path, None).  Feature datasets fall away."""
    for above in path.parents:
        suffix = suffix_of(above.name)
        if suffix == ".gdb":
            return above, path.name
        if suffix in CONTAINER_SUFFIXES and above.is_file():
            return above, path.relative_to(above).as_posix().removeprefix("main.")
    return path, None
