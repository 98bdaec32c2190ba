"""Tools in real processes: what becomes of those that do their work, and of those that misbehave."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rendermap.environment import Environment
from rendermap.geo.bbox import BBox
from rendermap.jobs.document import Document
from tests.builders.tooled import Workshop, at_work, guards_of, is_alive, lay_out_tools, watchers_of

TOOLS = """
import json, os, signal, subprocess, sys, time
from dataclasses import dataclass
from pathlib import Path

from rendermap.environment import Environment
from rendermap.jobs.manifest import Run
import neighbour

def good(run: Run, number: float, TEXT: str = "nothing", asked: Environment = None) -> dict[str, object]:
    run.progress("half way", 50)
    run.message("looked around", "warning")
    print(type(number).__name__, TEXT, asked.out_crs, asked.extent)
    Path("map.geojson").write_text("{}")
    return {"area": number * 2, "MAP": run.path("map.geojson")}

def bare() -> None:
    print(json.dumps({**os.environ, "cwd": os.getcwd(), "open": sorted(os.listdir("/proc/self/fd"))}))

def chatty() -> None:
    for number in range(3000):
        print("line", number)
    sys.stderr.write("\\x1b[31mred\\x1b[0m words\\n")

def raising() -> None:
    raise ValueError("The height /srv/secret/heights.tif is too great.")

def ill() -> None:
    import nowhere_to_be_found

def hard() -> None:
    print("last words", flush=True)
    os._exit(3)

def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)

def full() -> None:
    with open("/dev/full", "w") as file:
        file.write("x" * 100_000)

def outside(run: Run) -> dict[str, object]:
    return {"Map": Path("/etc/hostname")}

def surplus() -> dict[str, object]:
    return {"Colour": "red"}

def ending(run: Run) -> None:
    run.succeed()

def twins(number: float = 1) -> dict[str, object]:
    return {"Area": number} if os.fork() else {"Area": -1}

def large() -> dict[str, object]:
    return {"Report": "x" * 9_000_000}

def leaving() -> None:
    sys.exit("Nothing lies there.")

def forking(run: Run) -> None:
    script = "import os, time; os.setsid(); open('escaped', 'w').write(str(os.getpid())); time.sleep(60)"
    subprocess.Popen([sys.executable, "-c", script])
    subprocess.Popen(["sleep", "61"])
    while not (Path("escaped").exists() and Path("escaped").read_text()):
        time.sleep(0.01)

def sleeping(run: Run) -> None:
    forking(run)
    run.progress("asleep", 10)
    time.sleep(60)

def ordered(run: Run) -> None:
    for number in range(20):
        print("printed", number)
        run.message(f"said {number}")
        print("warned", number, file=sys.stderr)
    print("in one go: " + "x" * 9000)
    subprocess.run(["echo", "by a program"], stdout=sys.stdout)

def status() -> None:
    sys.exit(3)

def garish() -> None:
    raise ValueError("red \\x1b[31mwords\\x00 \\u202eturned")

def wordy() -> dict[str, object]:
    return {"Area": "twelve"}

def drawn(run: Run) -> None:
    run.value("Map", {"type": "FeatureCollection"})

def filed(run: Run) -> dict[str, object]:
    return {"Area": run.path("area.txt")}

def unknown(run: Run) -> None:
    run.value("Colour", "red")

def halved() -> dict[str, object]:
    return {"Report": "\\ud800"}

def nan() -> dict[str, object]:
    return {"Area": float("nan")}

def mistyped(width: float) -> None: ...
"""
COMMAND = """
[ -p /dev/stdin ] && exit 9
order=$(cat); echo "got $order"; echo careful >&2
printf '{"Area": {"value": 12}, "Map": {"dataset": "map.csv"}}' > outputs.json; echo a > map.csv
"""
NAMES = set(re.findall(r"^def (\w+)", TOOLS, re.MULTILINE))
PROGRAMS = {
    "missing": 'tool = "missing"',
    "Outer": 'command = ["./outer.sh"]',
    "Absent": 'command = ["./absent.sh"]',
    "No": 'command = ["false"]',
}
LEFT = {
    "Worded": """echo '{"Area": {"value": "twelve"}}' > outputs.json""",
    "Odd": """echo '{"Colour": {"value": "red"}}' > outputs.json""",
    "Twice": """echo '{"Area": {"value": 1}, "Area": {"value": 2}}' > outputs.json""",
    "Nought": """echo '{"Area": {"value": NaN}}' > outputs.json""",
    "Linked": "ln -s $(dirname $0)/another.json outputs.json",
    "Piped": "mkfifo outputs.json",
    "Foldered": "mkdir outputs.json",
    "Sparse": "truncate -s 9M outputs.json",
}
"""Of outputs.json, by a program."""


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A service with all of the tools."""
    folder = tmp_path_factory.mktemp("services")
    tasks = dict.fromkeys(sorted(NAMES), "") | PROGRAMS | {task: f'command = ["./{task}.sh"]' for task in LEFT}
    lay_out_tools(folder, TOOLS, tasks, instances=4, time_limit_s=20.0)
    (folder / "Tools/neighbour.py").write_text("")
    (folder / "Tools/outer.sh").write_text("#!/bin/sh\n" + COMMAND)
    (folder / "Tools/another.json").write_text('{"Area": {"value": 12}}')
    for task, script in LEFT.items():
        (folder / f"Tools/{task}.sh").write_text(f"#!/bin/sh\n{script}\n")
    for program in (folder / "Tools").glob("*.sh"):
        program.chmod(0o755)
    return folder


