"""`make soak`: an hour at full load, while jobs arrive, run again and end and a worker is killed every ten seconds.

No picture may be wrong: every hundredth is compared with one drawn by another, calm service, and one ETag never names two pictures; their
bytes may differ, for it is weak, and such pictures are counted.  No request may be lost: each is answered, with the picture or with the
true word that the job or this version of it is gone.  Memory (PSS) must be flat.  ``--minutes 2`` is the short form.  Ends with status 1
when anything of that is not so.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import numpy as np
from cachetools import LRUCache
from PIL import Image

from tests.bench.yard import Yard
from tests.builders.served import Served, serving, tile_at
from tests.builders.whole_service import NAME
from tests.fuzz.wire import Answer, Line

CLIENTS, KILLS_EVERY_S, HAPPENS_EVERY_S, COMPARED_EVERY = 8, 10.0, 1.5, 100
PATIENCE_S, TRIES, WEIGHED_EVERY_S = 60.0, 30, 2.0
WARM_SHARE, GROWTH, SLACK_MB = 0.25, 1.10, 24.0
"""Memory is flat when after the first quarter it grows by no more than this."""
PLACE = (-84.757, 36.140)
SECRET = "shared by both services"
GONE = (404, 410)
REMEMBERED_BYTES = 256 << 20


@dataclass
class Tally:
    """What was seen.

    bodies: digest of the body by ETag.  first: the first picture of an ETag and its address, of as many as there is room for.
    repacked: pictures of other bytes than the first of their ETag, and the same pixels.
    memory_mb: of web process and workers, as they were weighed.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    bodies: dict[str, bytes] = field(default_factory=dict)
    first: LRUCache[str, tuple[bytes, str]] = field(default_factory=lambda: LRUCache(REMEMBERED_BYTES, getsizeof=lambda seen: len(seen[0])))
    repacked: int = 0
    pictures: int = 0
    compared: int = 0
    incomparable: int = 0
    retried: int = 0
    kills: int = 0
    memory_mb: list[tuple[float, float]] = field(default_factory=list)

    @property
    def requests(self) -> int:
        """Of all clients."""
        return sum(self.statuses.values())

    def see(self, tag: str, body: bytes, path: str) -> None:
        """Hold a picture against the first of its ETag."""
        digest = hashlib.blake2b(body, digest_size=16).digest()
        if tag not in self.bodies:
            self.bodies[tag], self.first[tag] = digest, (body, path)
        elif self.bodies[tag] != digest:
            before, where = self.first.get(tag, (None, "forgotten"))
            apart = difference(before, body) if before else "the other one is too long ago"
            self.repacked += not apart
            if apart:
                self.faults.append(f"wrong: {path}: two pictures of one ETag {tag}: {apart}; the first was {where}")


