"""Answers of the geoprocessing side: services, tasks and jobs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC
from urllib.parse import quote

from rendermap.errors import Ended, JobNotFound, NotFound, RendermapError, ResultNotFound
from rendermap.frontends.arcgis.address import checked_job_id, looks_like_ours
from rendermap.frontends.arcgis.answer_tables import date_text
from rendermap.frontends.arcgis.ask import Answer, Ask
from rendermap.frontends.arcgis.fields import fields_of
from rendermap.frontends.arcgis.gp_documents import (
    GOING_ON,
    RECORD_TYPE,
    catalogue_document,
    expired_job_document,
    has_map,
    info_document,
    job_document,
    plain_value,
    service_document,
    task_document,
    value_document,
)
from rendermap.frontends.arcgis.question_forms import whole_view
from rendermap.frontends.arcgis.spatial import box_text
from rendermap.frontends.arcgis.tokens import TOKENS
from rendermap.frontends.identity import doorkeeper_of
from rendermap.frontends.links import link
from rendermap.frontends.negotiation import Form
from rendermap.frontends.value_words import value_words
from rendermap.reply import JobCard, ResultCard, ServiceCard, TaskCard

_AGAIN = "from:job"
"""Names the job whose inputs are to stand in the form; no parameter of a task can be called so."""


@dataclass(frozen=True, slots=True)
class ReadableValue:
    """An input or a result in words.  layer_id: of the layer that draws it."""

    title: str
    words: str
    layer_id: int | None


async def info(ask: Ask) -> Answer:
    """The server itself."""
    doorkeeper = doorkeeper_of(ask.request)
    tokens_url = link(ask.request, TOKENS) if doorkeeper.has_users else None
    return Answer(info_document(tokens_url, doorkeeper.token_minutes), "info")


async def catalogue(ask: Ask) -> Answer:
    """The services, or those of a folder."""
    services = await ask.service.services(ask.principal)
    folder = ask.address.service
    document = catalogue_document(services, folder)
    if folder and not document["services"]:
        raise NotFound("There is no such folder.")
    titles = {service.name: service.title for service in services}
    shown = {"folder": folder, "root": ask.url("services"), "titles": titles, "crumbs": (("services", ask.url("services")),)}
    return Answer(document, "catalogue", shown)


async def gp_service(ask: Ask) -> Answer:
    """A GP service."""
    card = await ask.service.service(ask.address.service, ask.principal)
    map_url = ask.map_url(card.name, None) if has_map(card) else None
    shown = {"name": card.name, "title": card.title, "url": ask.task_url(card.name), "map_url": map_url, "crumbs": _crumbs(ask, card)}
    return Answer(service_document(card), "gp_service", shown)


async def task(ask: Ask) -> Answer:
    """A task."""
    card, found = await task_of(ask)
    job_id = ask.parameters.get(_AGAIN)
    if ask.form is not Form.HTML or job_id is None:
        return task_answer(ask, card, found)
    return task_answer(ask, card, found, again=await job_of(ask.of_job(checked_job_id(job_id)), card, found))


def task_answer(ask: Ask, card: ServiceCard, task: TaskCard, faults: tuple[str, ...] = (), again: JobCard | None = None) -> Answer:
    """A task, and a form to run it.

    faults: of what has been given, which stands in the form again.  again: a job whose inputs stand in the form.
    """
    shown: dict[str, object] = {
        "crumbs": _crumbs(ask, card),
        "url": ask.task_url(card.name, task.name),
        "accepts_jobs": card.accepts_jobs,
        "fields": fields_of(task, {value.name: value.value for value in again.inputs} if again else {}, ask.parameters.values),
        "given": ask.parameters.values,
        "faults": faults,
    }
    return Answer(task_document(card, task), "task", shown, 400 if faults else 200)


async def task_of(ask: Ask) -> tuple[ServiceCard, TaskCard]:
    """The service and the task of the address.  Raises ServiceNotFound, NotFound."""
    card = await ask.service.service(ask.address.service, ask.principal)
    wanted = ask.address.task.casefold()
    found = next((one for one in card.tasks if one.name.casefold() == wanted), None)
    if found is None:
        raise NotFound("There is no such task.")
    return card, found


def _crumbs(ask: Ask, card: ServiceCard, task: TaskCard | None = None) -> tuple[tuple[str, str], ...]:
    below = ((task.display_name, ask.task_url(card.name, task.name)),) if task else ()
    return (*ask.crumbs(card.name), *below)


# --- jobs ----------------------------------------------------------------------------------------------------------------


async def job(ask: Ask) -> Answer:
    """A job in any state."""
    card, found = await task_of(ask)
    try:
        state = await job_of(ask, card, found)
    except (JobNotFound, Ended) as error:
        return gone_answer(ask, card, found, error)
    answer = job_answer(ask, card, found, state)
    if ask.form is Form.HTML and state.status == "succeeded" and has_map(card):
        return replace(answer, shown={**answer.shown, **await _whole_map(ask, card)})
    return answer


async def _whole_map(ask: Ask, card: ServiceCard) -> dict[str, object]:
    """What a picture of all results shows, or why there is none."""
    try:
        the_map = (await ask.service.open(ask.job(card.name))).card
    except RendermapError as error:
        return {"map_fault": error.sentence}
    return {"view": {"bbox": box_text(whole_view(the_map.home, the_map.crs))}}


def gone_answer(ask: Ask, card: ServiceCard, task: TaskCard, error: RendermapError) -> Answer:
    """A job that is gone, as failed when its id looks like ours, since most clients poll for ever on an error object.

    Raises error for other ids, and for all where an operator wants errors.
    """
    job_id = ask.address.job_id or ""
    if not looks_like_ours(job_id) or getattr(ask.request.app.state, "expired_job_reply", "failed") == "error":
        raise error
    return Answer(expired_job_document(job_id), "job", _shown_of_job(ask, card, task))


def job_answer(ask: Ask, card: ServiceCard, task: TaskCard, state: JobCard) -> Answer:
    """A job as it is."""
    shown = _shown_of_job(ask, card, task)
    if state.status == "succeeded" and has_map(card):
        shown |= {
            "map_url": ask.map_url(card.name, state.job_id),
            "alias": ask.alias_url(card.name, state.job_id),
            "page_url": ask.page_url(card.name, state.job_id),
        }
    times = (("Submitted", state.created), ("Started", state.started), ("Finished", state.finished))
    shown |= {
        "url": ask.job_url(card.name, task.name, state.job_id),
        "results": {value.name: _readable(value) for value in state.results},
        "drawn_names": [value.name for value in state.results if value.layer_id is not None],
        "inputs": {value.name: _readable(value) for value in state.inputs},
        "times": [(label, f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC") for label, moment in times if moment],
        "is_going_on": state.status in GOING_ON,
    }
    return Answer(job_document(state), "job", shown)


def _readable(value: ResultCard) -> ReadableValue:
    told = plain_value(value)
    if value.note:
        words = value.note
    elif value.layer_id is not None:
        words = "On the map"
    elif value.data_type == RECORD_TYPE and value.value is None:
        words = "A table"
    elif value.data_type == "GPDate" and isinstance(told, int | float):
        words = date_text(told)
    else:
        words = value_words(value.value)
    return ReadableValue(value.display_name, words, value.layer_id)


def _shown_of_job(ask: Ask, card: ServiceCard, task: TaskCard) -> dict[str, object]:
    return {
        "crumbs": _crumbs(ask, card, task),
        "title": task.display_name,
        "again_url": f"{ask.task_url(card.name, task.name)}?{_AGAIN}={quote(ask.address.job_id or '')}" if card.accepts_jobs else None,
        "url": "",
        "map_url": None,
        "page_url": None,
        "alias": None,
        "results": {},
        "drawn_names": (),
        "inputs": {},
        "view": None,
        "map_fault": None,
        "times": (),
        "is_going_on": False,
    }


async def job_of(ask: Ask, card: ServiceCard, task: TaskCard) -> JobCard:
    """The job, if it is a run of this task.  Raises JobNotFound, Ended."""
    found = await ask.service.job(ask.job(card.name))
    if found.task is not None and found.task.casefold() != task.name.casefold():
        raise JobNotFound
    return found


def named_value(values: tuple[ResultCard, ...], name: str, what: str) -> ResultCard:
    """An input or an output by its name.  what: they are.  Raises ResultNotFound, with the names there are."""
    found = next((value for value in values if value.name.casefold() == name.casefold()), None)
    if found is None:
        names = ", ".join(value.name for value in values) or "none"
        raise ResultNotFound(details=(f"The {what} of this job: {names}.",))
    return found


async def input_(ask: Ask) -> Answer:
    """A value the job was given."""
    card, found = await task_of(ask)
    state = await job_of(ask, card, found)
    value = named_value(state.inputs, ask.address.item, "inputs")
    # a set that a client sent may be of any shape
    shown = {"crumbs": job_crumbs(ask, card, found), "is_records": False}
    return Answer(value_document(value, plain_value(value)), "value", shown)


def job_crumbs(ask: Ask, card: ServiceCard, task: TaskCard) -> tuple[tuple[str, str], ...]:
    """The pages above one of a job's values."""
    job_id = ask.address.job_id or ""
    return (*_crumbs(ask, card, task), (job_id, ask.job_url(card.name, task.name, job_id)))