def run(tmp_path: Path, services: Path, task: str, **inputs: Any) -> tuple[Document, Workshop]:
    """A job from beginning to end."""

    async def doing() -> tuple[Document, Workshop]:
        async with at_work(tmp_path, services) as workshop:
            job_id = await workshop.submit(task, **inputs)
            return await workshop.over(job_id), workshop

    return asyncio.run(doing())


def texts(document: Document, kind: str | None = None) -> list[str]:
    return [entry.text for entry in document.messages if kind in (None, entry.kind)]


def test_a_tool_gets_its_inputs_and_leaves_its_outputs(tmp_path: Path, services: Path) -> None:
    """Names in whatever letter case, whole numbers where fractions are wanted, and the run and environment where it asks for them."""
    asked = Environment(out_crs="EPSG:25832", extent=(BBox(0, 1, 2, 3), "EPSG:4326"))

    async def doing() -> tuple[Document, Path]:
        async with at_work(tmp_path, services) as workshop:
            job_id = await workshop.engine.submit(workshop.order("good", environment=asked, Number=3, Text="ä\n"))
            return await workshop.over(job_id), workshop.root(job_id)

    document, root = asyncio.run(doing())
    assert (document.status, document.owner, document.task) == ("succeeded", "anna", "good"), document.messages
    told = {name: output.model_dump() for name, output in document.outputs.items()}
    assert told == {"Area": {"value": 6.0}, "Map": {"dataset": "%scratchworkspace%/map.geojson"}}
    assert texts(document, "warning") == ["looked around"]
    assert "float ä" in texts(document) and any("EPSG:25832 (BBox(xmin=0" in text for text in texts(document))
    assert sorted(path.name for path in root.iterdir()) == ["job.json", "scratch"]
    assert list((tmp_path / ".orders").iterdir()) == []


