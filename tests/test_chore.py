"""A chore is one task: begun once however often it is told to, and over when it is stopped."""

from __future__ import annotations

import asyncio

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
