"""Notices that a client went away before it was answered, and lets go of what was being made for it.

Listening begins only when an answer takes longer than one out of the cache, which would be made dearer by it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

LISTENS_AFTER_S = 0.03


class Departures:
    """Cancels the answering of a request whose client is gone; whatever waits for a drawing on its behalf then waits no more."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        task = asyncio.current_task()
        if scope["type"] != "http" or task is None:
            await self._app(scope, receive, send)
            return
        client = _Client(task, receive, send, has_body=scope["method"] == "POST")
        try:
            await self._app(scope, client.receive, client.send)
        except asyncio.CancelledError:
            if not client.is_gone or task.uncancel():
                raise
        finally:
            client.let_be()


class _Client:
    """Who waits for the answer that task makes.  has_body: the application reads one, and nothing of it may be taken away."""

    __slots__ = ("_is_answered", "_is_heard", "_listener", "_receive", "_send", "_task", "_timer", "is_gone")

    def __init__(self, task: asyncio.Task[object], receive: Receive, send: Send, *, has_body: bool) -> None:
        self.is_gone = False
        self._task = task
        self._receive = receive
        self._send = send
        self._is_heard = not has_body
        self._is_answered = False
        self._listener: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(LISTENS_AFTER_S, self._listen)

    def send(self, message: Message) -> Awaitable[None]:
        """For the application.  Whose answer has begun is the server's to look after."""
        if message["type"] == "http.response.start":
            self.let_be()
        return self._send(message)

    async def receive(self) -> Message:
        """For the application; does not return to one whose client went away while it was still asking."""
        message = await self._receive()
        if message["type"] == "http.disconnect" and not self._is_answered:
            self._leave()
            await asyncio.sleep(0)
        self._is_heard = not message.get("more_body", False)
        return message

    def let_be(self) -> None:
        """Listen no more."""
        self._is_answered = True
        self._timer.cancel()
        if self._listener is not None:
            self._listener.cancel()

    def _listen(self) -> None:
        if self._is_heard:
            self._listener = asyncio.create_task(self._await_departure())
        else:
            self._timer = asyncio.get_running_loop().call_later(LISTENS_AFTER_S, self._listen)

    async def _await_departure(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._leave()

    def _leave(self) -> None:
        self.is_gone = True
        self._task.cancel()
