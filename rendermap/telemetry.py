"""What an operator counts in the running service: metrics for Prometheus, in one value per app with a registry of its own."""

from __future__ import annotations

from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


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
