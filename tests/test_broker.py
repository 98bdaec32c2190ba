"""Workers of a real broker, which is restarted under them."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from rendermap.broker import DRAWINGS, connect
from tests.builders.redis_server import needs_redis, redis_server

AT_ONCE, PATIENCE_S = 2, 20.0
WORKER = f"""
import sys, time
from rendermap.broker import DRAWINGS, connect, run_worker
def work(number):
    print("begun", flush=True)
    time.sleep(1.0)
    return number
app = connect(sys.argv[1])
app.task(work, name=DRAWINGS)
sys.exit(run_worker(app, "test", {AT_ONCE}))
"""


@needs_redis
@pytest.mark.slow
def test_a_worker_outlives_its_broker_whatever_it_has_taken(tmp_path: Path) -> None:
    """With work for one or for all of its threads and more waiting: it ends none of it, and takes orders again."""
    with redis_server(tmp_path) as redis:
        worker = subprocess.Popen([sys.executable, "-c", WORKER, redis.url], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert worker.stdout
        try:
            for orders in (1, AT_ONCE + 1):
                for number in range(orders):
                    send(redis.url, number)
                for _ in range(min(orders, AT_ONCE)):
                    assert worker.stdout.readline() == "begun\n"
                redis.kill()
                redis.start()
                assert result(send(redis.url, 7), worker) == 7
                assert worker.stdout.readline() == "begun\n"
            worker.terminate()
            assert worker.wait(PATIENCE_S) == 0
        finally:
            worker.kill()
            worker.communicate()


def send(url: str, number: int) -> Any:
    """An order."""
    return connect(url).send_task(DRAWINGS, (number,))


def result(sent: Any, worker: subprocess.Popen[str]) -> Any:
    """What the worker makes of it; None where it has ended."""
    deadline = time.monotonic() + PATIENCE_S
    while not sent.ready() and worker.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    return sent.result if sent.ready() else None
