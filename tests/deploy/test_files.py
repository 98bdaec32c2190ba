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

from rendermap.broker import BROKER
from rendermap.dispatch.scratch import COPIES_BYTES
from rendermap.limits import COPY_BYTES
from rendermap.settings import Settings, read_settings
from tests.builders.nginx import PROGRAM, needs_nginx, write_configuration

DEPLOY = Path(__file__).parents[2] / "deploy"
KEY = "the same for all replicas"
UNIT = DEPLOY / "systemd" / "rendermap@.service"
OVERRIDE = DEPLOY / "systemd" / "rendermap@workers.service.d" / "workers.conf"
PLACEHOLDERS = {"%i": "8081"}
SERVING_MB = 512
"""Of the serving process, with room."""


def manifests() -> list[dict[str, Any]]:
    """Every Kubernetes object."""
    files = sorted(file for file in (DEPLOY / "kubernetes").glob("*.yaml") if file.stem != "kustomization")
    return [found for file in files for found in yaml.safe_load_all(file.read_text())]


def of_kind(kind: str, name: str = "rendermap") -> dict[str, Any]:
    """The one Kubernetes object of this kind and name."""
    (found,) = (each for each in manifests() if (each["kind"], each["metadata"]["name"]) == (kind, name))
    return found


def compose() -> dict[str, Any]:
    """The compose file, its anchors followed."""
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return loaded


def replicas() -> dict[str, dict[str, Any]]:
    """The compose file's services that run rendermap for others: replicas, and what draws beforehand."""
    return {name: service for name, service in compose()["services"].items() if name.startswith(("rendermap", "workers"))}


def pod(name: str) -> dict[str, Any]:
    """What the pods of a deployment are."""
    spec: dict[str, Any] = of_kind("Deployment", name)["spec"]["template"]["spec"]
    return spec


def pod_environment(spec: dict[str, Any]) -> dict[str, str]:
    """That of its one container, the secret as it might be."""
    (container,) = spec["containers"]
    assert container["envFrom"] == [{"configMapRef": {"name": "rendermap"}}]
    return {**of_kind("ConfigMap")["data"], **{each["name"]: each.get("value", KEY) for each in container["env"]}}


def unit_lines() -> list[tuple[str, str]]:
    """(key, value) of the unit, in order."""
    pairs = (line.partition("=") for line in UNIT.read_text().splitlines() if not line.startswith("#") and "=" in line)
    return [(key, value) for key, _, value in pairs]


def environments() -> Iterator[tuple[str, dict[str, str]]]:
    """(where, environment) of every replica and drawing machine that is started somewhere, secrets left as they stand."""
    for name, service in replicas().items():
        yield name, service["environment"]
    yield "kubernetes", pod_environment(pod("rendermap"))
    yield "kubernetes-workers", pod_environment(pod("rendermap-workers"))
    yield "systemd", dict(value.split("=", 1) for key, value in unit_lines() if key == "Environment")


def mount_targets(spec: dict[str, Any]) -> dict[str, tuple[str, bool]]:
    """By claim: (where it is mounted, read-only)."""
    claims = {each["name"]: each["persistentVolumeClaim"]["claimName"] for each in spec["volumes"] if "persistentVolumeClaim" in each}
    mounts = spec["containers"][0]["volumeMounts"]
    return {claims[each["name"]]: (each["mountPath"], each.get("readOnly", False)) for each in mounts if each["name"] in claims}


def test_every_setting_that_is_named_is_one() -> None:
    """In files and in comments alike."""
    known = {f"RENDERMAP_{name.upper()}" for name in Settings.model_fields} | {BROKER}
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
    if where == "kubernetes-workers":
        return float(pod("rendermap-workers")["terminationGracePeriodSeconds"])
    if where == "kubernetes":
        spec = pod("rendermap")
        (container,) = spec["containers"]
        return float(spec["terminationGracePeriodSeconds"]) - float(container["lifecycle"]["preStop"]["exec"]["command"][-1])
    told = dict(unit_lines())["TimeoutStopSec"] if where == "systemd" else compose()["services"][where]["stop_grace_period"]
    return float(told.removesuffix("s"))


def test_no_key_is_written_down() -> None:
    """Nobody runs with a key that everybody can read here, and applying the files anew leaves the key as it is."""
    assert not [each for each in manifests() if each["kind"] == "Secret"]
    assert "secretKeyRef" in str(pod("rendermap")) and "RENDERMAP_SECRET_KEY:?" in (DEPLOY / "compose.yaml").read_text()


@pytest.mark.parametrize("setting", ["RENDERMAP_SERVICES", "RENDERMAP_ACCESS"])
def test_services_and_the_access_folder_are_the_operators_own(setting: str) -> None:
    """However rendermap is started, it reads them where they are mounted, and cannot write them."""
    for name, service in replicas().items():
        assert any(volume.endswith(f"}}:{service['environment'][setting]}:ro") for volume in service["volumes"]), name
    for name in ("rendermap", "rendermap-workers"):
        assert (pod_environment(pod(name))[setting], True) in mount_targets(pod(name)).values()
    told = dict(environments())["systemd"]
    assert told[setting].startswith("/etc/") and not [line for line in unit_lines() if line[0] == "ReadWritePaths"]


def test_the_desk_writes_what_the_replicas_read() -> None:
    """People, keys and links are written at the operator's desk, into the very folder of the replicas."""
    desk = of_kind("Pod", "rendermap-desk")["spec"]
    read, written = mount_targets(pod("rendermap"))["rendermap-access"], mount_targets(desk)["rendermap-access"]
    assert (read[0], False) == written and read[1]
    volumes = compose()["services"]["desk"]["volumes"]
    assert [volume for volume in volumes if volume.startswith("${ACCESS}")] == ["${ACCESS}:/opt/rendermap/access"]


