"""Opens datasets by name inside one job folder and never outside it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from rendermap.errors import SourceRefused
from rendermap.jobs import geodatabase
from rendermap.jobs.datasets import (
    CONTAINER_SUFFIXES,
    GUESSED_SUFFIXES,
    POINTER_SUFFIXES,
    SQLITE_SUFFIXES,
    SUFFIXES,
    UNFINISHED_SUFFIXES,
    is_dataset_file,
    is_geodatabase,
    is_geojson,
    is_grid,
    is_hot_journal,
    is_pointer,
    is_read_lock,
    suffix_of,
)
from rendermap.jobs.fingerprint import Listing, files_of, fingerprint_of, list_folder
from rendermap.jobs.job import DataSource
from rendermap.jobs.names import parse_name, split_member
from rendermap.jobs.refusals import (
    HARD_LINK,
    INCOMPLETE,
    LINK,
    MISSING,
    NO_NAME,
    NOT_A_DATASET,
    OUTSIDE,
    POINTER,
    SPECIAL,
    UNFINISHED,
)

__all__ = ["SCRATCH", "JobFolder", "split_member"]

SCRATCH = "scratch"
_NOT_LISTED = (".adf", ".db", ".dbf")
"""Mostly parts of other datasets; whoever means one names it."""


class JobFolder:
    """One job's folder, looked at once: listings are kept, so that all outputs are judged by the same look.

    root: real path of the folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._listings: dict[Path, dict[str, os.stat_result]] = {}
        self._fingerprints: dict[tuple[Path, bool], str] = {}

    def listing(self, folder: Path) -> Listing:
        """Name -> lstat of what stands in a folder, at the first look."""
        if folder not in self._listings:
            self._listings[folder] = list_folder(folder)
        return self._listings[folder]

    @property
    def base(self) -> Path:
        """Where names without a folder are looked up: the scratch workspace, or the job folder when there is none.

        Raises SourceRefused when the scratch workspace is a link.
        """
        name = _match(SCRATCH, self.listing(self.root))
        if name is None:
            return self.root
        status = self.listing(self.root)[name]
        if stat.S_ISLNK(status.st_mode):
            raise SourceRefused(LINK, reason=f"{self.root / name}: link")
        return self.root / name if stat.S_ISDIR(status.st_mode) else self.root

    def resolve(self, dataset: str, *, is_over: bool = True) -> DataSource:
        """Find a dataset by the name a tool or a service gives it.

        dataset: ``%scratchworkspace%/viewshed.tif``, ``%scratchworkspace%/scratch.gdb/outWatershed``, ``outWatershed``;
        letter case is forgiven.
        is_over: False while the job runs: then a lock means that a geodatabase is still being written.
        Raises SourceRefused with a sentence that says why.
        """
        try:
            path, member = self._locate(parse_name(self._relative(dataset)))
            return DataSource(path, member, self.root, self._verify(path, is_over))
        except SourceRefused as error:
            error.reason = error.reason or f"{self.root}: {dataset!r}"
            raise

    def _relative(self, dataset: str) -> str:
        """The name from the scratch workspace on, where it is a whole path into it, as tools return it."""
        text = dataset.strip().replace("\\", "/")
        return text.removeprefix(f"{self.base.as_posix()}/")

    def datasets(self) -> tuple[tuple[str, str], ...]:
        """Every dataset by its own name, with the name to resolve it by, sorted; a geodatabase's members one by one."""
        found: dict[str, str] = {}
        listing = self.listing(self.base)
        for name in sorted(listing, key=_likelihood):
            for own, dataset in self._datasets_at(name, listing):
                found[own if own not in found else dataset] = dataset
        return tuple(sorted(found.items()))

    def _datasets_at(self, name: str, listing: Listing) -> list[tuple[str, str]]:
        status, suffix = listing[name], suffix_of(name)
        if is_geodatabase(name, status):
            members = geodatabase.read_names(self.base / name)
            return [(Path(name).stem, name)] if members is None else [(member, f"{name}/{member}") for member in members]
        if stat.S_ISDIR(status.st_mode):
            return [(name, name)] if is_grid(self.listing(self.base / name)) else []
        if suffix == ".json" and not is_geojson(self.base / name):
            return []
        if stat.S_ISREG(status.st_mode) and suffix not in _NOT_LISTED and is_dataset_file(name, listing):
            return [(Path(name).stem if suffix in SUFFIXES else name, name)]
        return []

    def _locate(self, steps: tuple[str, ...]) -> tuple[Path, str | None]:
        folder = self.base
        for index, step in enumerate(steps):
            listing, rest = self.listing(folder), steps[index + 1 :]
            name = _match(step, listing)
            if not rest and (name is None or not self._is_dataset(folder, name)):
                return self._guess(folder, step, name)
            if name is None:
                raise SourceRefused(MISSING)
            status, path = listing[name], folder / name
            if stat.S_ISLNK(status.st_mode):
                raise SourceRefused(LINK)
            if is_geodatabase(name, status):
                return path, _require(_member_of(path, rest[-1])) if rest else None
            if not rest:
                return self._whole(path), None
            if stat.S_ISREG(status.st_mode) and suffix_of(name) in CONTAINER_SUFFIXES:
                return path, "/".join(rest).removeprefix("main.")
            folder = path
        raise SourceRefused(NO_NAME)

    def _is_dataset(self, folder: Path, name: str) -> bool:
        status = self.listing(folder)[name]
        if stat.S_ISDIR(status.st_mode):
            return is_geodatabase(name, status) or is_grid(self.listing(folder / name))
        return stat.S_ISREG(status.st_mode) and is_dataset_file(name, self.listing(folder))

    def _whole(self, path: Path) -> Path:
        """The dataset a file belongs to: of an Esri grid's parts, the grid's folder."""
        if suffix_of(path.name) != ".adf":
            return path
        if path.parent in (self.base, self.root):
            raise SourceRefused(NOT_A_DATASET)
        return path.parent

    def _guess(self, folder: Path, step: str, name: str | None) -> tuple[Path, str | None]:
        """A dataset whose name was given without its suffix or its geodatabase; name: what stands there and is not a dataset."""
        listing = self.listing(folder)
        if suffix_of(step) not in SUFFIXES:
            for suffix in GUESSED_SUFFIXES:
                found = _match(step + suffix, listing)
                if found is not None and not stat.S_ISDIR(listing[found].st_mode):
                    if stat.S_ISLNK(listing[found].st_mode):
                        raise SourceRefused(LINK)
                    return folder / found, None
            workspace = _match("scratch.gdb", listing)
            if workspace is not None and is_geodatabase(workspace, listing[workspace]):
                member = _member_of(folder / workspace, step)
                if member is not None:
                    return folder / workspace, member
        raise SourceRefused(MISSING if name is None else _why_not(name, listing[name]))

    def _verify(self, path: Path, is_over: bool) -> str:
        """The fingerprint of a dataset that may be drawn; made once however many members are asked for."""
        key = path, is_over
        if key not in self._fingerprints:
            files = files_of(path, self.listing(path.parent))
            self._check(path, files, is_over)
            self._fingerprints[key] = fingerprint_of(files.items())
        return self._fingerprints[key]

    def _check(self, path: Path, files: Listing, is_over: bool) -> None:
        _check_files(files)
        if os.path.realpath(path) != str(path) or not path.is_relative_to(self.root):
            raise SourceRefused(OUTSIDE)
        suffix = suffix_of(path.name)
        if suffix == ".gdb":
            _check_geodatabase(path, files, is_over)
            return
        if path.name in files:
            _check_parts(path, files, suffix)
        for name, status in files.items():
            if stat.S_ISREG(status.st_mode) and is_pointer(path.parent / name, fingerprint_of([(name, status)])):
                raise SourceRefused(POINTER)


