"""Pages that are opened with ``?token=``: whoever has no other way to say who they are can go on from there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import pytest

from rendermap.access import realm
from rendermap.access.passwords import hash_password
from rendermap.access.realm import User
from tests.builders.asked_service import AskedService, toml

HERE = "http://maps.example"
PLACES = {"href": ("a",), "src": ("img",)}


class _Page(HTMLParser):
    """leads: what its links and pictures lead to.  hidden: its hidden fields.  text: what people read on it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.leads: list[str] = []
        self.hidden: list[tuple[str, str]] = []
        self.text = ""
        self.feed(re.sub(r"<(style|script)\b.*?</\1>", "", text, flags=re.DOTALL))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        self.leads += [told[name] for name, tags in PLACES.items() if tag in tags and name in told]
        if tag == "input" and told.get("type") == "hidden":
            self.hidden.append((told["name"], told["value"]))
        elif "value" in told:
            self.text += told["value"]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> AskedService:
    """Where nobody sees anything without signing in."""
    folder = tmp_path_factory.mktemp("signed")
    realm.write_users(folder / "access", {"anna": User(password=hash_password("correct horse"))})
    (folder / "access" / "access.toml").write_text('sign_in = "required"\n')
    return AskedService(folder, {"Town/Demo": toml()})


@pytest.fixture(scope="module")
def token(service: AskedService) -> str:
    asked = {"username": "anna", "password": "correct horse", "f": "json"}
    given: str = service.ask("POST", "/arcgis/tokens/generateToken", data=asked).json()["token"]
    return given


def _pages_from(service: AskedService, start: str) -> Iterator[tuple[str, _Page]]:
    """Every page that clicking leads to, with what it leads to; every picture on them is there."""
    to_see, seen = [start], {start}
    while to_see:
        address = to_see.pop()
        answer = service.get(address)
        assert answer.status_code == 200 and '"error"' not in answer.text[:12], (address, answer.text[:300])
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        assert answer.headers["referrer-policy"] == "no-referrer" and "no-store" in answer.headers["cache-control"], address
        page = _Page(answer.text)
        yield address, page
        ours = {lead.removeprefix(HERE) for lead in page.leads if not lead.startswith(("data:", "?", "#", "/static/"))}
        assert all(lead.startswith("/") for lead in ours), ours
        to_see += ours - seen
        seen |= ours


def test_pages_of_the_services_directory(service: AskedService, token: str) -> None:
    """Each link and picture carries the token on, so all of them work; nothing that people read and copy has it."""
    paths = set()
    for address, page in _pages_from(service, f"/arcgis/rest/services?token={token}"):
        assert token not in page.text
        path = urlsplit(address).path
        if path.startswith("/arcgis/rest/services"):  # the viewer's pages, to which they lead, have files that need none
            paths.add(path.removeprefix("/arcgis/rest/services"))
            assert page.leads and all(parse_qs(urlsplit(lead).query).get("token") == [token] for lead in page.leads if lead[:5] != "data:")
    of_map, of_task = "/Town/Demo/MapServer", "/Town/Demo/GPServer/Run"
    assert paths >= {"", "/Town", "/Town/Demo/GPServer", of_map, f"{of_map}/layers", f"{of_map}/legend", f"{of_map}/0", of_task}


def test_pages_of_a_job(service: AskedService, token: str) -> None:
    """The job, its result, its map with its picture, and the forms to ask with."""
    job_id = service.job_ids["Town/Demo"]
    of_job = f"/arcgis/rest/services/Town/Demo/GPServer/Run/jobs/{job_id}"
    pages = dict(_pages_from(service, f"{of_job}?token={token}"))
    of_map = f"/arcgis/rest/services/Town/Demo/MapServer/jobs/{job_id}"
    for path in (f"{of_job}/results/Parcels", of_map, f"{of_map}/0", f"{of_map}/0/query", f"{of_map}/find", f"{of_map}/identify"):
        assert f"{path}?token={token}" in pages
    assert f"/jobs/Town/Demo/{job_id}?token={token}" in pages, "the viewer"
    assert [lead for lead in pages[f"{of_job}?token={token}"].leads if "f=image" in lead and lead.endswith(f"token={token}")]
    assert ("token", token) in pages[f"{of_map}/0/query?token={token}"].hidden


def test_pages_of_the_viewer(service: AskedService, token: str) -> None:
    """The list, with a picture of each job, and a job's map lead on with it too, and the scripts of the map are told it."""
    page = f"/jobs/Town/Demo/{service.job_ids['Town/Demo']}"
    pages = dict(_pages_from(service, f"/?token={token}"))
    assert {f"/?token={token}", f"{page}?token={token}"} <= set(pages) and not any(token in one.text for one in pages.values())
    assert [lead for lead in pages[f"/?token={token}"].leads if lead.startswith("/thumbnails/")]
    assert f'"token":"{token}"' in service.get(f"{page}?token={token}").text


def test_who_signs_in_by_a_header_keeps_it_there(service: AskedService, token: str) -> None:
    """No page repeats what a header or a proxy brought."""
    job = f"/arcgis/rest/services/Town/Demo/GPServer/Run/jobs/{service.job_ids['Town/Demo']}"
    for path in ("/arcgis/rest/services", job, "/"):
        page = service.ask("GET", path, headers={"Authorization": f"Bearer {token}"})
        assert page.status_code == 200 and token not in page.text
