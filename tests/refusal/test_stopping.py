"""A service told to stop answers what it was asked, says that it is leaving, and leaves with status 0; restarts lose nothing."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from rendermap import assembly
from rendermap.assembly import build
from rendermap.settings import Settings
from tests.builders.hosted import connect, get, hosted, read_all
from tests.builders.pools import misbehaving
from tests.builders.served import Served, served, serving, tiles_over
from tests.builders.whole_service import lay_out

FRAME = "bbox=0,0,1000,1000&size=100,100&f=image"
CLIENTS = 6


def stop(running: Served) -> float:
    """SIGTERM; the seconds until it has left, which it must with status 0."""
    began = time.monotonic()
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(60) == 0
    return time.monotonic() - began


def exports(job_id: str, dpi: int) -> str:
    """The address of a picture; of another one for every dpi."""
    return f"/arcgis/rest/services/Hydrology/FloodDepth/MapServer/jobs/{job_id}/export?{FRAME}&dpi={dpi}"


def test_what_was_asked_before_is_answered_and_nobody_is_sent_there_any_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One drawing runs and one waits when the signal comes: both are delivered.  Meanwhile it says not ready, and closes connections."""
    monkeypatch.setattr(assembly, "program_of", lambda _: misbehaving("sleepy:1.5"))
    job_id = lay_out(tmp_path)
    assembled = build(Settings(jobs=(tmp_path / "jobs",), services=tmp_path / "services", workers=1))
    with ExitStack() as clients:
        with hosted(assembled) as port:
            drawn = clients.enter_context(closing(connect(port, get(exports(job_id, 96)))))
            time.sleep(0.4)
            waiting = clients.enter_context(closing(connect(port, get(exports(job_id, 192)))))
            kept = clients.enter_context(closing(connect(port, get("/health/ready"))))
            assert kept.recv(1 << 16).startswith(b"HTTP/1.1 200")
            time.sleep(0.2)
            began = time.monotonic()
            threading.Timer(0.4, ask_while_it_stops, (port, kept, said := [])).start()
        assert time.monotonic() - began < 6
        for client in (drawn, waiting):
            answer = read_all(client)
            assert answer.startswith(b"HTTP/1.1 200") and answer.endswith(b"a picture") and b"connection: close" in answer
        ready, alive = said
        assert ready.startswith(b"HTTP/1.1 503") and json.loads(ready.partition(b"\r\n\r\n")[2])["reasons"] == [
            "the service is shutting down"
        ]
        assert alive.startswith(b"HTTP/1.1 200") and b"connection: close" in ready and b"connection: close" in alive
        with pytest.raises(ConnectionError):
            connect(port)


def ask_while_it_stops(port: int, kept: object, said: list[bytes]) -> None:
    """On a connection from before, and on a new one."""
    kept.sendall(get("/health/ready"))  # type: ignore[attr-defined]
    said.append(read_all(kept))  # type: ignore[arg-type]
    with closing(connect(port, get("/health/live"))) as client:
        said.append(read_all(client))


def test_a_drawing_that_does_not_end_in_time_is_told_to_come_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The grace is kept: whoever still waits hears 503 and when to come again, in the words of the protocol, and the service leaves."""
    monkeypatch.setattr(assembly, "program_of", lambda _: misbehaving("sleepy:30"))
    job_id = lay_out(tmp_path)
    assembled = build(Settings(jobs=(tmp_path / "jobs",), services=tmp_path / "services", workers=1, grace_s=3))
    with ExitStack() as clients:
        with hosted(assembled) as port:
            paths = (exports(job_id, 96).replace("f=image", "f=json"), f"/xyz/Hydrology/FloodDepth/jobs/{job_id}/tiles/0/0/0.png")
            waiting = [clients.enter_context(closing(connect(port, get(path)))) for path in paths]
            time.sleep(0.4)
            began = time.monotonic()
        assert time.monotonic() - began < 5
        esri, tile = map(read_all, waiting)
        assert json.loads(esri.partition(b"\r\n\r\n")[2])["error"]["code"] == 503
        assert tile.startswith(b"HTTP/1.1 503") and b"retry-after" in tile


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="finds the workers in /proc")
def test_a_restart_under_load_loses_no_request(tmp_path: Path) -> None:
    """Clients who find nobody at the door come again; whoever was let in is answered, whole and rightly, across three restarts."""
    with served(tmp_path) as first:
        wanted = {path: first.get(path)[1] for path in tiles_over(first)[:40]}
        port, job_id = first.port, first.job_id
        tally, is_over = Counter[str](), threading.Event()
        clients = [threading.Thread(target=ask_on, args=(port, wanted, tally, is_over)) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        time.sleep(1)
        assert stop(first) < 10
    for _ in range(2):
        with serving(tmp_path, job_id, "--port", str(port)) as again:
            again.await_ready()
            time.sleep(1)
            assert stop(again) < 10
    is_over.set()
    for client in clients:
        client.join(30)
    assert tally["right"] > 100 and set(tally) <= {"right", "nobody at the door"}, tally


def ask_on(port: int, wanted: dict[str, bytes], tally: Counter[str], is_over: threading.Event) -> None:
    """One request per connection, one after the other."""
    paths = list(wanted)
    for number in range(1 << 20):
        if is_over.is_set():
            return
        path = paths[number % len(paths)]
        tally[outcome(port, path, wanted[path])] += 1


def outcome(port: int, path: str, wanted: bytes) -> str:
    """``right``, ``nobody at the door``, or what went wrong."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.connect()
    except ConnectionRefusedError:
        time.sleep(0.05)
        return "nobody at the door"
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        return "right" if answer.status == 200 and body == wanted else f"{answer.status}, {len(body)} bytes"
    except (OSError, http.client.HTTPException) as error:
        return repr(error)
    finally:
        connection.close()


@pytest.mark.slow
@pytest.mark.parametrize("wait_s", [0.0, 0.2, 0.5])
def test_a_service_that_is_still_starting_leaves_at_once(tmp_path: Path, wait_s: float) -> None:
    """From the moment it has its port: no worker is waited for, none stays behind, nor any file."""
    with serving(tmp_path, lay_out(tmp_path)) as running:
        time.sleep(wait_s)
        assert stop(running) < 5
    assert not running.workers() and not list(tmp_path.glob("rendermap-scratch-*"))


@pytest.mark.slow
def test_workers_that_never_get_ready_do_not_keep_it(tmp_path: Path) -> None:
    """A service whose workers hang while they start can be told to stop all the same."""
    lay_out(tmp_path)
    program, root = [sys.executable, "-c", HANGING, str(tmp_path)], Path(__file__).parents[2]
    with subprocess.Popen(program, cwd=root, stdout=subprocess.PIPE, env={**os.environ, "TMPDIR": str(tmp_path)}) as process:
        assert process.stdout and any(b"viewer" in line for line in process.stdout)
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


HANGING = """
import sys
from pathlib import Path
from rendermap import assembly
from rendermap.hosting import run_server
from rendermap.settings import Settings
from tests.builders.pools import misbehaving
assembly.program_of = lambda _: misbehaving("mute")
folder = Path(sys.argv[1])
run_server(Settings(jobs=(folder / "jobs",), services=folder / "services", port=0, workers=1))
"""