def test_a_tool_sees_nothing_of_the_server(tmp_path: Path, services: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No secret of its environment, none of its open files; it works in its own scratch folder."""
    monkeypatch.setenv("RENDERMAP_SECRET_KEY", "x" * 40)
    document, _ = run(tmp_path, services, "bare")
    seen = json.loads(texts(document)[0])
    assert not [name for name in seen if "RENDERMAP" in name] and seen["cwd"] == "%scratchworkspace%"
    # standard streams, the wire, and the folder that is being listed
    assert len(seen["open"]) == 5


@pytest.mark.parametrize(
    ("task", "sentence"),
    [
        ("raising", "The height /srv/secret/heights.tif is too great."),
        ("leaving", "Nothing lies there."),
        ("status", "The tool ended with status 3 before it was done."),
        ("garish", "red words turned"),
        ("halved", "The value of Report cannot be told: it has half of a character."),
        ("nan", "The value of Area cannot be told: Out of range float values are not JSON compliant."),
        ("ill", "No module named 'nowhere_to_be_found'"),
        ("hard", "The tool ended with status 3 before it was done."),
        ("killed", "The tool was ended by signal 9; that may be for want of memory."),
        ("full", "There is no room left for what the tool writes."),
        ("outside", "not inside the scratch workspace: /etc/hostname"),
        ("surplus", "The tool of this task does not work here."),
        ("missing", "The tool of this task does not work here."),
        ("mistyped", "The tool of this task does not work here."),
        ("ending", "a tool ends its job by returning or by raising an exception"),
        ("large", "The tool tells more than the document of a job may hold."),
        ("Absent", "The tool of this task does not work here."),
        ("wordy", "The result 'Area' must be a number."),
        ("Worded", "The result 'Area' must be a number."),
        ("drawn", "The result 'Map' must be a dataset in the scratch folder."),
        ("filed", "The result 'Area' must be a value and not a dataset."),
        ("unknown", "The tool of this task does not work here."),
        *((task, "The tool of this task does not work here.") for task in ("Odd", "Twice", "Nought", "Linked", "Piped", "Foldered")),
        ("Sparse", "The tool tells more than the document of a job may hold."),
        ("No", "The tool ended with status 1 before it was done."),
    ],
)
def test_a_tool_that_fails_says_why_in_one_sentence(tmp_path: Path, services: Path, task: str, sentence: str) -> None:
    """However it ends, the job is over, and no trace of the program's insides is read by strangers."""
    document, _ = run(tmp_path, services, task)
    assert (document.status, texts(document, "error")) == ("failed", [sentence])
    assert not any("Traceback" in text for text in texts(document))
    assert ("last words" in texts(document)) is (task == "hard")


def test_the_log_has_the_trace(tmp_path: Path, services: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Who runs the service reads where the tool failed."""
    run(tmp_path, services, "raising")
    said = "".join(capfd.readouterr())
    assert "tools.py" in said and "in raising" in said


def test_what_a_tool_prints_is_bounded(tmp_path: Path, services: Path) -> None:
    """A thousand lines are kept, and a word that there were more."""
    document, _ = run(tmp_path, services, "chatty")
    assert document.status == "succeeded" and len(document.messages) == 1001
    assert texts(document)[0] == "line 0" and texts(document)[-1] == "The tool says more than is kept."


def test_what_is_printed_keeps_its_place_among_the_messages(tmp_path: Path, services: Path) -> None:
    """Messages are read as a log: standard output, standard error and `run.message` are told in the order they were written."""
    document, _ = run(tmp_path, services, "ordered")
    said = texts(document)
    told = [text for number in range(20) for text in (f"printed {number}", f"said {number}", f"warned {number}")]
    assert [text for text in said if text[:2] in ("pr", "sa", "wa")] == told
    assert any(text.startswith("in one go: xxx") for text in said) and "by a program" in said


def test_a_fork_that_comes_back_says_nothing(tmp_path: Path, services: Path) -> None:
    """Only the process that was started speaks for the tool."""
    document, _ = run(tmp_path, services, "twins", Number=7)
    assert document.status == "succeeded" and document.outputs["Area"].model_dump() == {"value": 7.0}


def test_a_program_does_the_work(tmp_path: Path, services: Path) -> None:
    """It gets the order as JSON, prints messages, and says in outputs.json what it has made."""
    document, _ = run(tmp_path, services, "Outer", Number=3)
    assert document.status == "succeeded", document.messages
    assert '"inputs": {"Number": 3}' in texts(document)[0] and texts(document, "warning") == ["careful"]
    told = {name: output.model_dump() for name, output in document.outputs.items()}
    assert told == {"Area": {"value": 12}, "Map": {"dataset": "map.csv"}}


def test_what_a_tool_leaves_running_ends_with_it(tmp_path: Path, services: Path) -> None:
    """Also a program in a session of its own; the job is over at once."""
    began = time.monotonic()
    document, workshop = run(tmp_path, services, "forking")
    assert document.status == "succeeded" and time.monotonic() - began < 20
    escaped = int((workshop.root(document.job_id) / "scratch/escaped").read_text())
    assert not is_alive(escaped)


def cancelled(workshop: Workshop, job_id: str) -> Any:
    return workshop.engine.cancel(workshop.service, job_id)


def stopped(workshop: Workshop, job_id: str) -> Any:
    return workshop.engine.stop()


@pytest.mark.parametrize(("ending", "status", "word"), [(cancelled, "cancelled", "cancelled"), (stopped, "failed", "stopped")])
def test_a_job_that_is_ended_leaves_no_process(
    tmp_path: Path, services: Path, ending: Callable[[Workshop, str], Any], status: str, word: str
) -> None:
    """Its tool, what that has started, and what has left for a session of its own."""

    async def doing() -> tuple[Document, int]:
        async with at_work(tmp_path, services) as workshop:
            job_id = await workshop.submit("sleeping")
            async with asyncio.timeout(20):
                while not workshop.document(job_id).progress:
                    await asyncio.sleep(0.02)
            assert workshop.document(job_id).status == "executing"
            await ending(workshop, job_id)
            return workshop.document(job_id), int((workshop.root(job_id) / "scratch/escaped").read_text())

    document, escaped = asyncio.run(doing())
    assert document.status == status and word in texts(document)[-1] and document.progress is None
    assert not is_alive(escaped)


@pytest.mark.parametrize("killed_of", [watchers_of, guards_of])
def test_a_tool_whose_watcher_is_killed_leaves_no_process(tmp_path: Path, services: Path, killed_of: Callable[[int], list[int]]) -> None:
    """Nor one whose watcher's guard is: what has left for a session of its own is ended within a second, and the job has failed."""

    async def doing() -> Document:
        async with at_work(tmp_path, services) as workshop:
            job_id = await workshop.submit("sleeping")
            async with asyncio.timeout(20):
                while not workshop.document(job_id).progress:
                    await asyncio.sleep(0.02)
            left = [*guards_of(os.getpid()), *watchers_of(os.getpid()), int((workshop.root(job_id) / "scratch/escaped").read_text())]
            assert len(left) == 3 and all(map(is_alive, left))
            (killed,) = killed_of(os.getpid())
            os.kill(killed, signal.SIGKILL)
            async with asyncio.timeout(5):
                while any(map(is_alive, left)):
                    await asyncio.sleep(0.02)
            return await workshop.over(job_id)

    document = asyncio.run(doing())
    assert (document.status, texts(document, "error")) == ("failed", ["The process of the tool ended unexpectedly."])