class Soak:
    """Everything that goes on at once until the end.  calm: another service over the same jobs, asked for comparisons alone."""

    def __init__(self, loaded: Served, calm: Served, yard: Yard, seconds: float) -> None:
        self._loaded, self._calm, self._yard = loaded, calm, yard
        self._ends = time.monotonic() + seconds
        self._turn = threading.Lock()
        self.tally = Tally()

    def run(self) -> None:
        """Until the end."""
        doing = [*(lambda n=n: self._ask(n) for n in range(CLIENTS)), self._kill, self._live, self._weigh]
        threads = [threading.Thread(target=self._watched, args=(one,)) for one in doing]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _watched(self, one: object) -> None:
        try:
            assert callable(one)
            one()
        except Exception as error:
            self._fault(f"{type(error).__name__}: {error}")

    def _fault(self, what: str) -> None:
        with self._turn:
            self.tally.faults.append(what)

    def _every(self, seconds: float) -> Iterator[None]:
        while (left := self._ends - time.monotonic()) > 0:
            time.sleep(min(seconds, left))
            yield

    # --- who asks ------------------------------------------------------------------------------------------------------

    def _ask(self, number: int) -> None:
        chance = random.Random(number)
        versions: dict[str, str] = {}
        with Line(self._loaded.port, PATIENCE_S) as line, Line(self._calm.port, PATIENCE_S) as calm:
            while time.monotonic() < self._ends:
                job_id = self._yard.pick()
                path = _path(chance, job_id, versions.get(job_id))
                answer = self._answer(line, path)
                if path.endswith("tilejson.json") and answer.status == 200:
                    versions[job_id] = json.loads(answer.body)["tiles"][0].split("/tiles/")[1].split("/")[0]
                elif answer.status in GONE:
                    versions.pop(job_id, None)
                self._judge(path, answer, calm)

    def _answer(self, line: Line, path: str) -> Answer:
        """Asked again where the service says so, as any client does."""
        request = f"GET {path} HTTP/1.1\r\nHost: maps.example\r\n\r\n".encode()
        for _ in range(TRIES):
            answer = line.exchange(request, is_head=False)
            if answer.status not in (429, 503):
                return answer
            with self._turn:
                self.tally.retried += 1
            time.sleep(min(float(answer.header("retry-after") or 1), 2.0))
        return answer

    def _judge(self, path: str, answer: Answer, calm: Line) -> None:
        with self._turn:
            self.tally.statuses[answer.status] += 1
            self.tally.seconds.append(answer.seconds)
        if not (answer.status == 200 or (answer.status in GONE and self._may_be_gone(path))):
            self._fault(f"lost: {path}: {answer.status} {answer.body[:200]!r}")
        elif answer.header("content-type").startswith("image/") and (tag := answer.header("etag")):
            with self._turn:
                self.tally.pictures += 1
                is_compared = self.tally.pictures % COMPARED_EVERY == 0
                self.tally.see(tag, answer.body, path)
            if is_compared:
                self._compare(path, answer, calm)

    def _may_be_gone(self, path: str) -> bool:
        """True for tiles, which may lie outside or be of a version that is past, and for jobs that have ended."""
        return "/tiles/" in path or self._yard.has_ended(path)

    def _compare(self, path: str, answer: Answer, calm: Line) -> None:
        """With the calm service's drawing of the same version, if that is still there."""
        fresh = self._answer(calm, path)
        is_same = fresh.status == 200 and fresh.header("etag") == answer.header("etag")
        with self._turn:
            self.tally.compared += is_same
            self.tally.incomparable += not is_same
        if is_same and (apart := difference(fresh.body, answer.body)):
            self._fault(f"wrong: {path} is not as drawn afresh: {apart}")

    # --- what happens meanwhile ------------------------------------------------------------------------------------------

    def _kill(self) -> None:
        for _ in self._every(KILLS_EVERY_S):
            if workers := self._loaded.workers():
                with suppress(ProcessLookupError):
                    os.kill(random.choice(workers), signal.SIGKILL)
                    self.tally.kills += 1

    def _live(self) -> None:
        for _ in self._every(HAPPENS_EVERY_S):
            self._yard.happen()

    def _weigh(self) -> None:
        for _ in self._every(WEIGHED_EVERY_S):
            web, workers = pss_mb(self._loaded.pid), [pss_mb(pid) for pid in self._loaded.workers()]
            self.tally.memory_mb.append((web, max(workers, default=0.0)))


def _path(chance: random.Random, job_id: str, version: str | None) -> str:
    zoom = chance.choice((12, 13, 14, 15))
    col, row = tile_at(*PLACE, zoom)
    spread = 2 ** (zoom - 12) // 2
    tile = f"{zoom}/{col + chance.randint(-spread, spread)}/{row + chance.randint(-spread, spread)}.{chance.choice(('png', 'png', 'webp'))}"
    xyz, here = f"/xyz/{NAME}/jobs/{job_id}", f"/arcgis/rest/services/{NAME}/MapServer/jobs/{job_id}"
    x, y = 700_000 + chance.randrange(3000), 4_000_000 + chance.randrange(3000)
    box = f"bboxSR=32616&bbox={x},{y},{x + 2500},{y + 2000}"
    if version is None:
        return f"{xyz}/tilejson.json"
    return chance.choices(
        (
            f"{xyz}/tiles/{version}/{tile}", f"{xyz}/tiles/{tile}", f"{here}/export?f=image&{box}&size=300,240",
            f"{xyz}/legend.png", f"{xyz}/tilejson.json", f"{here}/legend?f=json", f"/thumbnails/{NAME}/jobs/{job_id}.webp",
        ),
        (60, 15, 12, 4, 4, 3, 2),
    )[0]  # fmt: skip


def pss_mb(pid: int) -> float:
    """A process's share of memory, 0 when it is gone."""
    try:
        found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    except OSError:
        return 0.0
    return int(found[1]) / 1024 if found else 0.0


