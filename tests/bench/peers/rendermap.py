"""rendermap itself, as `rendermap serve` with ordinary settings over jobs of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from rendermap.jobs import manifest
from tests.bench.peers.layer_files import layer_file
from tests.bench.peers.servers import Server, free_port, process, wait_for_port
from tests.bench.peers.sets import BenchSet, Tile

SERVICE_TOML = """\
title = "{name}"

[[tasks]]
name = "Draw"

[[tasks.parameters]]
name = "Result"
type = "{type}"
direction = "output"

[tasks.parameters.layer]
style = "layer.sld"
"""


class Rendermap(Server):
    """Each set is a service with one job."""

    name = "rendermap"

    def configure(self, subjects: list[BenchSet]) -> None:
        """Services and jobs; a job's dataset is a copy, since a job may hold no second name of a file."""
        self._jobs = self.yard.folder("rendermap/jobs")
        self._services = self.yard.folder("rendermap/services")
        self._ids = {subject.name: self._find_job(subject) for subject in subjects}

    def _find_job(self, subject: BenchSet) -> str:
        """The id of the set's job, made unless the one of an earlier run is there."""
        service = self._services / subject.name
        service.mkdir(exist_ok=True)
        kind = "GPRasterDataLayer" if subject.is_raster else "GPFeatureRecordSetLayer"
        (service / "service.toml").write_text(SERVICE_TOML.format(name=subject.name, type=kind))
        (service / "layer.sld").write_text(layer_file(subject))
        there = sorted((self._jobs / f"{subject.name}_gpserver").glob("*/job.json"))
        made = [str(json.loads(path.read_text())["job_id"]) for path in there if '"succeeded"' in path.read_text()]
        return made[0] if made else self.publish(subject)

    def publish(self, subject: BenchSet) -> str:
        """The id of a new job with the set's dataset."""
        dataset = subject.path(self.yard.data)
        with manifest.start(self._jobs, service=subject.name, task="Draw") as run:
            copy(dataset, run.scratch / dataset.name)
            run.output("Result", f"%scratchworkspace%/{dataset.name}")
        return run.job_id

    def running(self) -> Iterator[None]:
        """A cache of its own each time, so that no picture of an earlier run is there."""
        self.port = free_port()
        command = [sys.executable, "-m", "rendermap", "serve", "--jobs", str(self._jobs), "--services", str(self._services)]
        with process([*command, "--port", str(self.port)], self.yard.folder("logs") / "rendermap.log") as pid:
            wait_for_port(self.port, pid)
            self.pids = [pid]
            yield

    def tile_path(self, subject: BenchSet, tile: Tile, job_id: str = "") -> str:
        """Of the set's job, or of another one."""
        return f"/xyz/{subject.name}/jobs/{job_id or self._ids[subject.name]}/tiles/{tile.zoom}/{tile.col}/{tile.row}.png"

    def image_path(self, subject: BenchSet, bbox: tuple[float, float, float, float], size_px: tuple[int, int]) -> str:
        box, size = ",".join(map(repr, bbox)), ",".join(map(str, size_px))
        where = f"/arcgis/rest/services/{subject.name}/MapServer/jobs/{self._ids[subject.name]}/export"
        return f"{where}?bbox={box}&bboxSR=3857&imageSR=3857&size={size}&format=png32&transparent=true&f=image"


def copy(source: Path, target: Path) -> None:
    """A reflink where the file system has them, else a copy."""
    if subprocess.run(["cp", "--reflink=auto", str(source), str(target)], check=False).returncode:
        shutil.copyfile(source, target)
