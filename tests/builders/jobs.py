"""Builds job folders of every layout, with files that look like datasets by name and size: nothing here opens them."""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rendermap.jobs import manifest
from rendermap.jobs.catalog import Catalog

TIFF = b"II*\0" + bytes(60)
LONG_AGO_S = 24 * 3600.0
JOB_ID = "j0123456789abcdef0123456789abcdef"


@dataclass(frozen=True)
class Layer:
    """A tool layer as the jobs room sees it."""

    parameter: str
    name: str
    dataset: str | None = None


@dataclass(frozen=True)
class Task:
    """A task as the jobs room sees it."""

    name: str
    layers: tuple[Layer, ...] = ()
    tables: tuple[Layer, ...] = ()

    @property
    def parameters(self) -> tuple[()]:
        """None but those that the layers draw."""
        return ()


@dataclass(frozen=True)
class Service:
    """A service as the jobs room sees it."""

    name: str
    tasks: tuple[Task, ...] = ()


def catalog_of(*jobs_dirs: Path, services: Iterable[Service] = (), quiet_s: float = 2.0) -> Catalog:
    """A catalogue of directories in which these services are published."""
    published = {service.name: service for service in services}
    return Catalog(jobs_dirs, services=lambda: published, quiet_s=quiet_s)


def job_folder(
    jobs_dir: Path, layout: str, files: Mapping[str, bytes], *, service: str = "Demo/Viewshed", job_id: str = JOB_ID, is_old: bool = True
) -> Path:
    """A finished job's folder.  layout: manifest, arcgis or plain.  files: by name, in the scratch workspace.  is_old: written long ago."""
    if layout == "manifest":
        with manifest.start(jobs_dir, service=service, task="Viewshed") as run:
            write_files(run.scratch, files)
            for name in files:
                run.output(Path(name).stem, f"%scratchworkspace%/{name}")
        root = run.root
    else:
        root = jobs_dir / f"{service.lower()}_gpserver" / job_id
        write_files(root / "scratch" if layout == "arcgis" else root, files)
    if is_old:
        make_old(root)
    return root


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files by name, folders included."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def make_old(root: Path, age_s: float = LONG_AGO_S) -> None:
    """Give everything in a folder the same past time."""
    then = time.time() - age_s
    for path in [*sorted(root.rglob("*"), reverse=True), root]:
        if not path.is_symlink():
            os.utime(path, (then, then))


def geodatabase_files(name: str, members: Iterable[str], *, encoding: str = "utf-8") -> dict[str, bytes]:
    """A file geodatabase as far as its catalogue table: the names of its members.  encoding: utf-8 or utf-16-le."""
    rows = [_row(member, encoding) for member in ("GDB_SystemCatalog", "GDB_Items", *members)]
    fields = _fields(encoding)
    at = 40 + len(fields)
    offsets = []
    for row in rows:
        offsets.append(at)
        at += len(row)
    header = struct.pack("<4i8xqq", 3, len(rows), max(map(len, rows)), 5, at, 40)
    index = struct.pack("<4i", 3, 1, len(rows), 5) + b"".join(offset.to_bytes(5, "little") for offset in offsets)
    table = header + fields + b"".join(rows)
    return {f"{name}/a00000001.gdbtable": table, f"{name}/a00000001.gdbtablx": index.ljust(16 + 5 * 1024, b"\0"), f"{name}/gdb": bytes(8)}


def _fields(encoding: str) -> bytes:
    flags = 0x100 if encoding == "utf-8" else 0
    body = struct.pack("<iIh", 4, flags, 3)
    body += _text("ID") + b"\0" + bytes((6, 4, 2))
    body += _text("Name") + b"\0" + bytes((4,)) + struct.pack("<i", 160) + bytes((4, 0))
    body += _text("FileFormat") + b"\0" + bytes((1, 4, 4, 0))
    return struct.pack("<i", len(body)) + body


def _text(text: str) -> bytes:
    return bytes((len(text),)) + text.encode("utf-16-le")


def _row(name: str, encoding: str) -> bytes:
    raw = name.encode(encoding)
    length = bytes((len(raw),)) if len(raw) < 128 else bytes((len(raw) & 127 | 128, len(raw) >> 7))
    body = length + raw + struct.pack("<i", 0)
    return struct.pack("<i", len(body)) + body
