"""Makes the demo's jobs: every tool in a process of its own, as a geoprocessing server would run it."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from rich.progress import Progress

MARKER = ".rendermap-demo"
AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class DemoJob:
    """One run of a tool.

    service: the service it belongs to.  tool: module in `rendermap.demo.tools`.  ends: the state its job is left in.
    """

    title: str
    service: str
    tool: str
    arguments: tuple[str, ...] = ()
    ends: str = "succeeded"


DEMO_JOBS = (
    # First: without a job document its folder counts as finished only when it has lain still for a while.
    DemoJob("Landslide hazard", "Terrain/LandslideHazard", "landslide"),
    DemoJob("200,000 parcels by sunlight", "Sunlight", "sunlight"),
    DemoJob("Watersheds and streams", "Watershed", "watershed"),
    DemoJob("View from four summits", "Viewshed", "viewshed"),
    DemoJob("A watershed job that fails", "Watershed", "watershed", ("--pour-point", "700000", "4000000"), ends="failed"),
    DemoJob("A viewshed job still running", "Viewshed", "unfinished", ends="executing"),
)


class DemoError(Exception):
    """The demo's jobs cannot be made; the message is for the person at the terminal."""


def make_jobs(jobs_dir: Path, progress: Progress, *, fresh: bool = False) -> None:
    """Fill jobs_dir with the demo's jobs, unless they are there already, whole and made by these very tools.

    fresh: make them again in any case.  Raises DemoError when a tool fails that should not, or when jobs_dir holds something that
    the demo did not make.
    """
    version = tools_digest()
    bar = progress.add_task("Making the demo's jobs", total=len(DEMO_JOBS))
    if not fresh and _marker(jobs_dir) == version:
        progress.update(bar, description="The demo's jobs are there", completed=len(DEMO_JOBS))
        return
    _clear(jobs_dir)
    with ThreadPoolExecutor(AT_ONCE) as runners:
        runs = {runners.submit(run_tool, job, jobs_dir): job for job in DEMO_JOBS}
        for done in as_completed(runs):
            done.result()
            progress.update(bar, advance=1, description=f"Made: {runs[done].title}")
    progress.update(bar, description="The demo's jobs are made")
    (jobs_dir / MARKER).write_text(version, encoding="utf-8")


def run_tool(job: DemoJob, jobs_dir: Path) -> None:
    """Run one tool to its end.  Raises DemoError when it does not end as it should."""
    command: Sequence[str] = (sys.executable, "-m", f"rendermap.demo.tools.{job.tool}", str(jobs_dir), *job.arguments)
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if (done.returncode != 0) is not (job.ends == "failed"):
        raise DemoError(f"{job.title}: the tool ended with status {done.returncode}\n{done.stderr[-2000:]}")


def tools_digest() -> str:
    """A name for the tools as they are now, so that changed tools make their jobs anew."""
    digest = hashlib.blake2b(digest_size=16)
    for source in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def _marker(jobs_dir: Path) -> str | None:
    path = jobs_dir / MARKER
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _clear(jobs_dir: Path) -> None:
    """Empty the folder of a former demo; a folder of anything else is left alone."""
    if jobs_dir.exists() and any(jobs_dir.iterdir()) and _marker(jobs_dir) is None:
        raise DemoError(f"{jobs_dir} holds something that the demo did not make; choose another folder or empty it.")
    if jobs_dir.exists():
        shutil.rmtree(jobs_dir)
    jobs_dir.mkdir(parents=True)
    (jobs_dir / MARKER).write_text("unfinished", encoding="utf-8")
