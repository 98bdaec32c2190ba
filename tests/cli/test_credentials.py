"""The commands for credentials, and that what they make opens the service and what they take back does not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from rendermap.cli import app
from rendermap.jobs import manifest
from tests.builders.counted_service import CountedService, geojson

SERVICE = """
title = "Parcels"
[who]
view = ["user:anna", "key:portal", "group:planners"]
[[tasks]]
name = "Run"
[[tasks.parameters]]
name = "Parcels"
type = "GPFeatureRecordSetLayer"
direction = "output"
"""


@pytest.fixture
def service(tmp_path: Path) -> CountedService:
    return CountedService(tmp_path, {"Demo": SERVICE})


@pytest.fixture
def job_id(service: CountedService) -> str:
    with manifest.start(service.jobs, service="Demo", task="Run") as run:
        run.path("Parcels.geojson").write_text(geojson())
        run.output("Parcels", "%scratchworkspace%/Parcels.geojson")
    return run.job_id


def run(service: CountedService, *words: str, typed: str | None = None) -> Result:
    """The command with the service's folders."""
    folders = ["--access", str(service.access)]
    if words[0] == "link":
        folders += ["--jobs", str(service.jobs), "--services", str(service.jobs.parent / "services")]
    service.look_again()
    return CliRunner().invoke(app, [*words, *folders], input=typed)


def status(service: CountedService, address: str, **headers: str) -> int:
    """What an address answers."""
    service.look_again()
    return service.ask("GET", address, headers=headers).status_code


def test_a_link_opens_its_job_until_it_is_taken_back(service: CountedService, job_id: str) -> None:
    """All three addresses that are printed; strangers without it hear of no job; it is listed until then and after."""
    job = f"Demo/{job_id}"
    made = run(service, "link", job, "--layers", "0", "--finest-scale", "5000", "--note", "for the council")
    assert made.exit_code == 0, made.output
    addresses = re.findall(r"http://127\.0\.0\.1:8080(/links/\S+)", made.stdout)
    assert len(addresses) == 3
    assert [status(service, address) for address in addresses] == [200, 200, 200]
    assert status(service, f"/jobs/{job}") == 404
    [name] = re.findall(r"rendermap revoke (\S+)", made.stdout)
    assert re.search(rf"{name}  good .*{job}.*layers 0.*for the council", run(service, "links").stdout)
    assert run(service, "revoke", name).exit_code == 0
    assert "revoked" in run(service, "links").stdout
    told = service.ask("GET", addresses[1], params={"f": "json"}).json()
    assert [status(service, address) for address in (addresses[0], addresses[2])] == [404, 404] and told["error"]["code"] == 404


@pytest.mark.parametrize(
    "words",
    [
        ("--bbox=178,5,-178,20",),
        ("--bbox=-182,5,-178,20",),
        ("--bbox=19814869.4,557305.2572,20260147.3,2273030.92699", "--crs", "EPSG:3857"),
    ],
)
def test_a_link_says_what_part_of_the_earth_it_shows(service: CountedService, job_id: str, words: tuple[str, ...]) -> None:
    """The box that was given, across 180 degrees too, and in metres."""
    made = run(service, "link", f"Demo/{job_id}", *words)
    assert re.search(r"outside of 178(\.0+1)?, 5, 182, 20 degrees", made.stdout), made.output


def test_all_links_of_a_job_are_taken_back_at_once(service: CountedService, job_id: str) -> None:
    """Those made until now."""
    made = run(service, "link", f"Demo/{job_id}")
    [address] = re.findall(r"(/links/\S+tilejson\.json)", made.stdout)
    assert status(service, address) == 200
    assert run(service, "revoke", "--job", f"demo/{job_id}").exit_code == 0
    assert status(service, address) == 404


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--until", "2020-01-01"], "ended before it begins"),
        (["--until", "tomorrow"], "2026-12-31"),
        (["--days", "0"], "days must be"),
        (["--days", "nan"], "days must be"),
        (["--layers", "7"], "no such layer"),
        (["--bbox", "1,2"], "four finite numbers"),
        (["--finest-scale", "-1"], "more than 0"),
    ],
)
def test_a_link_that_cannot_be_is_not_made(service: CountedService, job_id: str, words: list[str], said: str) -> None:
    """And it is said why."""
    result = run(service, "link", f"Demo/{job_id}", *words)
    assert result.exit_code != 0 and said in " ".join(result.output.split()), result.output
    assert not (service.access / "links.json").exists()


def test_a_link_of_no_job_is_not_made(service: CountedService) -> None:
    """A typing mistake is told when the link is made, not when it is opened."""
    assert run(service, "link", "Demo/j0").exit_code == 1


def test_an_api_key_opens_what_it_is_named_for(service: CountedService, job_id: str) -> None:
    """It is told once, kept as a digest, listed by name, and closes with its removal."""
    address = f"/xyz/Demo/jobs/{job_id}/tilejson.json"
    key = run(service, "key", "portal").stdout.strip()
    assert status(service, address, **{"X-API-Key": key}) == 200
    assert key not in (service.access / "keys.json").read_text()
    assert "portal" in run(service, "key").stdout
    assert run(service, "key", "portal", "--remove").exit_code == 0
    assert status(service, address, **{"X-API-Key": key}) == 401
    assert run(service, "key", "portal", "--remove").exit_code == 1


def test_a_person_signs_in_with_a_password(service: CountedService, job_id: str) -> None:
    """And not with another; a short one is not taken; once removed, tokens end."""
    assert run(service, "user", "ben", "--group", "planners", typed="short\nshort\n").exit_code == 2
    assert run(service, "user", "ben", "--group", "planners", typed="correct horse\ncorrect horse\n").exit_code == 0
    assert "planners" in run(service, "user").stdout
    service.look_again()
    asked = {"username": "ben", "password": "correct horse", "f": "json"}
    token = service.ask("POST", "/arcgis/tokens/generateToken", data=asked).json()["token"]
    assert "error" in service.ask("POST", "/tokens/generateToken", data={**asked, "password": "wrong"}).json()
    assert "error" in service.get("/tokens/generateToken", **asked).json()
    address = f"/arcgis/rest/services/Demo/MapServer/jobs/{job_id}"
    assert "layers" in service.get(address, f="json", token=token).json()
    assert service.get(address, f="json").json()["error"]["code"] == 404
    assert service.get(address, f="json", token=token[:-1]).json()["error"]["code"] == 498
    assert run(service, "user", "ben", "--remove").exit_code == 0
    service.look_again()
    assert service.get(address, f="json", token=token).json()["error"]["code"] == 498
