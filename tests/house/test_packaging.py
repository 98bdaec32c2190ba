"""What a clone, a wheel and an image are made of."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REQUIREMENTS = sorted((ROOT / "requirements").glob("*.txt"))
LOCKS = [path for path in (ROOT / "web/package-lock.json", ROOT / "tests/clients/package-lock.json") if path.exists()]
REGISTRIES = (
    "files.pythonhosted" + ".org",
    "pypi" + ".org/simple",
    "registry.npmjs" + ".org",
    "registry.yarnpkg" + ".com",
    "docker" + ".io/",
)
NOT_TRIED = ("apt-get ", "useradd ")
"""Beginnings of RUN lines that need a root of their own."""
SLOWEST_S = 240.0
"""What is imported for the first time is compiled too, which takes minutes on a busy machine."""


def tracked() -> Iterator[Path]:
    """Every file git knows."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    yield from (ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file())


def test_no_tracked_file_names_a_package_registry() -> None:
    """Where packages come from is the machine's business: no file holds a registry's host."""
    found = [path.relative_to(ROOT) for path in tracked() for host in REGISTRIES if host.encode() in path.read_bytes()]
    assert not found


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.name)
def test_every_requirement_is_pinned_and_hashed(path: Path) -> None:
    """pip refuses anything but the very files that were pinned."""
    logical = path.read_text().replace("\\\n", " ").splitlines()
    faults = [line for line in logical if line.strip() and not re.match(r"[a-z0-9._\[\]-]+==\S+ .*--hash=sha256:", line)]
    assert not faults


@pytest.mark.parametrize("path", [path.with_suffix(".in") for path in REQUIREMENTS], ids=lambda path: path.name)
def test_every_direct_requirement_has_a_pin(path: Path) -> None:
    """No .in was changed without pinning anew."""
    named = {re.split(r"[<>=\[; ]", line)[0].lower() for line in path.read_text().splitlines() if line and not line.startswith("#")}
    pinned = set(re.findall(r"^([a-z0-9._-]+)==", path.with_suffix(".txt").read_text(), re.MULTILINE))
    assert named <= pinned


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.parent.name)
def test_npm_locks_name_versions_and_hashes_only(path: Path) -> None:
    """No address of a registry in a lock, and a hash for every package."""
    packages = json.loads(path.read_text())["packages"]
    assert not [name for name, entry in packages.items() if "resolved" in entry]
    assert not [name for name, entry in packages.items() if name and "integrity" not in entry]


def test_the_wheel_holds_every_file_of_the_package(tmp_path: Path) -> None:
    """Templates, grammars, schemas and the pages' scripts are in a wheel, not only in a clone."""
    source = tmp_path / "source"
    copy_clone(source)
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--wheel-dir",
        str(tmp_path),
    ]
    subprocess.run([*build, str(source)], check=True, capture_output=True, timeout=100)
    (wheel,) = tmp_path.glob("*.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())
    wanted = {path.relative_to(ROOT).as_posix() for path in tracked() if path.is_relative_to(ROOT / "rendermap")}
    pages = ROOT / "rendermap/frontends/viewer/static/build"
    wanted |= {path.relative_to(ROOT).as_posix() for path in pages.glob("*") if path.is_file()}
    assert wanted <= inside


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile as (instruction, arguments), lines joined."""
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(word, rest.strip()) for word, _, rest in (line.strip().partition(" ") for line in lines)]


def copy_clone(to: Path) -> None:
    """What a clone holds, changed files as they are now, and the pages when they are built."""
    for path in tracked():
        target = to / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    pages = ROOT / "rendermap/frontends/viewer/static/build"
    for path in pages.glob("*"):
        target = to / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())


def copy_context(to: Path) -> None:
    """What a build would see: the clone as far as .dockerignore lets it through."""
    let_in = [line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line.startswith("!")]
    for path in tracked():
        inner = path.relative_to(ROOT)
        if inner.parts[0] in let_in:
            (to / inner).parent.mkdir(parents=True, exist_ok=True)
            (to / inner).write_bytes(path.read_bytes())


def test_the_image_runs_without_root_and_knows_its_health() -> None:
    """The Dockerfile ends as a user without rights, checks /health/live, and serves."""
    written = instructions()
    assert [rest for word, rest in written if word == "USER"] == ["rendermap"]
    assert any(word == "HEALTHCHECK" and "/health/live" in rest for word, rest in written)
    assert written[-1] == ("CMD", '["rendermap", "serve"]')


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_dockerfile_in_a_scratch_prefix(tmp_path: Path) -> None:
    """Its RUN lines build, and its CMD serves and answers its health check.

    There is no container: /opt, /tmp and /src become folders of the test, and lines that need a root of their own are left out.
    """
    copy_context(tmp_path / "src")
    places = {place: str(tmp_path / place.strip("/")) for place in ("/opt/rendermap", "/tmp/node")}
    env = {name: value for name, value in os.environ.items() if not name.startswith(("RENDERMAP_", "VIRTUAL_ENV", "MAKE", "MFLAGS"))}
    env["PATH"] = os.pathsep.join(part for part in env["PATH"].split(os.pathsep) if not part.startswith(sys.prefix))
    for word, rest in instructions():
        if word == "RUN" and not rest.startswith(NOT_TRIED):
            done = subprocess.run(
                relocated(rest, places) + _with_python(rest), shell=True, cwd=tmp_path / "src", env=env, capture_output=True, text=True
            )
            assert done.returncode == 0, f"{rest}\n{done.stdout[-1000:]}{done.stderr[-2000:]}"
    for pair in shlex.split(" ".join(rest for word, rest in instructions() if word == "ENV")):
        name, _, value = relocated(pair, places).partition("=")
        env[name] = value.replace("$PATH", env["PATH"])
    env |= {"RENDERMAP_PORT": "0", "RENDERMAP_HOST": "127.0.0.1", "RENDERMAP_WORKERS": "1"}
    (command,) = (json.loads(rest) for word, rest in instructions() if word == "CMD")
    server = subprocess.Popen(
        ["/usr/bin/env", *command], cwd=places["/opt/rendermap"], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        address, said = address_of(server)
        statuses = [wait_for(f"{address}{path}", server) for path in ("/health/live", "/")] if address else []
    finally:
        server.terminate()
        rest = server.communicate(timeout=SLOWEST_S)[0]
    assert statuses == [200, 200], said + rest


def relocated(text: str, places: dict[str, str]) -> str:
    """A line with the image's folders replaced by the test's."""
    for place, real in places.items():
        text = text.replace(place, real)
    return text


def _with_python(line: str) -> str:
    return (
        f" PYTHON={shlex.quote(sys.base_prefix)}/bin/python{sys.version_info[0]}.{sys.version_info[1]}" if line.startswith("make ") else ""
    )


def address_of(server: subprocess.Popen[str]) -> tuple[str, str]:
    """(where a server says that it serves, all that it said until then); no address when it ends before."""
    assert server.stdout
    said = ""
    for line in server.stdout:
        said += line
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            return found[0], said
    return "", said


def wait_for(address: str, server: subprocess.Popen[str]) -> int:
    """The status of an address once it answers, 0 if the server ends before, or the machine is slower than any."""
    end = time.monotonic() + SLOWEST_S
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=SLOWEST_S) as answer:
                status: int = answer.status
                return status
        except OSError:
            time.sleep(0.2)
    return 0
