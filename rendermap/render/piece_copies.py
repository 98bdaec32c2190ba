"""Copies of datasets in pieces: what `pieces` draws from, kept in the store that all workers share."""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyogrio.raw
import shapely

from rendermap.errors import SourceUnreadable
from rendermap.jobs.job import DataSource
from rendermap.render.bends import carry_densified
from rendermap.render.copies import Columns, Shapes, is_copied, missing_in, write_copy
from rendermap.render.copy_store import kept_copy
from rendermap.render.pieces import Pieces, rows
from rendermap.render.vector_facts import ERRORS

MOST_FEATURES = 5_000
MOST_ROWS = 200_000
MOST_VERTICES = 1_000_000
"""Of what is read and of what is written: the first picture of a result waits for it, a few milliseconds for each polygon."""

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Uncut:
    """A dataset before it is cut, itself or a copy.  source: the dataset.  count: of its features, -1 when unknown."""

    file: str
    member: str
    source: DataSource
    count: int = -1


class TooMany(Exception):
    """A dataset too large to be cut into pieces."""


def piece_copy(uncut: Uncut, crs: tuple[str, str], pieces: Pieces) -> Path | None:
    """A FlatGeobuf file of the dataset's features in pieces, with its own columns and those of `Pieces.fields`; None when it is too large.

    crs: the dataset's own and the map's, which the copy is in, so that bands are straight in the picture.
    Raises SourceUnreadable when it cannot be read or written.
    """
    try:
        if uncut.count * len(pieces.cuts) > MOST_FEATURES:
            raise TooMany
        return kept_copy(
            ("pieces", uncut.file, uncut.member, uncut.source, crs, pieces),
            ".fgb",
            uncut.source,
            lambda target: _write(uncut, crs, pieces, target),
        )
    except TooMany:
        told = "%s is too large to be cut: gradients are of one colour, markers stand at distances and not in holes"
        LOG.warning(told, Path(uncut.file).name)
        return None
    except (*ERRORS, RuntimeError) as error:
        raise SourceUnreadable(reason=f"{uncut.file}: {error}") from error


def _write(uncut: Uncut, crs: tuple[str, str], pieces: Pieces, target: Path) -> None:
    with warnings.catch_warnings():
        # Fields that no copy can hold and lengths that were cut do not change the picture.
        warnings.simplefilter("ignore")
        shapes, own = _read(uncut)
        if int(shapely.get_num_coordinates(shapes).sum()) * len(pieces.cuts) > MOST_VERTICES:
            raise TooMany
        if crs[0] != crs[1]:
            shapes = carry_densified(shapes, crs[0], crs[1], np.inf)
        owners, cuttings, columns = rows(shapes, pieces)
        if len(owners) > MOST_ROWS:
            raise TooMany
        columns = {name: data[owners] for name, data in own.items()} | columns
        # The index sorts pieces by place; they are drawn in the order of a column.
        write_copy(target, cuttings, {name: (data, missing_in(data)) for name, data in columns.items()}, is_indexed=True)


def _read(uncut: Uncut) -> tuple[Shapes, Columns]:
    meta, _, wkb, values = pyogrio.raw.read(uncut.file, layer=uncut.member)
    if wkb is None:
        raise SourceUnreadable(reason=f"{uncut.file}: no geometry")
    columns = zip(meta["fields"], meta["ogr_types"], values, strict=True)
    own = {str(name): data for name, kind, data in columns if is_copied(str(kind), data)}
    return shapely.force_2d(shapely.from_wkb(wkb, on_invalid="ignore")), own
