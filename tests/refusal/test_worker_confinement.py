"""The real worker program: it draws, and a dataset that takes it over finds no way out."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rendermap.dispatch.plan import InspectPlan, LegendPlan, MeasurePlan, SheetPlan, SwatchLayer
from rendermap.dispatch.pool import Pool
from rendermap.dispatch.process import ENVIRONMENT
from rendermap.errors import InvalidFormat, RenderFailed
from rendermap.geo.bbox import BBox
from rendermap.jobs.job import DataSource
from rendermap.render.job_threads import MOST_THREADS, STACK_BYTES
from rendermap.symbology.facts import VectorFacts
from tests.builders.pools import all_up, filled_layer, run, told
from tests.builders.vectors import source_at

SQUARE = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"depth": depth},
            "geometry": {"type": "Polygon", "coordinates": [[[x, 0], [x + 1, 0], [x + 1, 1], [x, 1], [x, 0]]]},
        }
        for x, depth in ((0, 1.5), (2, 2.5))
    ],
}


@pytest.fixture
def squares(tmp_path: Path) -> DataSource:
    """Two squares in degrees, as a job's output."""
    path = tmp_path / "squares.geojson"
    path.write_text(json.dumps(SQUARE))
    return source_at(path)


def test_the_real_worker_looks_measures_draws_and_explains(squares: DataSource) -> None:
    """Every kind of plan has its handler, and the answers are of the right kind."""

    async def ask() -> None:
        pool = Pool(1)
        await pool.start()
        try:
            layer = await pool.inspect(InspectPlan(squares))
            assert isinstance(layer.facts, VectorFacts) and layer.bbox == BBox(0, 0, 3, 1)
            measures = await pool.measure(MeasurePlan(layer, "depth"))
            assert (measures.count, measures.minimum, measures.maximum) == (2, 1.5, 2.5)
            style = filled_layer().style
            legend = LegendPlan((SwatchLayer(0, "Depth", "polygon", style, layer),), 1.0, (20, 20))
            (entries,) = await pool.legend(legend)
            assert entries.entries[0].swatch.startswith(b"\x89PNG")
            sheet = await pool.legend_sheet(LegendPlan(legend.layers, 1.0, (20, 20), SheetPlan("Depth", False, "png")))
            assert sheet.body.startswith(b"\x89PNG") and sheet.width_px > 20
            with pytest.raises(InvalidFormat):
                await pool.draw(told("no such format"))
            with pytest.raises(RenderFailed) as raised:
                await pool.draw(replace(told("png"), view=None))  # type: ignore[arg-type]
            assert "Traceback" in (raised.value.reason or "") and "Traceback" not in raised.value.sentence
        finally:
            await pool.stop()

    run(ask, limit_s=90)


@pytest.fixture(scope="module")
def worker_pid() -> Iterator[int]:
    """A real worker that is up and idle, in a service of its own."""
    code = (
        "import asyncio\n"
        "from rendermap.dispatch.pool import Pool\n"
        "async def main():\n"
        "    pool = Pool(1, memory_limit_bytes=512 << 20)\n"
        "    await pool.start()\n"
        "    print(*pool.pids, flush=True)\n"
        "    await asyncio.to_thread(input)\n"
        "    print(*pool.pids, flush=True)\n"
        "    await pool.stop()\n"
        "asyncio.run(main())\n"
    )
    foreign = {"PROJ_DATA": "/sesame", "GDAL_DATA": "/sesame", "GDAL_DRIVER_PATH": "/sesame", "AWS_SECRET_ACCESS_KEY": "sesame"}
    environment = {**os.environ, **foreign, "RENDERMAP_SECRET_KEY": "open sesame"}
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as service:
        assert service.stdin and service.stdout
        pid = service.stdout.readline().strip()
        yield int(pid)
        service.stdin.write("\n")
        service.stdin.flush()
        assert service.stdout.readline().strip() == pid, "the worker did not live to the end of the tests"


def test_its_limits_are_set(worker_pid: int) -> None:
    """No core dump, a hard stop for memory, and no way to new rights."""
    limits = Path(f"/proc/{worker_pid}/limits").read_text()
    assert "Max core file size        0 " in limits
    assert f"Max data size             {(1 << 30) + MOST_THREADS * STACK_BYTES} " in limits
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{worker_pid}/status").read_text().splitlines() if ":\t" in line)
    assert status["NoNewPrivs"] == "1" and status["Umask"] == "0077"
    assert Path(f"/proc/{worker_pid}/cwd").resolve() == Path("/")


def test_its_environment_is_its_own(worker_pid: int) -> None:
    """C5: nothing that the service was started with is in it: no secret, no folder of drivers, data or grids."""
    environment = Path(f"/proc/{worker_pid}/environ").read_text()
    assert "sesame" not in environment
    given = dict(line.split("=", 1) for line in environment.split("\0") if line)
    assert given.keys() <= {*ENVIRONMENT, "TMPDIR", "LC_CTYPE"}
    off = {
        "PROJ_NETWORK": "OFF",
        "GDAL_DRIVER_PATH": "disable",
        "GDAL_VRT_ENABLE_PYTHON": "NO",
        "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
    }
    assert off.items() <= given.items()


