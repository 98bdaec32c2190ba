"""What deploy/ adds where tasks run: jobs may be written, and machines run tools that are told nothing they need not know."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from rendermap.broker import BROKER
from rendermap.gp.engines.celery import CeleryEngine
from rendermap.gp.engines.engine import Site
from rendermap.services.service import Running
from rendermap.settings import read_settings
from tests.builders.redis_server import needs_redis, redis_server
from tests.builders.tooled import Workshop, lay_out_tools
from tests.deploy.test_files import DEPLOY, OVERRIDE, SERVING_MB, UNIT, compose, mount_targets, pod

JOBS_DIR = "/opt/rendermap/data/jobs"
SYSTEMD = DEPLOY / "systemd-tasks"
KUBECTL = shutil.which("kubectl")


def overlay() -> dict[str, Any]:
    """What the compose file is overlaid with."""
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.tasks.yaml").read_text())
    return loaded


def patches() -> dict[str, dict[str, Any]]:
    """By kind: what the Kubernetes objects are overlaid with."""
    written = yaml.safe_load((DEPLOY / "kubernetes-tasks" / "kustomization.yaml").read_text())["patches"]
    return {(patch := yaml.safe_load(each["patch"]))["kind"]: patch for each in written}


def worker_pod() -> dict[str, Any]:
    """What the pods that run tools are."""
    spec: dict[str, Any] = yaml.safe_load((DEPLOY / "kubernetes-tasks" / "job-workers.yaml").read_text())["spec"]["template"]["spec"]
    return spec


def lines(path: Path) -> dict[str, str]:
    """A systemd file's, by key; of a key the last."""
    return {key: value for key, _, value in (line.partition("=") for line in path.read_text().splitlines() if not line.startswith("#"))}


def machines() -> dict[str, tuple[list[str], dict[str, str]]]:
    """(command, environment) of what runs tools, by where."""
    told, (container,) = overlay()["services"]["job-workers"], worker_pod()["containers"]
    environment = {each["name"]: each["value"] for each in container["env"]}
    return {"compose": (told["command"], told["environment"]), "kubernetes": (container["command"], environment)}


def test_replicas_take_in_jobs_only_where_they_are_to() -> None:
    """The overlay mounts the jobs for writing, in the place of the mount that is read-only, and names the broker."""
    for name in (name for name in compose()["services"] if name.startswith("rendermap-")):
        added, base = overlay()["services"][name], compose()["services"][name]
        assert added["volumes"] == [f"${{JOBS}}:{JOBS_DIR}"] and base["volumes"][0].endswith(f":{JOBS_DIR}:ro")
        assert added["environment"] == {BROKER: "redis://broker:6379/0"}
    spec = patches()["Deployment"]["spec"]["template"]["spec"]
    (container,), (volume,) = spec["containers"], spec["volumes"]
    assert container["volumeMounts"] == [{"mountPath": JOBS_DIR, "readOnly": False}] and not volume["persistentVolumeClaim"]["readOnly"]
    assert mount_targets(pod("rendermap"))["rendermap-jobs"] == (JOBS_DIR, True)
    assert lines(SYSTEMD / "rendermap@.service.d" / "tasks.conf")["ReadWritePaths"] == lines(UNIT)["ReadOnlyPaths"]


