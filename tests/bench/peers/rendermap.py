"""rendermap itself, as `rendermap serve` with ordinary settings over jobs of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType

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
    environment: Mapping[str, str] = MappingProxyType({})
    """Settings that are not the ordinary ones."""

    def configure(self, subjects: list[BenchSet]) -> None:
        """Services and jobs; a job's dataset is a copy, since a job may hold no second name of a file."""
        self._jobs = self.yard.folder("rendermap/jobs")
        self._services = self.yard.folder("rendermap/services")
        self._places = {subject.name: (subject.name, self._find_job(subject)) for subject in subjects}

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
        with manifest.start(self._jobs, service=subject.name, task="Draw") as run:
            self._fill(run, subject)
            self._tell(run, subject)
        return run.job_id

    def _fill(self, run: manifest.Run, subject: BenchSet) -> None:
        dataset = subject.path(self.yard.data)
        copy(dataset, run.scratch / dataset.name)

    def _tell(self, run: manifest.Run, subject: BenchSet) -> None:
        run.output("Result", f"%scratchworkspace%/{subject.path(self.yard.data).name}")

    def lay(self, subject: BenchSet, name: str) -> Callable[[], None]:
        """A job whose tool has written its dataset; what remains is to say that it is done."""
        stack = ExitStack()
        run = stack.enter_context(manifest.start(self._jobs, service=subject.name, task="Draw"))
        self._fill(run, subject)
        self._places[name] = (subject.name, run.job_id)

        def finish() -> None:
            self._tell(run, subject)
            stack.close()

        return finish

    def announce(self, subject: BenchSet, copy: BenchSet) -> None:
        """Nothing: a job that is done is there."""

    def clear(self, name: str) -> None:
        """Its folder goes, as a job's does at its end."""
        service, job_id = self._places.pop(name)
        shutil.rmtree(self._jobs / f"{service}_gpserver" / job_id)

    def running(self) -> Iterator[None]:
        """A cache of its own each time, so that no picture of an earlier run is there."""
        self.port = free_port()
        command = [sys.executable, "-m", "rendermap", "serve", "--jobs", str(self._jobs), "--services", str(self._services)]
        with process([*command, "--port", str(self.port)], self.yard.folder("logs") / "rendermap.log", self.environment) as pid:
            wait_for_port(self.port, pid)
            self.pids = [pid]
            yield

    def tile_path(self, subject: BenchSet, tile: Tile, job_id: str = "") -> str:
        """Of the set's job, or of another one."""
        service, its_own = self._places[subject.name]
        return f"/xyz/{service}/jobs/{job_id or its_own}/tiles/{tile.zoom}/{tile.col}/{tile.row}.png"

    def image_path(self, subject: BenchSet, bbox: tuple[float, float, float, float], size_px: tuple[int, int]) -> str:
        box, size = ",".join(map(repr, bbox)), ",".join(map(str, size_px))
        service, job_id = self._places[subject.name]
        where = f"/arcgis/rest/services/{service}/MapServer/jobs/{job_id}/export"
        return f"{where}?bbox={box}&bboxSR=3857&imageSR=3857&size={size}&format=png32&transparent=true&f=image"


def copy(source: Path, target: Path) -> None:
    """A reflink where the file system has them, else a copy."""
    if subprocess.run(["cp", "--reflink=auto", str(source), str(target)], check=False).returncode:
        shutil.copyfile(source, target)
