"""What stands in deploy/ is what the programs it is for take, and says only settings that there are."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from rendermap.limits import COPY_BYTES
from rendermap.render.copy_store import FOLDER_LIMIT_BYTES
from rendermap.settings import Settings, SettingsInvalid, read_settings
from tests.builders.nginx import PROGRAM, needs_nginx, write_configuration

DEPLOY = Path(__file__).parents[2] / "deploy"
KEY = "the same for all replicas"
UNIT = DEPLOY / "systemd" / "rendermap@.service"
PLACEHOLDERS = {"%i": "8081"}


def manifests() -> list[dict[str, Any]]:
    """Every Kubernetes object."""
    return [found for file in sorted((DEPLOY / "kubernetes").glob("*.yaml")) for found in yaml.safe_load_all(file.read_text())]


def of_kind(kind: str, name: str = "rendermap") -> dict[str, Any]:
    """The one Kubernetes object of this kind and name."""
    (found,) = (each for each in manifests() if (each["kind"], each["metadata"]["name"]) == (kind, name))
    return found


def compose() -> dict[str, Any]:
    """The compose file, its anchors followed."""
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return loaded


def unit_lines() -> list[tuple[str, str]]:
    """(key, value) of the unit, in order."""
    pairs = (line.partition("=") for line in UNIT.read_text().splitlines() if not line.startswith("#") and "=" in line)
    return [(key, value) for key, _, value in pairs]


def environments() -> Iterator[tuple[str, dict[str, str]]]:
    """(where, environment) of every replica that is started somewhere, secrets left as they stand."""
    for name, service in compose()["services"].items():
        if name.startswith("rendermap"):
            yield name, service["environment"]
    (container,) = of_kind("Deployment")["spec"]["template"]["spec"]["containers"]
    yield "kubernetes", {each["name"]: each.get("value", KEY) for each in container["env"]}
    yield "systemd", dict(value.split("=", 1) for key, value in unit_lines() if key == "Environment")


def test_every_setting_that_is_named_is_one() -> None:
    """In files and in comments alike."""
    known = {f"RENDERMAP_{name.upper()}" for name in Settings.model_fields}
    files = [path for path in DEPLOY.rglob("*") if path.is_file()]
    named = {name for path in files for name in re.findall(r"RENDERMAP_[A-Z0-9_]*[A-Z0-9]", path.read_text())}
    assert len(files) >= 5 and "RENDERMAP_SECRET_KEY" in named and named <= known


@pytest.mark.parametrize(("where", "environment"), list(environments()), ids=lambda value: value if isinstance(value, str) else "")
def test_settings_are_taken(where: str, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each replica would start with what it is told, shares its pictures, and stops in the time it has."""
    for name, value in environment.items():
        monkeypatch.setenv(name, PLACEHOLDERS.get(value, value))
    monkeypatch.setenv("RENDERMAP_SECRET_KEY", KEY)
    settings = read_settings()
    assert settings.redis_url and settings.secret_key == (KEY,), where
    assert settings.grace_s < grace_given(where)


def grace_given(where: str) -> float:
    """Seconds before whoever started a replica kills it."""
    if where == "kubernetes":
        spec = of_kind("Deployment")["spec"]["template"]["spec"]
        (container,) = spec["containers"]
        return float(spec["terminationGracePeriodSeconds"]) - float(container["lifecycle"]["preStop"]["exec"]["command"][-1])
    told = dict(unit_lines())["TimeoutStopSec"] if where == "systemd" else compose()["services"][where]["stop_grace_period"]
    return float(told.removesuffix("s"))


def test_the_secret_that_is_written_down_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody runs with a key that everybody can read here."""
    monkeypatch.setenv("RENDERMAP_SECRET_KEY", of_kind("Secret")["stringData"]["secret_key"])
    with pytest.raises(SettingsInvalid, match="secret_key"):
        read_settings()


def test_jobs_are_read_only_everywhere() -> None:
    """However a replica is started, it cannot write where the jobs lie."""
    replicas = [service for name, service in compose()["services"].items() if name.startswith("rendermap")]
    assert len(replicas) == 3
    for service in replicas:
        assert service["read_only"] and service["volumes"][0].endswith("/jobs:ro")
    spec = of_kind("Deployment")["spec"]["template"]["spec"]
    assert {"name": "jobs", "mountPath": "/opt/rendermap/data/jobs", "readOnly": True} in spec["containers"][0]["volumeMounts"]
    lines = dict(unit_lines())
    assert lines["ProtectSystem"] == "strict" and lines["ReadOnlyPaths"] in dict(environments())["systemd"].values()


def test_copies_of_data_have_room_on_a_disk() -> None:
    """A pod is not ended for what rendermap keeps within its own bound, and memory is not filled with it."""
    (scratch,) = (each for each in of_kind("Deployment")["spec"]["template"]["spec"]["volumes"] if each["name"] == "scratch")
    assert (
        int(scratch["emptyDir"]["sizeLimit"].removesuffix("Gi")) << 30 >= FOLDER_LIMIT_BYTES + COPY_BYTES.value
        and "medium" not in scratch["emptyDir"]
    )
    replicas = [service for name, service in compose()["services"].items() if name.startswith("rendermap")]
    assert all("/tmp" in service["volumes"] and "tmpfs" not in service for service in replicas)


def test_kubernetes_finds_everything_by_its_name() -> None:
    """Services, budget and scaler mean the pods there are, probes ask addresses there are, and no variable of a Service is a setting."""
    template = of_kind("Deployment")["spec"]["template"]
    labels, spec = template["metadata"]["labels"], template["spec"]
    assert of_kind("Service")["spec"]["selector"] == labels == of_kind("PodDisruptionBudget")["spec"]["selector"]["matchLabels"]
    assert of_kind("HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]["name"] == of_kind("Deployment")["metadata"]["name"]
    (container,) = spec["containers"]
    assert container["livenessProbe"]["httpGet"]["path"] == "/health/live"
    assert container["readinessProbe"]["httpGet"]["path"] == container["startupProbe"]["httpGet"]["path"] == "/health/ready"
    assert spec["enableServiceLinks"] is False
    assert of_kind("Service", "valkey")["spec"]["selector"] == of_kind("Deployment", "valkey")["spec"]["template"]["metadata"]["labels"]


@needs_nginx
def test_nginx_takes_its_configuration(tmp_path: Path) -> None:
    """As nginx says itself."""
    written = write_configuration(tmp_path, port=8079, replicas=(8081, 8082, 8083))
    done = subprocess.run([str(PROGRAM), "-t", "-p", str(tmp_path), "-c", str(written)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_systemd_takes_its_unit(tmp_path: Path) -> None:
    """As systemd says itself; the program is one that is here."""
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/opt/rendermap/venv/bin/rendermap", sys.executable))
    told = {**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"}
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, env=told)
    assert (done.returncode, done.stderr) == (0, "")
