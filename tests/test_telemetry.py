"""Metrics belong to one app, and none names a service, a job or a person."""

from __future__ import annotations

from dataclasses import fields

from prometheus_client.metrics import MetricWrapperBase

from rendermap.telemetry import exposition, make_metrics

LABELS = {"kind", "outcome", "cache", "cause", "code", "store", "doing"}


def test_two_apps_count_for_themselves() -> None:
    """There is no registry of the module."""
    ours, theirs = make_metrics(), make_metrics()
    ours.worker_restarts.labels("crash").inc()
    body, media_type = exposition(ours)
    assert b'rendermap_worker_restarts_total{cause="crash"} 1.0' in body and media_type.startswith("text/plain")
    assert b"crash" not in exposition(theirs)[0]


def test_labels_are_words_of_ours() -> None:
    """Whoever reads the metrics learns of no job, and nobody outside can add a value to a label."""
    metrics = make_metrics()
    found = (getattr(metrics, field.name) for field in fields(metrics))
    assert {label for metric in found if isinstance(metric, MetricWrapperBase) for label in metric._labelnames} == LABELS
