"""Running a task from its page, in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import cast

import pytest
from playwright.sync_api import Page, expect

from rendermap.errors import BadRequest
from rendermap.frontends.arcgis.routes import arcgis_router
from rendermap.service import MapService
from tests.builders.app_double import app_over
from tests.builders.arcgis_app import REST, T
from tests.builders.browser import served
from tests.builders.service_double import JOBS, RUNNING_JOB, SERVICES, SUBMITTED_JOB, ServiceDouble

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]


@pytest.fixture
def double() -> ServiceDouble:
    """A service that runs its tasks, with a job under way."""
    running = replace(JOBS[0], progress=("Interpolating", 40.0))
    return ServiceDouble(tuple(replace(card, accepts_jobs=True) for card in SERVICES), (running, *JOBS[1:]))


@pytest.fixture
def address(double: ServiceDouble) -> Iterator[str]:
    app = app_over(double)
    app.include_router(arcgis_router(cast(MapService, double)))
    with served(app) as url:
        yield url


def test_a_form_runs_a_task(open_page: OpenPage, double: ServiceDouble) -> None:
    """What is filled in is run, what is wrong stands beside what was written, and the job's page follows the job."""
    page = open_page(T, width=420, may_complain=True)  # of the status of a page with faults
    assert page.evaluate("document.documentElement.scrollWidth") <= 420
    page.fill("#in-Slope_weight", "0.25")
    page.fill("#in-Search_distance", "12.5")
    page.select_option("[name='Search_distance.units']", label="kilometers")
    double.refusal = BadRequest("'Slope_weight' must be at most 0.2.")
    page.click("button[type=submit]")
    expect(page.get_by_role("alert")).to_contain_text("must be at most 0.2")
    expect(page.locator("#in-Search_distance")).to_have_value("12.5")
    double.refusal = None
    page.click("button[type=submit]")
    page.wait_for_url(f"**/jobs/{SUBMITTED_JOB}")
    assert double.submitted[0].inputs == {"Slope_weight": 0.25, "Search_distance": {"distance": 12.5, "units": "esriKilometers"}}
    expect(page.get_by_text("Submitted", exact=True).first).to_be_visible()
    double.jobs_known = (replace(double.jobs_known[0], status="succeeded"), *double.jobs_known[1:])
    expect(page.get_by_text("Succeeded")).to_be_visible()  # without anybody's doing


def test_a_job_is_cancelled_on_its_page(open_page: OpenPage) -> None:
    """How far it has come is seen, and a button ends it."""
    page = open_page(f"{REST}/services/Demo/Hazard/GPServer/Hazard/jobs/{RUNNING_JOB}", scheme="dark")
    expect(page.get_by_role("status")).to_contain_text("Interpolating 40 %")
    page.get_by_role("button", name="Cancel the job").click()
    expect(page.get_by_text("Cancelled", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Cancel the job")).to_have_count(0)
