"""Waiting for news: it ends with the news, in time, and when it is told to end, also when both come together."""

import asyncio

import pytest

from controller.feed import Feed


def test_news_wake_who_waits_and_time_runs_out() -> None:
    async def scenario() -> None:
        feed = Feed()
        waiting = asyncio.create_task(feed.wait(feed.version, timeout_s=60))
        await asyncio.sleep(0)
        feed.moved()
        assert await waiting == 1
        assert await feed.wait(0, timeout_s=60) == 1
        assert await feed.wait(1, timeout_s=0.01) == 1

    asyncio.run(scenario())


@pytest.mark.parametrize("rounds", range(4))
def test_who_waits_ends_also_if_told_so_together_with_the_news(rounds: int) -> None:
    async def for_ever(feed: Feed) -> None:
        while True:
            await feed.wait(feed.version, timeout_s=60)

    async def scenario() -> None:
        feed = Feed()
        task = asyncio.create_task(for_ever(feed))
        await asyncio.sleep(0)
        feed.moved()
        for _ in range(rounds):
            await asyncio.sleep(0)
        task.cancel()
        async with asyncio.timeout(5):
            await asyncio.wait([task])
        assert task.cancelled()

    asyncio.run(scenario())
