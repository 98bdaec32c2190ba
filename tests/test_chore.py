"""A chore is one task: begun once however often it is told to, and over when it is stopped."""

from __future__ import annotations

import asyncio

from structlog.testing import capture_logs

from rendermap.chore import Chore


def test_a_chore_is_done_once_at_a_time_and_ends_when_it_is_stopped() -> None:
    """After its end it may begin anew."""

    async def ask() -> None:
        begun: list[int] = []

        async def work() -> None:
            begun.append(len(begun))
            await asyncio.sleep(60)

        chore = Chore(work, "chore")
        await chore.stop()
        for count in (1, 2):
            chore.begin()
            chore.begin()
            await asyncio.sleep(0)
            assert chore.is_busy and len(begun) == count
            await chore.stop()
            assert not chore.is_busy and len(asyncio.all_tasks()) == 1

    asyncio.run(ask())


def test_a_chore_that_fails_is_told_of_and_stopped_like_any_other() -> None:
    """Its fault stands in the log when it happens, and does not come out when the service is stopped."""

    async def work() -> None:
        raise RecursionError

    async def fail() -> None:
        chore = Chore(work, "chore")
        chore.begin()
        await asyncio.sleep(0)
        assert not chore.is_busy
        await chore.stop()

    with capture_logs() as logs:
        asyncio.run(fail())
    assert [(log["log_level"], log["chore"]) for log in logs] == [("error", "chore")]
