"""What an operator sees of the running service: metrics for Prometheus and a log that gives nothing away.

Metrics live in one value per app with a registry of its own.  The log names services, jobs and reference numbers.  Free text (``reason``,
tracebacks, a dying worker's last words) may hold file paths: above debug level every absolute path in it is cut to its last name.
Credentials are hidden at every level.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any, TextIO

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from structlog.typing import Processor

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)

FREE_TEXT = frozenset({"reason", "exception", "words", "stack"})
CREDENTIALS = frozenset({"token", "authorization", "cookie", "password", "secret", "key"})
_PATH = re.compile(r"(?<![\w/.:])(?:/[^\s/\"'<>|:;,()]+)+/([^\s/\"'<>|:;,()]+)")
_TOKEN = re.compile(r"((?:token|signature|sig|key)=)[^&\s\"']+", re.IGNORECASE)


# --- metrics ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Metrics:
    """Counts of one app.

    Labels have few values, and none names a service, a job or a person: kind (of plan), outcome (``ok`` or an error's code), cache, cause,
    code (of an error), store, doing (read or write).
    """

    registry: CollectorRegistry
    drawings: Counter
    drawing_seconds: Histogram
    queue_length: Gauge
    workers_ready: Gauge
    worker_restarts: Counter
    cache_hits: Counter
    cache_misses: Counter
    store_faults: Counter
    store_damaged: Counter
    store_up: Gauge
    refusals: Counter
    pictures_served: Counter
    pixels_served: Counter
    audit_lines: Counter
    audit_failing: Gauge


def make_metrics() -> Metrics:
    """Metrics at zero, in a registry of their own."""
    registry = CollectorRegistry()
    return Metrics(
        registry=registry,
        drawings=Counter("rendermap_plans", "Plans given to workers.", ("kind", "outcome"), registry=registry),
        drawing_seconds=Histogram(
            "rendermap_plan_seconds",
            "From asking the workers to their answer, queue included.",
            ("kind",),
            registry=registry,
            buckets=SECONDS,
        ),
        queue_length=Gauge("rendermap_queue_length", "Plans waiting for a worker.", registry=registry),
        workers_ready=Gauge("rendermap_workers_ready", "Workers that can be asked.", registry=registry),
        worker_restarts=Counter("rendermap_worker_restarts", "Workers replaced.", ("cause",), registry=registry),
        cache_hits=Counter("rendermap_cache_hits", "Answers that were there already.", ("cache",), registry=registry),
        cache_misses=Counter("rendermap_cache_misses", "Answers that were not there.", ("cache",), registry=registry),
        store_faults=Counter("rendermap_store_faults", "Faults of a store of pictures.", ("store", "doing"), registry=registry),
        store_damaged=Counter("rendermap_store_damaged", "Kept pictures that were not as they were put.", ("store",), registry=registry),
        store_up=Gauge("rendermap_store_up", "1 while a store of pictures is used.", ("store", "doing"), registry=registry),
        refusals=Counter("rendermap_refusals", "Answers that were errors.", ("code",), registry=registry),
        pictures_served=Counter("rendermap_pictures_served", "Pictures given, cached or not.", registry=registry),
        pixels_served=Counter("rendermap_pixels_served", "Pixels in pictures given.", registry=registry),
        audit_lines=Counter("rendermap_audit_lines", "Lines of the audit log.", ("outcome",), registry=registry),
        audit_failing=Gauge("rendermap_audit_failing", "1 while the audit log cannot be written.", registry=registry),
    )


def exposition(metrics: Metrics) -> tuple[bytes, str]:
    """(body, media type) for Prometheus."""
    return generate_latest(metrics.registry), CONTENT_TYPE_LATEST


# --- log -------------------------------------------------------------------------------------------------------------


def configure_logging(*, json: bool, level: str = "info", stream: TextIO | None = None) -> None:
    """Set structlog up for the process.  json: one object per line, else for people.  stream: standard error when None.

    Raises ValueError when there is no such level.
    """
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ValueError(f"there is no log level {level!r}")
    out = stream or sys.stderr
    processors: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        hide_credentials,
    ]
    if number > logging.DEBUG:
        processors.append(hide_paths)
    processors.append(structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=out.isatty()))
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(number),
        # standard error as it is when a line is written, not as it was when the log was set up
        logger_factory=lambda *_: structlog.PrintLogger(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )


def hide_credentials(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Values named like a credential, and tokens inside addresses, become ``***``."""
    for name, value in event.items():
        if name.lower() in CREDENTIALS:
            event[name] = "***"
        elif isinstance(value, str):
            event[name] = _TOKEN.sub(r"\1***", value)
    return event


def hide_paths(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Absolute paths inside free text keep only their last name."""
    for name in FREE_TEXT & event.keys():
        if isinstance(event[name], str):
            event[name] = _PATH.sub(r"…/\1", event[name])
    return event