def _match(name: str, listing: Listing) -> str | None:
    if name in listing:
        return name
    folded = name.casefold()
    return min((other for other in listing if other.casefold() == folded), default=None)


def _member_of(path: Path, name: str) -> str | None:
    """The member's true spelling, None when there is none; the asked one when the list cannot be read here: then the worker tells."""
    names = geodatabase.read_names(path)
    if names is None:
        return name
    folded = name.casefold()
    return name if name in names else next((other for other in names if other.casefold() == folded), None)


def _require(member: str | None) -> str:
    if member is None:
        raise SourceRefused(MISSING)
    return member


def _why_not(name: str, status: os.stat_result) -> str:
    if stat.S_ISLNK(status.st_mode):
        return LINK
    if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
        return SPECIAL
    suffix = suffix_of(name)
    if suffix in UNFINISHED_SUFFIXES:
        return UNFINISHED
    return POINTER if suffix in POINTER_SUFFIXES else NOT_A_DATASET


def _check_files(files: Listing) -> None:
    for status in files.values():
        if stat.S_ISLNK(status.st_mode):
            raise SourceRefused(LINK)
        if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
            raise SourceRefused(SPECIAL)
        if stat.S_ISREG(status.st_mode) and status.st_nlink > 1:
            raise SourceRefused(HARD_LINK)


def _check_geodatabase(path: Path, files: Listing, is_over: bool) -> None:
    names = {name.rpartition("/")[2].lower(): status for name, status in files.items()}
    if not is_over and any(name.endswith(".lock") and not is_read_lock(name) for name in names):
        raise SourceRefused(UNFINISHED)
    catalog = names.get("a00000001.gdbtable")
    if catalog is None or catalog.st_size == 0:
        raise SourceRefused(UNFINISHED)


def _check_parts(path: Path, files: Listing, suffix: str) -> None:
    sizes = {name.casefold(): status.st_size for name, status in files.items()}
    if sizes[path.name.casefold()] == 0:
        raise SourceRefused(UNFINISHED)
    if suffix == ".shp":
        for part in (".shx", ".dbf"):
            if not sizes.get(path.stem.casefold() + part):
                raise SourceRefused(INCOMPLETE.format(part))
    if suffix in SQLITE_SUFFIXES:
        whole = path.name.casefold()
        hot = [name for name in files if name.casefold() == f"{whole}-journal" and is_hot_journal(path.parent / name)]
        if hot or sizes.get(f"{whole}-wal"):
            raise SourceRefused(UNFINISHED)


def _likelihood(name: str) -> tuple[int, str]:
    suffix = suffix_of(name)
    return (GUESSED_SUFFIXES.index(suffix) if suffix in GUESSED_SUFFIXES else len(GUESSED_SUFFIXES), name)
