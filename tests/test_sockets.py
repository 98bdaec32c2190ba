"""A port is taken before anything is started, and given up without a loss to whoever stands before it."""

from __future__ import annotations

import resource
import socket
import subprocess
import sys
from contextlib import ExitStack, closing

import pytest

from rendermap.sockets import open_listener, refuse_newcomers


def test_a_port_in_use_is_known_at_once() -> None:
    """Before anybody listens on it."""
    with closing(open_listener("127.0.0.1", 0)) as first:
        first.listen()
        with pytest.raises(OSError, match="in use"):
            open_listener("127.0.0.1", first.getsockname()[1])


@pytest.mark.skipif(sys.platform != "linux", reason="filters of sockets are Linux's")
def test_whoever_is_at_the_door_is_let_in_and_nobody_after() -> None:
    """Connections that the kernel has made and nobody has taken yet are all served; a new one is not made any more."""
    with closing(open_listener("127.0.0.1", 0)) as listener, ExitStack() as clients:
        listener.listen(20)
        early = [clients.enter_context(socket.create_connection(listener.getsockname())) for _ in range(10)]
        refuse_newcomers(listener)
        with pytest.raises(TimeoutError):
            socket.create_connection(listener.getsockname(), timeout=0.2)
        for client in early:
            client.sendall(b"question")
            with closing(listener.accept()[0]) as served:
                assert served.recv(100) == b"question"
                served.sendall(b"answer")
        assert [client.recv(100) for client in early] == [b"answer"] * 10


@pytest.mark.skipif(resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 300, reason="this machine does not let us open files")
def test_the_limit_of_open_files_is_raised_to_what_is_allowed() -> None:
    """From the soft limit to the hard one, and no further."""
    script = "import resource; from rendermap.sockets import allow_files; print(allow_files(), *resource.getrlimit(resource.RLIMIT_NOFILE))"
    limited = ["sh", "-c", 'ulimit -S -n 200 && ulimit -H -n 300 && exec "$@"', "sh", sys.executable, "-c", script]
    assert subprocess.run(limited, capture_output=True, text=True, check=True).stdout.split() == ["300", "300", "300"]
