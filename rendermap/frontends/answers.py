"""Answers that were given to strangers before, given again from memory while the lease of their map lasts (`leases`).

The very bytes and headers of the whole way.  Who brings a credential of any kind, or a body, goes the whole way; so does whatever is not
known here.  What is given is counted as on the whole way: in the metrics, the audit log and the budget of pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rendermap.access.doorkeeper import Credentials, Doorkeeper
from rendermap.access.grant import PUBLIC, Principal
from rendermap.errors import RendermapError
from rendermap.frontends.identity import API_KEY_HEADER, BEARER_HEADERS
from rendermap.frontends.leases import Leases, Look, Shown, shown_by
from rendermap.frontends.responses import etag_of, names_entity
from rendermap.request import JobRequest

Headers = tuple[tuple[bytes, bytes], ...]

LONGEST_KEY_CHARS = 1024
"""An answer is held to weigh a kilobyte more than its body."""

_CREDENTIALS = (*(name.encode() for name in (*BEARER_HEADERS, API_KEY_HEADER)), b"cookie")
_WHOLE_WAY = frozenset((*_CREDENTIALS, b"content-length", b"transfer-encoding"))
"""Headers of those who may be no strangers, or who send a body."""

_OF_A_BODY = (b"content-type", b"content-length")


@dataclass(frozen=True, slots=True)
class Answer:
    """A picture as it was sent.  job: as asked for, in nobody's name.  look: of the map it shows.  unchanged: the headers of a 304."""

    job: JobRequest
    look: Look
    pixels: int
    etag: str
    headers: Headers
    unchanged: Headers
    body: bytes


class AnswerStore(Protocol):
    """Where answers are kept, within bounds."""

    async def get(self, key: str) -> Answer | None: ...
    async def put(self, key: str, value: Answer) -> None: ...


class Answers:
    """Plain ASGI.  It stands where the client's address is known and nothing else is done yet."""

    def __init__(self, app: ASGIApp, doorkeeper: Doorkeeper, leases: Leases, store: AnswerStore) -> None:
        self._app = app
        self._doorkeeper = doorkeeper
        self._leases = leases
        self._store = store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        question = _question_of(scope)
        if question is None:
            await self._app(scope, receive, send)
            return
        key, condition, is_anew = question
        answer = None if is_anew else await self._store.get(key)
        if answer is None or not await self._gave(answer, condition, scope, send):
            await self._learn(key, scope, receive, send)

    async def _gave(self, answer: Answer, condition: str, scope: Scope, send: Send) -> bool:
        """False when it is not to be given without another look."""
        lease = self._leases.find(answer.job)
        if lease is None or lease.look is not answer.look or condition.strip() == "*":
            return False
        is_unchanged = bool(condition) and names_entity(condition, answer.etag)
        try:
            # whether strangers are let in at all may have changed since
            lease.opened.give_again(await self._stranger(scope), 0 if is_unchanged else answer.pixels)
        except RendermapError:
            # such as a budget that is spent: told on the whole way, in the front end's words
            return False
        status, headers, body = (304, answer.unchanged, b"") if is_unchanged else (200, answer.headers, answer.body)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        return True

    async def _stranger(self, scope: Scope) -> Principal:
        client = scope.get("client")
        return await self._doorkeeper.principal(Credentials(address=client[0] if client else PUBLIC.address))

    async def _learn(self, key: str, scope: Scope, receive: Receive, send: Send) -> None:
        """The whole way; what it gives to a stranger is kept."""
        began, state = self._leases.now(), scope.setdefault("state", {})
        sent: list[Message] = []

        async def sending(message: Message) -> None:
            if len(sent) < MESSAGES + 1:
                sent.append(message)
            await send(message)

        await self._app(scope, receive, sending)
        if shown := shown_by(state):
            look = self._leases.renew(shown, began)
            if scope["method"] == "GET" and len(key) <= LONGEST_KEY_CHARS and (answer := _answer_of(shown, look, sent)):
                await self._store.put(key, answer)


MESSAGES = 2
"""Of an answer that is sent in one piece: its head and its body."""


def _question_of(scope: Scope) -> tuple[str, str, bool] | None:
    """(key, condition, True for who wants to know how it is now: a reader who reloads); None for who may be no stranger."""
    if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
        return None
    condition, origin, is_anew = "", b"", False
    for name, value in scope["headers"]:
        if name in _WHOLE_WAY:
            return None
        if name == b"if-none-match":
            condition = condition or value.decode("latin-1")
        elif name == b"origin":
            origin = origin or value
        elif name == b"cache-control":
            is_anew = True
    return _key_of(scope, origin), condition, is_anew


def _key_of(scope: Scope, origin: bytes) -> str:
    """All of a stranger's request that an answer with a picture depends on."""
    parts = (scope.get("root_path", "").encode(), scope.get("raw_path") or scope["path"].encode(), scope["query_string"], origin)
    return b"\n".join(parts).decode("latin-1")


def _answer_of(shown: Shown, look: Look, sent: list[Message]) -> Answer | None:
    """None for what is no whole picture."""
    if shown.picture is None or len(sent) != MESSAGES or sent[0]["status"] != 200:
        return None
    head, body = sent
    headers = tuple((bytes(name), bytes(value)) for name, value in head["headers"])
    return Answer(
        shown.job,
        look,
        shown.picture.width_px * shown.picture.height_px,
        etag_of(shown.picture.digest),
        headers,
        tuple(header for header in headers if header[0] not in _OF_A_BODY),
        body["body"],
    )