def difference(before: bytes, after: bytes) -> str:
    """How the pixels of two pictures differ, in words; none where they are the same."""
    if before == after:
        return ""
    old, new = (np.asarray(Image.open(BytesIO(body)).convert("RGBA"), np.int16) for body in (before, after))
    if old.shape != new.shape:
        return f"{old.shape[1]} x {old.shape[0]} and {new.shape[1]} x {new.shape[0]} pixels"
    off = np.abs(new - old).max(axis=-1)
    return f"{np.count_nonzero(off)} of {off.size} pixels differ, by up to {off.max()}" if off.any() else ""


# --- the result ----------------------------------------------------------------------------------------------------------


def growth(weights: list[float]) -> tuple[float, float]:
    """(usual weight in the second quarter, in the last), in megabytes."""
    quarter = max(len(weights) // 4, 1)
    begin = round(len(weights) * WARM_SHARE)
    return statistics.median(weights[begin : begin + quarter]), statistics.median(weights[-quarter:])


def judged(tally: Tally) -> list[str]:
    """Everything that was not as it must be."""
    faults = list(tally.faults)
    for name, weights in zip(("the web process", "the largest worker"), map(list, zip(*tally.memory_mb, strict=True)), strict=False):
        early, late = growth(weights)
        if late > early * GROWTH + SLACK_MB:
            faults.append(f"memory: {name} grew from {early:.0f} to {late:.0f} MB")
    if not tally.compared:
        faults.append("nothing could be compared")
    return faults


def lines_of(tally: Tally, yard: Yard, restarts: str, seconds: float) -> Iterator[str]:
    """The table."""
    times = sorted(tally.seconds)
    slow = times[len(times) // 2], times[int(len(times) * 0.99)], times[-1]
    memory = [growth(list(weights)) for weights in zip(*tally.memory_mb, strict=True)]
    lost, wrong = (sum(fault.startswith(word) for fault in tally.faults) for word in ("lost", "wrong"))
    statuses = ", ".join(f"{count} x {status}" for status, count in tally.statuses.most_common())
    rows = (
        ("minutes", f"{seconds / 60:.1f}"),
        ("requests", f"{tally.requests}, {tally.requests / seconds:.0f} a second ({statuses})"),
        ("seconds each", "half within {:.3f}, 99 % within {:.2f}, all within {:.1f}".format(*slow)),
        ("asked again when told to", str(tally.retried)),
        ("lost", str(lost)),
        ("pictures", f"{tally.pictures}, {len(tally.bodies)} different ones; {tally.repacked} of other bytes and the same pixels"),
        ("compared", f"{tally.compared}, and {tally.incomparable} that had changed or gone before"),
        ("wrong", str(wrong)),
        ("jobs", ", ".join(f"{count} {what}" for what, count in yard.counts.items())),
        ("workers killed", f"{tally.kills}; replaced, as counted: {restarts}"),
        ("MB of the web process", "{:.0f} early, {:.0f} late".format(*memory[0])),
        ("MB of the largest worker", "{:.0f} early, {:.0f} late".format(*memory[1])),
    )
    yield from (f"{name:26}{value}" for name, value in rows)


def soak(folder: Path, seconds: float) -> tuple[Tally, list[str]]:
    """(what was seen, the table).  folder: an empty one."""
    for name in ("loaded", "calm"):
        (folder / name).mkdir()
    yard = Yard(folder, random.Random(1))
    common = ("--secret-key", SECRET, "--access", str(folder / "access"))
    with (
        serving(folder, yard.pick(), *common, "--cache-mb", "24", scratch=folder / "loaded", log=folder / "loaded.log") as loaded,
        serving(folder, yard.pick(), *common, scratch=folder / "calm", log=folder / "calm.log") as calm,
    ):
        loaded.await_ready()
        calm.await_ready()
        doing = Soak(loaded, calm, yard, seconds)
        doing.run()
        if loaded.process.poll() is not None:
            doing.tally.faults.append("lost: the service has ended")
            return doing.tally, []
        metrics = loaded.get("/metrics")[1].decode()
    restarts = ", ".join(f"{count} {cause}" for cause, count in re.findall(r'worker_restarts_total\{cause="(\w+)"\} (\d+)', metrics))
    return doing.tally, list(lines_of(doing.tally, yard, restarts or "none", seconds))


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rendermap-soak-") as folder:
        tally, table = soak(Path(folder), asked.minutes * 60)
    faults = judged(tally)
    print(*table, *faults[:30], f"faults: {len(faults)}", sep="\n")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
