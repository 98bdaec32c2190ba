"""So many jobs of a service at once, on however many machines: ``<jobs directory>/.orders/<service>.<number>.slot``, each with a lock."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rendermap.gp.claims import ORDERS_NAME


@contextmanager
def slot(jobs_dir: Path, service: str, instances: int) -> Iterator[bool]:
    """One of them, while the block lasts and no longer than this process; False where all are taken.  Raises OSError."""
    folder = jobs_dir / ORDERS_NAME
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(instances):
        path = folder / f"{service.casefold().replace('/', '.')}.{number}.slot"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield True
            return
        finally:
            os.close(descriptor)
    yield False
