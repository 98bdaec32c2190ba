"""The pages for people."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from rendermap.errors import RenderCrashed
from rendermap.reply import JobCard, LayerCard, LegendLayer, MapCard, ResultCard
from rendermap.request import JobRequest, LegendRequest
from tests.builders.arcgis_app import BBOX, REST, ArcgisApp, G, J, S, T
from tests.builders.service_double import ENDED_JOB, FAILED_JOB, HAZARD_JOB, RUNNING_JOB, ServiceDouble

JOB = f"{T}/jobs/{HAZARD_JOB}"
PAGES = [
    REST,
    f"{REST}/info",
    f"{REST}/services/Demo",
    G,
    T,
    JOB,
    f"{T}/jobs/{RUNNING_JOB}",
    f"{T}/jobs/{ENDED_JOB}",
    f"{REST}/services/Viewshed/GPServer/Viewshed/jobs/{FAILED_JOB}",
    f"{JOB}/results/Hazard",
    f"{JOB}/results/Contours",
    f"{JOB}/results/Share_high",
    f"{JOB}/inputs/Search_distance",
    J,
    f"{J}/layers",
    f"{J}/0",
    f"{J}/1",
    f"{J}/3",
    f"{J}/legend",
    f"{J}/export?bbox={BBOX}",
    f"{S}/MapServer",
    f"{S}/MapServer/3",
    f"{S}/MapServer/legend",
]
HOSTILE = """<script>alert('x')</script>"onload="y" &amp; {{7*7}}"""


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]


def _parsed(text: str) -> _Links:
    parser = _Links()
    parser.feed(text)
    return parser


@pytest.mark.parametrize("url", PAGES)
def test_every_page_and_its_links_work(url: str) -> None:
    """Each resource has a page, no script on it, and every link leads to something."""
    app = ArcgisApp()
    page = app.get(url)
    assert page.status_code == 200, page.text
    assert "script" not in page.headers["content-security-policy"] and "default-src 'none'" in page.headers["content-security-policy"]
    parsed = _parsed(page.text)
    assert "script" not in parsed.tags and "h1" in parsed.tags
    for link in parsed.links:
        if link.startswith("http"):
            assert app.get(link).status_code == 200, link


def test_the_job_page_tells_the_job() -> None:
    """Status, messages, results with their layers, and the ways into the map."""
    text = ArcgisApp().get(JOB).text
    for words in (
        "Succeeded",
        "12 cells had no height",
        "Hazard classes",
        f"{S}/MapServer/jobs/{HAZARD_JOB}",
        f"{S}/jobs/{HAZARD_JOB}/MapServer",
    ):
        assert words in text
    assert "?f=pjson" in text


def test_the_job_page_holds_what_went_in_and_came_out() -> None:
    """The task is its title; values and inputs stand on it in words, and all results in one picture."""
    app = ArcgisApp()
    text = app.get(JOB).text
    assert "<h1>Rate terrain hazard</h1>" in text and f"Job {HAZARD_JOB}" in text
    assert "<td>17.4</td>" in text and "<td>500 meters</td>" in text and "<td>0.6</td>" in text
    picture = next(link for link in _parsed(text).links if "/export?" in link)
    assert app.get(picture).headers["content-type"] == "image/png"


class _BrokenMap(ServiceDouble):
    async def map_of(self, request: JobRequest) -> MapCard:
        raise RenderCrashed


def test_a_job_can_be_read_when_its_map_cannot_be_opened() -> None:
    """The page says so, and holds everything else."""
    text = ArcgisApp(_BrokenMap()).get(JOB).text
    assert "The map cannot be shown." in text and "17.4" in text


def test_a_layer_shows_itself_and_leads_to_what_may_be_asked() -> None:
    """Its picture, its classes, and the forms with the layer chosen in them; of a layer that may only be seen none that asks."""
    app = ArcgisApp(ServiceDouble(access={"Contours": "data", "Hillshade": "identify"}))
    contours, shade, classes, group = (app.get(f"{J}/{layer}").text for layer in (0, 3, 2, 1))
    links = _parsed(contours).links
    # it is drawn at 1:300,000 and closer, which is 1:317,500 as Esri counts
    assert "mapScale=314" in next(link for link in links if "f=image" in link) and "50 m interval" in contours
    for path in ("/0/query", "/find?layers=0", "/identify?layers=all:0"):
        url = next(link for link in links if link.endswith(path))
        assert app.get(url).status_code == 200
    assert 'value="all:0" selected' in app.get(f"{J}/identify?layers=all:0").text
    assert "/identify?layers=all:3" in shade and "/query" not in shade and "Shaded" in shade
    assert "/identify" not in classes and "Very high" in classes and "/export?" in classes
    assert "Very high" in group and f"{J}/2" in group and "layers=show%3A1" in group


