"""Having a task run: submitting, executing and cancelling jobs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from starlette.responses import RedirectResponse, Response

from rendermap.errors import BadRequest, Ended, JobNotFound, ResultNotFound
from rendermap.frontends.arcgis.ask import Answer, Ask
from rendermap.frontends.arcgis.gp import gone_answer, job_answer, job_of, task_answer, task_of
from rendermap.frontends.arcgis.gp_documents import executed_document
from rendermap.frontends.arcgis.results import demand_success, result_document
from rendermap.frontends.arcgis.spatial import Json
from rendermap.frontends.arcgis.values import parse_environment, parse_inputs
from rendermap.frontends.cross_site import demand_no_other_site
from rendermap.frontends.kvp import Parameters, parse_bool
from rendermap.frontends.links import with_token
from rendermap.frontends.negotiation import Form
from rendermap.reply import JobCard, ResultCard, ServiceCard, TaskCard
from rendermap.request import Environment, SubmitRequest


async def submit(ask: Ask) -> Answer | Response:
    """A new job, which goes on by itself.  A browser is sent to its page, or without any value to the form of the task."""
    _demand_own_page(ask)
    card, task = await task_of(ask)
    if ask.form is Form.HTML:
        return await _run_form(ask, card, task, ask.service.submit)
    return job_answer(ask, card, task, await ask.service.submit(_order(ask, card, task)))


async def execute(ask: Ask) -> Answer | Response:
    """A job and its results, when it is over; a browser is sent to its page."""
    _demand_own_page(ask)
    card, task = await task_of(ask)
    if ask.form is Form.HTML:
        return await _run_form(ask, card, task, ask.service.execute)
    with_messages = parse_bool("returnMessages", ask.parameters.get("returnmessages") or "true")
    state = await ask.service.execute(_order(ask, card, task))
    demand_success(state)
    of_job = replace(ask.of_job(state.job_id), parameters=Parameters({}))  # those are of the task, whatever they are called
    results = [await _result_or_fault(of_job, card, state, output) for output in state.results]
    told = replace(state, results=tuple(result for result, _ in results))
    return Answer(executed_document(told, [document for _, document in results if document], with_messages=with_messages), "value")


async def _result_or_fault(ask: Ask, card: ServiceCard, state: JobCard, output: ResultCard) -> tuple[ResultCard, Json | None]:
    """With its document, or without one and with the words for why: the others are answered all the same."""
    if output.fault:
        return output, None
    try:
        return output, await result_document(ask, card, state, output)
    except ResultNotFound as fault:
        return replace(output, fault=fault.sentence), None


async def _run_form(ask: Ask, card: ServiceCard, task: TaskCard, run: Callable[[SubmitRequest], Awaitable[JobCard]]) -> Answer | Response:
    """Faults are shown beside the values they are of."""
    if ask.request.method != "POST" and not _says_anything(ask, task):
        return _see(ask, ask.task_url(card.name, task.name))
    try:
        state = await run(_order(ask, card, task))
    except BadRequest as error:
        return task_answer(ask, card, task, error.details or (error.sentence,))
    return _see_job(ask, card, task, state)


async def cancel(ask: Ask) -> Answer | Response:
    """The job, which has been cancelled if it was not over and whoever asks may do so."""
    _demand_own_page(ask)
    card, task = await task_of(ask)
    try:
        await job_of(ask, card, task)
        state = await ask.service.cancel(ask.job(card.name))
    except (JobNotFound, Ended) as error:
        return gone_answer(ask, card, task, error)
    return _see_job(ask, card, task, state) if ask.form is Form.HTML else job_answer(ask, card, task, state)


def _demand_own_page(ask: Ask) -> None:
    demand_no_other_site(ask.request, is_jsonp="callback" in ask.parameters)


def _says_anything(ask: Ask, task: TaskCard) -> bool:
    return any(parameter.name.lower() in ask.parameters for parameter in task.parameters if not parameter.is_output)


def _order(ask: Ask, card: ServiceCard, task: TaskCard) -> SubmitRequest:
    """What is to be run, and what is wrong with how it is spelt: the values have faults of their own, which are to be told with them."""
    given = parse_inputs(ask.parameters, task)
    environment = Environment()
    faults: tuple[str, ...] = ()
    try:
        environment = parse_environment(ask.parameters)
    except BadRequest as fault:
        faults = fault.faults
    return SubmitRequest(card.name, task.name, given.values, ask.principal, environment, given.misspelt, faults)


def _see_job(ask: Ask, card: ServiceCard, task: TaskCard, state: JobCard) -> Response:
    return _see(ask, ask.job_url(card.name, task.name, state.job_id))


def _see(ask: Ask, url: str) -> Response:
    """A token among the parameters goes along, for a browser has no other."""
    return RedirectResponse(with_token(url, ask.parameters.get("token")), 303, {"Cache-Control": "no-store"})
