"""The program that workers come from: it has in memory what all of them need, once for all, and becomes one in milliseconds.

Started by name (``python -m rendermap.render.nursery LIMIT SCRATCH [READABLE...]``, as for `worker`) with a socket as standard input.
It opens no dataset of a job and starts no thread: a fork of it is as good as a new program.
"""

from __future__ import annotations

import rendermap.render.worker as program  # isort: skip

import contextlib
import ctypes
import gc
import os
import signal
import socket
import traceback
from select import select

import numpy.ma  # noqa: F401  NumPy brings it up when the first median is asked for

from rendermap.dispatch.birth import BORN, ENDED, EVENT, MAX_ORDER_BYTES
from rendermap.dispatch.secrecy import hide_memory, show_memory
from rendermap.render.confinement import PR_SET_PDEATHSIG
from rendermap.render.engine import use_room
from rendermap.render.readiness import warm_up_program


def main() -> None:
    """Bear workers for as long as the service lives."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    # who takes over a worker must not get at those that are still to come
    hide_memory()
    bell, rope = socket.socketpair()
    rope.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(rope.fileno())
    warm_up_program()
    gc.collect()
    gc.freeze()
    tend(program.take_wire(), bell, rope)


def tend(service: socket.socket, bell: socket.socket, rope: socket.socket) -> None:
    """Fork whom the service asks for, and tell it who has ended, until it is gone.  bell: rings at the end of a worker."""
    while True:
        ready, _, _ = select([service, bell], [], [])
        if bell in ready:
            bell.recv(MAX_ORDER_BYTES)
            bury(service)
        if service in ready:
            order = receive_order(service)
            if order is None:
                return
            bear(order, (service, bell, rope))


def receive_order(service: socket.socket) -> tuple[str, list[int]] | None:
    """The room of a worker, and its wire and its output; None when nobody orders any more."""
    room, ends, _, _ = socket.recv_fds(service, MAX_ORDER_BYTES, 2)
    return (os.fsdecode(room), ends) if room else None


def bear(order: tuple[str, list[int]], ours: tuple[socket.socket, ...]) -> None:
    """One more worker.  ours: what only the nursery talks through, the service first."""
    room, ends = order
    if os.fork():
        for end in ends:
            os.close(end)
        return
    status = 1
    try:
        leave(ours, room, ends)
        program.main()
        status = 0
    except SystemExit as leaving:
        status = leaving.code if isinstance(leaving.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def leave(ours: tuple[socket.socket, ...], room: str, ends: list[int]) -> None:
    """Be a program of one's own: with nothing of the nursery's open, and in a session that is killed with all that it starts."""
    os.setsid()
    ours[0].send(EVENT.pack(BORN, os.getpid(), 0))
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for end in ours:
        end.close()
    wire, output = ends
    for descriptor, standard in ((wire, 0), (output, 1), (output, 2)):
        os.dup2(descriptor, standard)
    for descriptor in ends:
        os.close(descriptor)
    use_room(room)
    show_memory()


def bury(service: socket.socket) -> None:
    """Tell of all that have ended how they did."""
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            service.send(EVENT.pack(ENDED, ended[0], os.waitstatus_to_exitcode(ended[1])))


if __name__ == "__main__":
    main()
