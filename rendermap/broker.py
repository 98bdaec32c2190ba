"""Celery as it is used here: for each kind of work one queue with one task, and nothing but text in it."""

from __future__ import annotations

import os
import socket
from typing import Any
from urllib.parse import urlsplit

from redis import Redis
from redis.exceptions import RedisError

from rendermap.errors import Broken, InvalidParameter

BROKER = "RENDERMAP_BROKER"
"""In the environment: a password is not for the command line, where every user of the machine can read it."""

DRAWINGS, JOBS = "rendermap-prerender", "rendermap-jobs"
"""What there is to do, which is the name of its queue and of its task."""

KEPT_S = 3600
"""How long orders that nobody takes, and reports that nobody reads, are kept."""

ANSWERS_WITHIN_S = 5
_SCHEMES = ("redis", "rediss")


def connect(url: str, work: str = DRAWINGS) -> Any:
    """Orders and reports by way of a Redis or Valkey.  work: of which kind.  Raises InvalidParameter, and Broken where nobody answers."""
    if urlsplit(url).scheme not in _SCHEMES:
        raise InvalidParameter("The broker is a Redis or Valkey, as redis://[user:password@]host[:port][/database].")
    try:
        # an extra, which few need
        from celery import Celery
    except ImportError:
        raise InvalidParameter("Celery is not installed: pip install 'rendermap[celery]'.") from None
    try:
        # Celery itself would try for long
        with Redis.from_url(url, socket_connect_timeout=ANSWERS_WITHIN_S, socket_timeout=ANSWERS_WITHIN_S) as client:
            client.ping()
    except (RedisError, OSError, ValueError) as error:
        raise Broken("The broker cannot be reached.", reason=type(error).__name__) from None
    app = Celery("rendermap", broker=url, backend=url, set_as_current=False)
    app.conf.update(
        accept_content=["json"],
        task_serializer="json",
        result_serializer="json",
        task_default_queue=work,
        task_acks_late=True,
        worker_prefetch_multiplier=1,
        result_expires=KEPT_S,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        # what was taken is no more at the broker: Kombu (5.7) would acknowledge it over a connection that may be gone, and the worker ends
        # of that; whoever ordered what is not done orders it again
        broker_transport_options={"ack_emulation": False, "socket_connect_timeout": ANSWERS_WITHIN_S, "socket_keepalive": True},
        redis_socket_timeout=10,
        redis_socket_connect_timeout=ANSWERS_WITHIN_S,
    )
    return app


def run_worker(app: Any, name: str, at_once: int) -> int:
    """Work off an app's orders until told to stop; the exit status.  name: the machine's and the process's are added to it."""
    from celery.signals import setup_logging

    # its lines go the way of all lines, past what hides credentials
    setup_logging.connect(_leave_logging, weak=False)
    _outlive_broker(app)
    host = f"{name}-{os.getpid()}@{socket.gethostname()}"
    worker = app.Worker(pool="threads", concurrency=at_once, hostname=host, without_gossip=True, without_mingle=True, quiet=True)
    worker.start()
    return int(worker.exitcode or 0)


def _outlive_broker(app: Any) -> None:
    """Kombu would give back what is being worked at when it loses the broker, over the connection that is gone."""
    from celery.bootsteps import StartStopStep

    class KeepTaken(StartStopStep):  # type: ignore[misc,unused-ignore]
        """On each connection anew."""

        requires = ("celery.worker.consumer.tasks:Tasks",)

        def start(self, consumer: Any) -> None:
            """Called when the connection is there."""
            consumer.connection.default_channel.do_restore = False

    app.steps["consumer"].add(KeepTaken)


def _leave_logging(**_: object) -> None:
    """Celery would set up its own."""
