"""The scripts of the manual, run as they stand there against the demo's services."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from PIL import Image

from rendermap.demo.asking import run_task
from tests.builders.demo_tasks import STYLES, demo_tasks

PAGE = Path(__file__).parents[2] / "docs/scripts.md"

pytestmark = pytest.mark.slow


def test_the_scripts_of_the_manual_run_as_they_stand(tmp_path: Path) -> None:
    """Each is given the server's address and nothing else; so is the run of the demo itself."""
    scripts = dict(re.findall(r"^```python\n# (\w+\.py) [^\n]*\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL))
    assert list(scripts) == ["viewshed.py", "buffers.py"]
    with demo_tasks(tmp_path) as tasks:
        said = {name: said_by(name, text, tmp_path, tasks.url) for name, text in scripts.items()}
        assert run_task(tasks.url) is None
        assert "There is no such task." in (run_task(tasks.url, "Elevation/Viewshed/GPServer/Other") or "")
    assert re.search(r"Seen: \d+\.\d+ esriSquareKilometers\nFrom \d+\.\d+ m at -84\.20\d+ 36\.63\d+", said["viewshed.py"])
    with Image.open(tmp_path / "viewshed.png") as picture:
        assert picture.size == (800, 800)
    assert len(re.findall(r"^50\.\d+ square kilometres, \d+ corners, first \[-84\.", said["buffers.py"], re.MULTILINE)) == 2


def said_by(name: str, text: str, folder: Path, url: str) -> str:
    """What a script prints."""
    (folder / name).write_text(text)
    done = subprocess.run([sys.executable, "-I", name, url], cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def test_a_script_tells_why_nothing_came_of_it(tmp_path: Path) -> None:
    """A value that the task refuses is said in the server's words, and the script ends with a failure."""
    (text,) = re.findall(r"^```python\n# buffers.py [^\n]*\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    (tmp_path / "wrong.py").write_text(text.replace("esriMiles", "esriLightYears"))
    with demo_tasks(tmp_path, STYLES) as tasks:
        done = subprocess.run(
            [sys.executable, "-I", tmp_path / "wrong.py", tasks.url], capture_output=True, text=True, check=False, timeout=120
        )
    assert done.returncode == 1 and "'Distance'" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("busy", [1, 2])
def test_scripts_come_again_once_when_the_server_is_busy(busy: int, tmp_path: Path) -> None:
    """After as long as it says; a server that is busy then too is told of in its own words.  busy: answers of 503."""
    (text,) = re.findall(r"^```python\n# buffers.py [^\n]*\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    (tmp_path / "patient.py").write_text(text)
    asked: list[float] = []

    class Busy(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            asked.append(time.monotonic())
            is_busy = len(asked) <= busy
            self.send_response(503 if is_busy else 200)
            if is_busy:
                self.send_header("Retry-After", "1")
            self.end_headers()
            told = {"error": {"message": "Busy."}} if is_busy else {"messages": [{"description": "Done."}], "results": []}
            self.wfile.write(json.dumps(told).encode())

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Busy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        done = subprocess.run([sys.executable, "-I", tmp_path / "patient.py", url], capture_output=True, text=True, check=False, timeout=60)
        server.shutdown()
    assert (done.returncode, done.stdout + done.stderr) == ((0, "Done.\n") if busy == 1 else (1, "Busy.\n"))
    assert len(asked) == 2 and asked[1] - asked[0] >= 0.9
