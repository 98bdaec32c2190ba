"""Pages of questions: the form, above it what was found, or what is wrong with the question."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from rendermap.errors import BadRequest
from rendermap.frontends.arcgis.answer_tables import ReadableAnswer
from rendermap.frontends.arcgis.ask import Answer, Ask
from rendermap.frontends.arcgis.question_forms import QuestionForm
from rendermap.frontends.arcgis.spatial import Json
from rendermap.frontends.negotiation import Form

PAGE = "question"


def asking_page(form: QuestionForm, shown: Mapping[str, object]) -> Answer:
    """The form alone, for people who have asked for nothing yet."""
    return Answer({}, PAGE, _shown(form, shown))


async def answer_page(
    ask: Ask, form: QuestionForm, shown: Mapping[str, object], answer: Callable[[], Awaitable[Json]], read: Callable[[Json], ReadableAnswer]
) -> Answer:
    """What is found, and the form to ask again; people keep what they wrote when something is wrong with it.

    read: makes the document readable.  Raises BadRequest to machines.
    """
    try:
        document = await answer()
    except BadRequest as fault:
        if ask.form is not Form.HTML:
            raise
        return Answer({}, PAGE, {**_shown(form, shown), "faults": fault.faults}, 400)
    readable = read(document) if ask.form is Form.HTML else None
    return Answer(document, PAGE, {**_shown(form, shown), "answer": readable})


def _shown(form: QuestionForm, shown: Mapping[str, object]) -> dict[str, object]:
    return {"form": form, "faults": (), "answer": None, "page_url": None, **shown}
