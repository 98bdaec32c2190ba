"""What commands have in common: settings read, a service started for one piece of work, what went wrong told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import typer

from rendermap.access.grant import OPERATOR
from rendermap.assembly import Assembled, build
from rendermap.console import print_error, print_settings_fault
from rendermap.desk import TriedStyle, find_job, one_job, styles_of
from rendermap.errors import BadRequest, RendermapError
from rendermap.hosting import FAULTS
from rendermap.log import configure_logging
from rendermap.request import JobRequest, LayerChoice
from rendermap.settings import Settings, SettingsInvalid, read_settings

T = TypeVar("T")

OK, USAGE = 0, 2
NO_JOB = JobRequest("", "", OPERATOR)
DEFAULT_LAYERS = LayerChoice()


def settings_of(**given: object) -> Settings:
    """The settings, and a log as they want it; ends the command, with one line per fault, where they cannot be."""
    try:
        settings = read_settings(**given)
    except SettingsInvalid as error:
        print_settings_fault(error)
        raise typer.Exit(USAGE) from None
    configure_logging(json=settings.log_format == "json", level=settings.log_level, roots=(*settings.jobs, settings.services))
    return settings


def run(
    settings: Settings,
    job: str | None,
    work: Callable[[Assembled, JobRequest], Awaitable[T]],
    tried: TriedStyle | None = None,
    choice: LayerChoice = DEFAULT_LAYERS,
) -> T:
    """Does work with a started service and the job it is about; the path of a job folder or dataset brings its own catalogue.

    Ends the command where it cannot be done, and says why.
    """

    async def whole() -> T:
        if job:
            one = one_job(job, settings.jobs, settings.services, tried, choice)
            request = find_job(job, one, settings.jobs)
        else:
            one = styles_of(tried) if tried else None
            request = JobRequest(one.service.name, "", OPERATOR) if one else NO_JOB
        alone = settings.model_copy(update={"draw_ahead_s": 0.0})  # nobody will ask
        assembled = build(alone, catalog=one, services=one.services if one else None, reads_anywhere=True, keeps_all=True)
        await assembled.start()
        try:
            return await work(assembled, request)
        finally:
            await assembled.stop()

    try:
        return asyncio.run(whole())
    except RendermapError as error:
        print_error(error)
        raise typer.Exit(USAGE if isinstance(error, BadRequest) else FAULTS) from None
