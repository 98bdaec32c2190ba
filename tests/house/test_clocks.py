"""The clock on the wall may be set at any time: only what compares with dates of the outside world, or writes them, reads it."""

from __future__ import annotations

import re
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "rendermap"
WALL_CLOCK = re.compile(r"\btime\.time\b|\bdatetime\.(?:now|utcnow)\b")
READERS = {
    "jobs/catalog.py": "times of files, and the ends that jobs have",
    "jobs/manifest.py": "written into job documents",
    "marking.py": "written on pictures",
    "audit.py": "written into the audit log",
    "access/doorkeeper.py": "times in tokens and links",
    "credential_commands.py": "written into credentials",
    "cache/files.py": "times of files, which processes share",
    "cache/eviction.py": "times of files, which processes share",
    "retention.py": "lifetimes of jobs, and times of marks that processes share",
    "frontends/arcgis/clock.py": "dates that conditions are compared with",
    "dispatch/scratch.py": "times of folders that other services left",
}


def test_no_one_else_reads_the_clock_on_the_wall() -> None:
    """How long something is kept, waited for or worked at is measured by a clock that never goes back."""
    found = {file.relative_to(PACKAGE).as_posix() for file in PACKAGE.rglob("*.py") if WALL_CLOCK.search(file.read_text(encoding="utf-8"))}
    assert found == set(READERS)
