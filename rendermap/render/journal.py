"""GeoPackages left in SQLite's write-ahead mode: reading one writes files beside it, so it is read from a copy of ours.

The copy holds what the journal holds, and needs none itself.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from rendermap.dispatch.plan import FeaturesPlan, IdentifyPlan, MapPlan, MeasurePlan, Plan, PreparePlan
from rendermap.errors import SourceUnreadable
from rendermap.jobs.job import DataSource, Layer
from rendermap.render.copy_store import kept_copy

_MAGIC = b"SQLite format 3\0"
_VERSIONS_AT, _WRITE_AHEAD = 18, b"\2\2"
_JOURNAL_SUFFIX = "-wal"


def readable(source: DataSource) -> Path:
    """The file to read a GeoPackage from: itself, or a copy.  Raises SourceUnreadable when it cannot be copied."""
    if not _keeps_journal(source.path, source.fingerprint):
        return source.path
    try:
        return kept_copy((source.path, source.fingerprint, "settled"), ".gpkg", source, lambda file: _settle(source.path, file))
    except (OSError, sqlite3.Error) as error:
        raise SourceUnreadable(reason=f"{source.path}: {error}") from error


def settled(plan: Plan) -> Plan:
    """The plan with its GeoPackages read from where reading writes nothing.  Raises as `readable`."""
    if isinstance(plan, MapPlan):
        layers = tuple(_moved(p.layer) for p in plan.layers)
        if any(layer is not p.layer for layer, p in zip(layers, plan.layers, strict=True)):
            return replace(plan, layers=tuple(replace(p, layer=layer) for layer, p in zip(layers, plan.layers, strict=True)))
    elif isinstance(plan, MeasurePlan | FeaturesPlan):
        return replace(plan, layer=_moved(plan.layer))
    elif isinstance(plan, PreparePlan | IdentifyPlan):
        return replace(plan, layer=replace(plan.layer, layer=_moved(plan.layer.layer)))
    return plan


def forget() -> None:
    """Look at every file anew."""
    _keeps_journal.cache_clear()


def _moved(layer: Layer) -> Layer:
    if layer.driver != "GPKG" or (file := readable(layer.source)) == layer.source.path:
        return layer
    return replace(layer, open_name=layer.open_name.replace(str(layer.source.path), str(file)))


@lru_cache(maxsize=1024)
def _keeps_journal(path: Path, fingerprint: str) -> bool:
    """fingerprint: what was seen of one version of a file need not be looked for again."""
    del fingerprint
    try:
        with path.open("rb") as file:
            head = file.read(20)
    except OSError as error:
        raise SourceUnreadable(reason=f"{path}: {error}") from error
    return head.startswith(_MAGIC) and head[_VERSIONS_AT:] == _WRITE_AHEAD


def _settle(path: Path, file: Path) -> None:
    """Copy a database with its journal, and fold the journal in."""
    shutil.copyfile(path, file)
    journal = path.with_name(path.name + _JOURNAL_SUFFIX)
    if journal.is_file() and not journal.is_symlink():
        shutil.copyfile(journal, file.with_name(file.name + _JOURNAL_SUFFIX))
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA journal_mode=DELETE")
