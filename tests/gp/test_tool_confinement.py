"""What a tool in a real process can reach: its job's scratch folder, its service's folder, what the author names, and nothing else."""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import sys
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from rendermap.gp import tool_confinement
from rendermap.gp.tool_process import TOO_MUCH
from rendermap.jobs.document import Document
from rendermap.landlock import SCOPES_FROM_VERSION, is_available, version
from tests.builders.tooled import Workshop, at_work, lay_out_tools

TOOLS = """
import json, os, subprocess, sys, tempfile, time
from pathlib import Path

def look(text: str) -> None:
    said = {}
    for name, path in json.loads(text).items():
        try:
            said[name] = sorted(os.listdir(path)) if os.path.isdir(path) else Path(path).read_text()
        except PermissionError:
            said[name] = "refused"
    print(json.dumps(said))

def write(text: str) -> None:
    said = {}
    for name, path in json.loads(text).items():
        try:
            Path(path).write_text("mine")
            said[name] = "written"
        except PermissionError:
            said[name] = "refused"
    print(json.dumps(said))

def usual() -> None:
    import neighbour, numpy, rasterio
    from rendermap.gp.geojson import to_geojson
    with tempfile.TemporaryFile() as file:
        file.write(b"x")
    os.mkdir("inner")
    Path("inner/a").write_text("a")
    os.rename("inner/a", "b")
    seen = subprocess.run("cat b > /dev/null && ls | head -1 && cat ~/../scratch/b", shell=True, capture_output=True, check=True).stdout
    again = subprocess.run([sys.executable, "-c", "import json; print(1)"], capture_output=True, check=True).stdout
    print(neighbour.WORD, [seen, again])

def child(text: str) -> None:
    print(subprocess.run(["cat", text], capture_output=True, text=True).stderr)

def strike(text: str) -> None:
    try:
        os.kill(int(text), 0)
    except PermissionError:
        print("refused")

def greedy() -> None:
    bytearray(200 << 20)

def wide() -> None:
    with open("wide", "wb") as file:
        file.truncate(3 << 20)

def many() -> None:
    for number in range(8):
        with open(str(number), "wb") as file:
            file.write(bytes(1 << 20))

def deep() -> None:
    for _ in range(1100):
        os.mkdir("deep")
        os.chdir("deep")

def filling() -> None:
    many()
    time.sleep(60)
"""
NAMES = ("look", "write", "usual", "child", "strike", "greedy", "wide", "many", "filling", "deep")
SECRET = "what nobody may read"

needs_landlock = pytest.mark.skipif(
    sys.platform != "linux" or not is_available(ctypes.CDLL(None, use_errno=True)), reason="the kernel does not keep files apart"
)


@pytest.fixture
def services(tmp_path: Path) -> Path:
    """A service Tools with a neighbour, a folder that its author names, and one of another service."""
    folder = tmp_path / "services"
    bounds = f'reads = ["{tmp_path}/terrain", "{tmp_path}/not_there"]\nmemory_mb = 150\nfile_mb = 2\ndisk_mb = 6\n'
    lay_out_tools(folder, TOOLS, dict.fromkeys(NAMES, ""), bounds=bounds)
    (folder / "Tools/neighbour.py").write_text("WORD = 'ground'")
    for name in ("access/secret.key", "terrain/heights.txt", "services/Other/tools.py"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(SECRET)
    return folder


async def done(workshop: Workshop, task: str, **inputs: str) -> Document:
    return await workshop.over(await workshop.submit(task, **inputs))


def words(document: Document) -> list[str]:
    assert document.status == "succeeded", document.messages
    return [entry.text for entry in document.messages]


def test_what_a_tool_reads_is_named_whole(tmp_path: Path) -> None:
    """A path from wherever the server happens to run would name something else."""
    lay_out_tools(tmp_path, TOOLS, {"look": ""}, bounds='reads = ["terrain"]\n')
    (fault,) = Workshop(tmp_path / "jobs", tmp_path).services.faults
    assert "must be a whole path, which begins with /" in str(fault)


@needs_landlock
def test_a_tool_reads_and_writes_only_what_is_its_own(tmp_path: Path, services: Path) -> None:
    """Neither another job, nor keys, nor other services, nor the document of its own job; no program that it starts can either."""

    async def doing() -> None:
        async with at_work(tmp_path / "jobs", services) as workshop:
            first = await workshop.submit("usual")
            # modules, temporary files, programs of the system and Python again
            assert words(await workshop.over(first)) == [r"ground [b'b\na', b'1\n']"]
            other = workshop.root(first)
            secrets = {
                "document": other / "job.json",
                "result": other / "scratch/b",
                "jobs": other.parent,
                "orders": workshop.jobs / ".orders",
                "key": tmp_path / "access/secret.key",
                "service": services / "Other/tools.py",
                "services": services,
                "environment": "/proc/1/environ",
                "shadow": "/etc/shadow",
            }
            own = {"neighbour": services / "Tools/neighbour.py", "named": tmp_path / "terrain/heights.txt"}
            (seen,) = words(await done(workshop, "look", Text=json.dumps({**secrets, **own}, default=str)))
            assert json.loads(seen) == {**dict.fromkeys(secrets, "refused"), "neighbour": "WORD = 'ground'", "named": SECRET}
            closed = {**secrets, **own, "new": other / "scratch/new", "temporary": "/tmp/tool", "shared": "/dev/shm/tool"}
            del closed["jobs"], closed["orders"], closed["services"]
            places = {**closed, "own": "own", "own document": "../job.json"}
            (written,) = words(await done(workshop, "write", Text=json.dumps(places, default=str)))
            assert json.loads(written) == {**dict.fromkeys(closed, "refused"), "own": "written", "own document": "refused"}
            (heard,) = words(await done(workshop, "child", Text=str(other / "job.json")))
            assert "Permission denied" in heard
            if version(ctypes.CDLL(None, use_errno=True)) >= SCOPES_FROM_VERSION:
                assert words(await done(workshop, "strike", Text=str(os.getpid()))) == ["refused"]

    asyncio.run(doing())


def test_memory_and_files_of_a_tool_are_bounded(tmp_path: Path, services: Path) -> None:
    """By what the author says; the job fails with a sentence."""

    async def doing() -> None:
        async with at_work(tmp_path / "jobs", services) as workshop:
            sentences = {
                "greedy": "The tool ran out of memory.",
                "wide": "A file of the tool is larger than it may be.",
                "many": TOO_MUCH,
                "filling": TOO_MUCH,
                "deep": TOO_MUCH,
            }
            jobs = {task: await workshop.submit(task) for task in sentences}
            for task, sentence in sentences.items():
                job = jobs[task]
                document = await workshop.over(job)
                assert (document.status, document.messages[-1].text) == ("failed", sentence)
                assert not list((workshop.root(job) / "scratch").iterdir()) or task == "wide"

    asyncio.run(doing())


def test_the_log_says_where_tools_are_not_kept_apart(tmp_path: Path, services: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel that cannot do it is no reason to refuse tasks."""
    monkeypatch.setattr(tool_confinement, "is_available", lambda libc: False)

    async def doing() -> None:
        async with at_work(tmp_path / "jobs", services):
            pass

    with capture_logs() as log:
        asyncio.run(doing())
    assert ("warning", "the kernel does not keep files apart (Landlock)") in [(line["log_level"], line.get("reason")) for line in log]
