"""The servers as processes of ours: started, waited for, stopped; each told where a tile of a set lies."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from tests.bench.peers.sets import BenchSet, Tile

PROCESSES = 2
LONGEST_START_S, LONGEST_STOP_S = 60.0, 25.0


@dataclass(frozen=True, slots=True)
class Yard:
    """Where a run keeps what it makes.  root: absolute."""

    root: Path

    @property
    def data(self) -> Path:
        return self.folder("data")

    def folder(self, name: str) -> Path:
        """A folder of the yard, made when it is not there."""
        path = self.root / name
        path.mkdir(parents=True, exist_ok=True)
        return path


@dataclass
class Server(ABC):
    """A server to be measured.  pids: the processes it was started with."""

    yard: Yard
    port: int = 0
    pids: list[int] = field(default_factory=list)

    name = ""
    draws = ("polygon", "point", "ramp", "categories")

    @abstractmethod
    def configure(self, subjects: list[BenchSet]) -> None:
        """Writes what the server reads."""

    @abstractmethod
    def running(self) -> Iterator[None]:
        """A context: the server answers on `port` within it."""

    @abstractmethod
    def tile_path(self, subject: BenchSet, tile: Tile) -> str:
        """Path and query of a tile."""

    @abstractmethod
    def image_path(self, subject: BenchSet, bbox: tuple[float, float, float, float], size_px: tuple[int, int]) -> str:
        """Path and query of a PNG of a box in EPSG:3857."""

    def lay(self, subject: BenchSet, name: str) -> Callable[[], None]:
        """A second copy of the set's data, of that name; to call the result is what it takes until the server can be asked for it."""
        for file in self.yard.data.glob(f"{subject.name}.*"):
            link = file.with_name(name + file.name.removeprefix(subject.name))
            link.unlink(missing_ok=True)
            link.hardlink_to(file.resolve())
        return partial(self.announce, subject, replace(subject, name=name))

    @abstractmethod
    def announce(self, subject: BenchSet, copy: BenchSet) -> None:
        """Writes what the server reads for a copy of a set that it serves already."""

    def clear(self, name: str) -> None:
        """Takes such a copy away."""
        for file in self.yard.data.glob(f"{name}.*"):
            file.unlink(missing_ok=True)

    @property
    def cpu_s(self) -> float:
        """CPU time that the server's processes have used since they began."""
        return sum(cpu_s(pid) for pid in family(self.pids))

    @property
    def wanted_s(self) -> float:
        """CPU time that they had or waited for, on a machine that others use too."""
        return sum(wanted_s(pid) for pid in family(self.pids))

    @property
    def memory_mb(self) -> float:
        """Proportional set size of all of the server's processes."""
        return sum(memory_mb(pid) for pid in family(self.pids))


@contextmanager
def together(servers: list[Server]) -> Iterator[None]:
    """All of them running at once."""
    with ExitStack() as stack:
        for server in servers:
            stack.enter_context(contextmanager(type(server).running)(server))
        yield


# --- processes -------------------------------------------------------------------------------------------------------


@contextmanager
def process(command: list[str], log: Path, environment: Mapping[str, str] | None = None) -> Iterator[int]:
    """A process of ours with its children, in a group of its own; its words go to the log."""
    with log.open("ab") as said:
        running = subprocess.Popen(command, stdout=said, stderr=said, env={**os.environ, **(environment or {})}, start_new_session=True)
    try:
        yield running.pid
    finally:
        for sign in (signal.SIGTERM, signal.SIGKILL):
            if running.poll() is None:
                os.killpg(running.pid, sign)
                with_patience(running)


def with_patience(running: subprocess.Popen[bytes]) -> None:
    """Waits for the end, at most so long."""
    try:
        running.wait(LONGEST_STOP_S)
    except subprocess.TimeoutExpired:
        return


def wait_for_port(port: int, pid: int) -> None:
    """Returns once somebody listens.  Raises RuntimeError when the process ended, or takes too long."""
    until = time.monotonic() + LONGEST_START_S
    while time.monotonic() < until and Path(f"/proc/{pid}").exists():
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"nothing listens on port {port}")


def wait_for_path(path: Path) -> None:
    """Returns once the socket file is there.  Raises RuntimeError when that takes too long."""
    until = time.monotonic() + LONGEST_START_S
    while not path.exists():
        if time.monotonic() > until:
            raise RuntimeError(f"{path} did not appear")
        time.sleep(0.05)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def need(program: str, package: str) -> str:
    """Where a program lies.  Raises RuntimeError when the Debian package is missing."""
    found = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/usr/lib/cgi-bin")
    if found is None:
        raise RuntimeError(f"{program} is missing: apt-get install {package}")
    return found


# --- what processes cost ---------------------------------------------------------------------------------------------


def family(pids: list[int]) -> list[int]:
    """The processes and all that they started."""
    found, waiting = [], list(pids)
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            waiting += [int(child) for child in read_or_nothing(children).split()]
    return found


def cpu_s(pid: int) -> float:
    """User and system time of a process; 0 when it is gone."""
    fields = read_or_nothing(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK") if fields else 0.0


def wanted_s(pid: int) -> float:
    """Time on a processor and in the queue for one, of the threads that live."""
    said = (read_or_nothing(path).split() for path in Path(f"/proc/{pid}/task").glob("*/schedstat"))
    return sum(int(fields[0]) + int(fields[1]) for fields in said if fields) / 1e9


def memory_mb(pid: int, kind: str = "Pss") -> float:
    """Proportional set size, or that kind of it; 0 when the process is gone."""
    lines = read_or_nothing(Path(f"/proc/{pid}/smaps_rollup")).splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(f"{kind}:")) / 1024


def read_or_nothing(path: Path) -> str:
    """A file below /proc, whose process may end at any time."""
    try:
        return path.read_text()
    except OSError:
        return ""
