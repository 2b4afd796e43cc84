"""Polling that holds nothing up, but for which there is something better: a matter of style to tenlint."""

import asyncio


async def wait_until_ready(feed) -> None:
    while not feed.ready:  # defect
        await asyncio.sleep(1)