def test_the_folder_stands_above_its_services() -> None:
    """Each step of the way up is a link."""
    for url in (G, T, J):
        links = _parsed(ArcgisApp().get(url).text).links
        assert links[:3] == [f"http://maps.example{path}" for path in (f"{REST}/services", f"{REST}/services/Demo", G)]


def test_the_job_leads_to_the_viewer_where_there_is_one() -> None:
    """The map of a job that succeeded can be opened by people, from its page and from its map service."""
    app = ArcgisApp()
    page = f"/jobs/Demo/Hazard/{HAZARD_JOB}"
    assert f'{page}"' not in app.get(JOB).text and f'{page}"' not in app.get(J).text
    app.app.state.has_viewer = True
    for url in (JOB, J):
        assert re.search(rf'href="http://maps.example{page}">Open the map', app.get(url).text)
    for url in (f"{T}/jobs/{RUNNING_JOB}", f"{T}/jobs/{ENDED_JOB}", f"{S}/MapServer"):
        assert "Open the map" not in app.get(url).text


def test_the_page_without_a_job_says_where_maps_are() -> None:
    """No empty picture: the words that each job has a map of its own, and the ways to the tasks and to the jobs."""
    app = ArcgisApp()
    text = app.get(f"{S}/MapServer").text
    assert "each job has a map of its own" in text and f'{G}"' in text and "<img" not in text and "/?service=" not in text
    app.app.state.has_viewer = True
    assert 'href="http://maps.example/?service=Demo%2FHazard"' in app.get(f"{S}/MapServer").text
    assert "each job has" not in app.get(J).text and "<img" in app.get(J).text


class HostileService(ServiceDouble):
    """Every text that comes from a tool, its author or its data is an attack."""

    async def job(self, request: JobRequest) -> JobCard:
        job = await super().job(request)
        nasty = (ResultCard(HOSTILE, "GPString", HOSTILE, {HOSTILE: HOSTILE}),)
        return replace(job, messages=(("warning", HOSTILE),), results=job.results + nasty, inputs=nasty)

    async def map_of(self, request: JobRequest) -> MapCard:
        return self._hostile(await super().map_of(request))

    def _hostile(self, card: MapCard) -> MapCard:
        service = replace(card.service, title=HOSTILE, description=HOSTILE, credits=HOSTILE)
        layers = (*card.layers, LayerCard(9, HOSTILE, "vector", "point", fault=HOSTILE))
        return replace(card, service=service, title=HOSTILE, layers=layers)

    async def legend(self, request: LegendRequest) -> tuple[LegendLayer, ...]:
        layers = await super().legend(request)
        named = [replace(layer, name=HOSTILE, heading=HOSTILE) for layer in layers]
        return tuple(replace(one, entries=tuple(replace(entry, label=HOSTILE) for entry in one.entries)) for one in named)


@pytest.mark.parametrize(
    "url", [JOB, J, f"{J}/layers", f"{J}/9", f"{J}/legend", f"{JOB}/results/Hazard", f"{S}/MapServer/jobs/{HOSTILE}", f"{G}/{HOSTILE}"]
)
def test_names_cannot_become_markup(url: str) -> None:
    """Titles, messages, labels, values and addresses are shown as they are written."""
    text = ArcgisApp(HostileService()).get(url.replace("<", "%3C").replace(">", "%3E").replace('"', "%22")).text
    parsed = _parsed(text)
    assert "script" not in parsed.tags and "<script" not in text
    assert not re.search(r'"onload="', text) and "49" not in re.sub(r"[\d.]{4,}|src=.*", "", text)


def test_hostile_names_stay_links() -> None:
    """A result with a strange name has an address that leads to it."""
    app = ArcgisApp(HostileService())
    link = next(link for link in _parsed(app.get(JOB).text).links if "/results/%3C" in link)
    answer = app.get(link)
    assert answer.status_code in (200, 404)