@pytest.mark.parametrize("where", ["compose", "kubernetes"])
def test_machines_that_run_tools_know_no_secret(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """They have the jobs, the services and the broker; no key, no access folder, no store of pictures."""
    command, environment = machines()[where]
    assert command == ["rendermap", "job-worker", "--at-once", "2"] and environment[BROKER] == "redis://broker:6379/0"
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = read_settings()
    assert "RENDERMAP_ACCESS" not in environment and not (settings.secret_key or settings.redis_url or settings.cache_dir)


def test_machines_that_run_tools_mount_no_more_than_they_need() -> None:
    """Jobs for writing, services for reading, and room for temporary files."""
    assert [volume for volume in overlay()["services"]["job-workers"]["volumes"] if not volume.startswith("/tmp")] == [
        f"${{JOBS}}:{JOBS_DIR}",
        "${SERVICES}:/opt/rendermap/styles:ro",
    ]
    assert mount_targets(worker_pod()) == {"rendermap-jobs": (JOBS_DIR, False), "rendermap-services": ("/opt/rendermap/styles", True)}


def test_tools_have_the_memory_and_the_time_that_services_give_them() -> None:
    """As long as those have the defaults: what was begun is ended before the machine is stopped, and a tool is not ended too early."""
    told, spec, unit = overlay()["services"]["job-workers"], worker_pod(), lines(SYSTEMD / "rendermap@jobs.service.d" / "jobs.conf")
    graces = (told["stop_grace_period"].removesuffix("s"), spec["terminationGracePeriodSeconds"], unit["TimeoutStopSec"])
    assert all(float(grace) > Running().time_limit_s for grace in graces)
    limit = spec["containers"][0]["resources"]["limits"]["memory"]
    given = (told["mem_limit"].removesuffix("g"), limit.removesuffix("Gi"), unit["MemoryMax"].removesuffix("G"))
    assert all(float(gigabytes) * 1024 >= 2 * Running().memory_mb + SERVING_MB for gigabytes in given)
    assert unit["ExecStart"].endswith(" job-worker --at-once 2")


def test_the_broker_is_within_reach_of_both_and_pictures_are_not() -> None:
    """Tools share a network with the broker alone."""
    services = overlay()["services"]
    assert services["job-workers"]["networks"] == ["tasks"] and services["broker"]["networks"] == ["inside", "tasks"]
    assert [name for name, service in services.items() if "tasks" in service.get("networks", ())] == ["job-workers", "broker"]
    (rule,) = patches()["NetworkPolicy"]["spec"]["ingress"]
    allowed = rule["from"][0]["podSelector"]["matchExpressions"][0]["values"]
    assert set(allowed) == {"rendermap", "rendermap-workers", "rendermap-desk", "rendermap-job-workers"}


def test_the_image_has_what_the_tools_of_the_demo_need() -> None:
    """It is made with the argument that the Dockerfile takes, and is another than that of the replicas."""
    told = overlay()["services"]["job-workers"]
    assert (told["build"]["args"], told["image"]) == ({"INSTALL": "tools"}, "rendermap-tools")
    assert "make run workers $INSTALL " in (DEPLOY.parent / "Dockerfile").read_text()
    assert worker_pod()["containers"][0]["image"] == "registry.example.org/rendermap-tools:RELEASE"


@pytest.mark.skipif(KUBECTL is None, reason="kubectl is not here")
def test_kubernetes_takes_the_overlay() -> None:
    """As kubectl says itself: the pods are those of before, but may write jobs and know the broker."""
    assert KUBECTL
    laid = subprocess.run([KUBECTL, "kustomize", str(DEPLOY / "kubernetes-tasks")], capture_output=True, text=True, check=True).stdout
    objects = {(each["kind"], each["metadata"]["name"]): each for each in yaml.safe_load_all(laid)}
    spec = objects["Deployment", "rendermap"]["spec"]["template"]["spec"]
    before, after = mount_targets(pod("rendermap")), mount_targets(spec)
    assert after == {**before, "rendermap-jobs": (JOBS_DIR, False)}
    assert {each["name"] for each in spec["containers"][0]["env"]} == {BROKER, "RENDERMAP_SECRET_KEY"}
    assert objects["PersistentVolumeClaim", "rendermap-jobs"]["spec"]["accessModes"] == ["ReadWriteMany"]
    assert ("Deployment", "rendermap-job-workers") in objects


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
@pytest.mark.parametrize("instance", ["8081", "workers", "jobs"])
def test_systemd_takes_its_unit_with_what_is_added(tmp_path: Path, instance: str) -> None:
    """As systemd says itself; the program is one that is here."""
    for file, root in ((UNIT, UNIT.parent), (OVERRIDE, UNIT.parent), *((file, SYSTEMD) for file in SYSTEMD.rglob("*.conf"))):
        written = tmp_path / file.relative_to(root)
        written.parent.mkdir(exist_ok=True)
        written.write_text(file.read_text().replace("/opt/rendermap/venv/bin/rendermap", sys.executable))
    named = tmp_path / UNIT.name.replace("@", f"@{instance}")
    named.symlink_to(tmp_path / UNIT.name)
    told = {**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"}
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", str(named)], capture_output=True, text=True, env=told)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
@needs_redis
def test_a_machine_started_as_compose_starts_it_runs_jobs(tmp_path: Path) -> None:
    """There is no container: its folders become folders of the test, and its environment is all it has."""
    lay_out_tools(tmp_path / "styles", "def work():\n    return {'Area': 2.0}\n", {"Work": ""}, bounds='engine = "celery"\n')
    command, environment = machines()["compose"]
    with redis_server(tmp_path) as redis:
        here = {"redis://broker:6379/0": redis.url, "/opt/rendermap/styles": str(tmp_path / "styles")}
        told = {name: here.get(value, value) for name, value in environment.items()}
        program = [sys.executable, "-m", *command]
        machine = subprocess.Popen(program, cwd=DEPLOY.parent, env={**told, "RENDERMAP_JOBS": str(tmp_path / "jobs")})
        try:
            assert asyncio.run(_result(tmp_path, redis.url)) == "succeeded"
            machine.terminate()
            assert machine.wait(timeout=20) == 0
        finally:
            machine.kill()


async def _result(folder: Path, broker: str) -> str:
    workshop = Workshop(folder / "jobs", folder / "styles")
    workshop.engine = CeleryEngine(Site((workshop.jobs,), workshop.services.current, broker))  # type: ignore[assignment]
    await workshop.engine.start()
    try:
        return (await workshop.over(await workshop.submit("Work"))).status.value
    finally:
        await workshop.engine.stop()