def test_orders_have_a_broker_that_forgets_nothing() -> None:
    """Pictures may make room for others, orders may not; both ends mean the same broker, which is not where pictures lie."""
    services = compose()["services"]
    machines = [services["workers"]["environment"], services["desk"]["environment"], pod_environment(pod("rendermap-workers"))]
    assert {told[BROKER] for told in machines} == {"redis://broker:6379/0"} and BROKER not in services["rendermap-1"]["environment"]
    for command in (services["broker"]["command"], pod("broker")["containers"][0]["args"]):
        assert command[command.index("--maxmemory-policy") + 1] == "noeviction"
    assert services["workers"]["command"] == pod("rendermap-workers")["containers"][0]["command"] == ["rendermap", "prerender-worker"]


def test_the_image_can_do_what_it_is_started_for() -> None:
    """Celery is installed into it, and every pod runs one image, named for the operator to fill in."""
    assert "make run workers " in (DEPLOY.parent / "Dockerfile").read_text()
    specs = [pod("rendermap"), pod("rendermap-workers"), of_kind("Pod", "rendermap-desk")["spec"]]
    assert {spec["containers"][0]["image"] for spec in specs} == {"registry.example.org/rendermap:RELEASE"}


def test_memory_adds_up() -> None:
    """The bound from outside is above all that rendermap bounds itself, so that rendermap acts, on one drawing and not on all."""
    given = {name: float(service["mem_limit"].removesuffix("g")) * 1024 for name, service in replicas().items()}
    given["systemd"] = float(dict(unit_lines())["MemoryMax"].removesuffix("G")) * 1024
    for where, name in (("kubernetes", "rendermap"), ("kubernetes-workers", "rendermap-workers")):
        given[where] = float(pod(name)["containers"][0]["resources"]["limits"]["memory"].removesuffix("Gi")) * 1024
    for where, told in environments():
        # the one that prepares datasets has the bound of a worker
        processes = int(told["RENDERMAP_WORKERS"]) + 1
        cache_mb = Settings.model_fields["cache_mb"].default
        assert processes * int(told["RENDERMAP_MEMORY_LIMIT_MB"]) + cache_mb + SERVING_MB <= given[where], where


def test_jobs_are_read_only_everywhere() -> None:
    """However rendermap is started, it cannot write where the jobs lie."""
    assert len(replicas()) == 4
    for service in replicas().values():
        assert service["read_only"] and service["volumes"][0].endswith("/jobs:ro")
    for name in ("rendermap", "rendermap-workers"):
        assert mount_targets(pod(name))["rendermap-jobs"] == ("/opt/rendermap/data/jobs", True)
    lines = dict(unit_lines())
    assert lines["ProtectSystem"] == "strict" and lines["ReadOnlyPaths"] in dict(environments())["systemd"].values()


def test_copies_of_data_have_room_on_a_disk() -> None:
    """A pod is not ended for what rendermap keeps within its own bound, and memory is not filled with it."""
    (scratch,) = (each for each in of_kind("Deployment")["spec"]["template"]["spec"]["volumes"] if each["name"] == "scratch")
    assert (
        int(scratch["emptyDir"]["sizeLimit"].removesuffix("Gi")) << 30 >= COPIES_BYTES + COPY_BYTES.value
        and "medium" not in scratch["emptyDir"]
    )
    assert all("/tmp" in service["volumes"] and "tmpfs" not in service for service in replicas().values())


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
    for name in ("valkey", "broker"):
        assert of_kind("Service", name)["spec"]["selector"] == of_kind("Deployment", name)["spec"]["template"]["metadata"]["labels"]


def test_nginx_asks_the_replicas_there_are() -> None:
    """Those of the compose file by their names, those of systemd by the ports its unit is to be enabled with."""
    asked = {file.stem: re.findall(r"server (\S+)", file.read_text()) for file in (DEPLOY / "nginx" / "replicas").iterdir()}
    assert asked["compose"] == [f"{name}:8080" for name in replicas() if name != "workers"]
    assert asked["systemd"] == [f"127.0.0.1:{port}" for port in re.findall(r"rendermap@(\d+)", UNIT.read_text())]
    assert any(volume.startswith("./nginx/replicas/compose.conf:") for volume in compose()["services"]["nginx"]["volumes"])


@needs_nginx
def test_nginx_takes_its_configuration(tmp_path: Path) -> None:
    """As nginx says itself."""
    written = write_configuration(tmp_path, port=8079, replicas=(8081, 8082, 8083))
    done = subprocess.run([str(PROGRAM), "-t", "-p", str(tmp_path), "-c", str(written)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
@pytest.mark.parametrize("instance", ["8081", "workers"])
def test_systemd_takes_its_unit(tmp_path: Path, instance: str) -> None:
    """As systemd says itself; the program is one that is here."""
    for file in (UNIT, OVERRIDE):
        written = tmp_path / file.relative_to(UNIT.parent)
        written.parent.mkdir(exist_ok=True)
        written.write_text(file.read_text().replace("/opt/rendermap/venv/bin/rendermap", sys.executable))
    told = {**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"}
    named = str(tmp_path / UNIT.name.replace("@", f"@{instance}"))
    Path(named).symlink_to(tmp_path / UNIT.name)
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", named], capture_output=True, text=True, env=told)
    assert (done.returncode, done.stderr) == (0, "")