def test_an_interrupt_is_not_for_it(worker_pid: int) -> None:
    """Ctrl-C reaches the service, which then ends its workers in order."""
    os.kill(worker_pid, signal.SIGINT)
    assert Path(f"/proc/{worker_pid}/stat").exists()


BESIEGED = """
import os, resource, signal, socket, subprocess, sys, threading
from pathlib import Path
from rendermap.render.confinement import confine
scratch, job, secret = map(Path, sys.argv[1:])
lacks = confine(1 << 30, scratch, (job,))
said = [str(lacks).replace(" ", "_")] if lacks else []
def tried(name, what):
    try:
        what()
    except OSError as error:
        said.append(name)
parent = os.getppid()
tried("inet", socket.socket)
tried("unix", lambda: socket.socket(socket.AF_UNIX))
tried("netlink", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW))
tried("exec", lambda: subprocess.run(["/bin/true"]))
thread = threading.Thread(target=tried, args=("thread", socket.socket)); thread.start(); thread.join()
tried("environ", lambda: Path(f"/proc/{parent}/environ").read_bytes())
tried("memory", lambda: Path(f"/proc/{parent}/mem").open("rb").read(1))
tried("kill", lambda: os.kill(parent, 0))
tried("everyone", lambda: os.kill(-1, 0))
tried("pidfd", lambda: os.pidfd_open(parent))
tried("limits", lambda: resource.prlimit(parent, resource.RLIMIT_CORE))
tried("write", lambda: (job / "new").write_text("x"))
tried("remove", lambda: (job / "data").unlink())
tried("elsewhere", lambda: secret.read_text())
tried("accounts", lambda: Path("/etc/passwd").read_text())
said.append("|")
tried("local", socket.socketpair)
tried("self", lambda: os.kill(os.getpid(), 0))
tried("null", lambda: open("/dev/null", "w").close())
tried("dice", lambda: open("/dev/urandom", "rb").read(1))
tried("read", lambda: (job / "data").read_text())
tried("scratch", lambda: (scratch / "a").write_text("x"))
tried("rename", lambda: ((scratch / "b").mkdir(), (scratch / "a").rename(scratch / "b" / "a")))
tried("maps", lambda: Path("/proc/self/maps").read_text())
print(*said, flush=True)
os.abort()
"""
SERVICE = """
import os, subprocess, sys
from rendermap.dispatch.secrecy import hide_memory
assert hide_memory()
print(-subprocess.run([sys.executable, "-c", *sys.argv[1:]], env={"PATH": "/usr/bin:/bin"}).returncode)
"""
NETWORK = ["inet", "unix", "netlink", "exec", "thread"]
OTHERS = ["environ", "memory", "kill", "everyone", "pidfd", "limits"]


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone keeps processes apart")
def test_no_network_no_other_program_no_other_process_no_other_file(tmp_path: Path) -> None:
    """Sockets, programs, the service's secrets and signals, and files but those of the job are refused; what drawing needs is not."""
    scratch, job, secret = tmp_path / "scratch", tmp_path / "job", tmp_path / "secret"
    scratch.mkdir()
    job.mkdir()
    (job / "data").write_text("x")
    secret.write_text("x")
    argv = [sys.executable, "-c", SERVICE, BESIEGED, str(scratch), str(job), str(secret)]
    environment = {**os.environ, "RENDERMAP_SECRET_KEY": "open sesame"}
    done = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=True, env=environment)
    *said, aborted = done.stdout.split()
    if "(Landlock)" in done.stdout:
        pytest.skip(said[0])
    assert said == [*NETWORK, *OTHERS, "write", "remove", "elsewhere", "accounts", "|"], done.stderr
    assert int(aborted) == signal.SIGABRT


def test_growth_has_a_hard_stop(tmp_path: Path) -> None:
    """More memory than twice what is granted is not to be had."""
    code = (
        "import sys, pathlib\n"
        "from rendermap.render.confinement import confine\n"
        "confine(1 << 28, pathlib.Path(sys.argv[1]))\n"
        "bytearray(3 << 28)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=30, check=False)
    assert "MemoryError" in done.stderr


def test_a_jobs_directory_that_comes_later_is_read(tmp_path: Path) -> None:
    """What a worker may read is decided at its start; one that is asked after a directory came or was mounted makes room for the next."""
    jobs = tmp_path / "jobs"

    async def ask() -> None:
        pool = Pool(2, readable=(jobs,))
        await pool.start()
        try:
            await all_up(pool, 2)
            before = pool.pids
            jobs.mkdir()
            file = jobs / "squares.geojson"
            file.write_text(json.dumps(SQUARE))
            assert (await pool.inspect(InspectPlan(source_at(file)))).bbox == BBox(0, 0, 3, 1)
            await all_up(pool, 1)
            assert set(pool.pids) != set(before)
        finally:
            await pool.stop()

    run(ask, limit_s=90)
