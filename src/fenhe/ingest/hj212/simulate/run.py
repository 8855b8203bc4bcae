"""The whole city at once, for so long or until it is told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from fenhe.ingest.hj212.simulate.city import Member
from fenhe.ingest.hj212.simulate.events import Event
from fenhe.ingest.hj212.simulate.logger import Clock, Counts, Logger

TELL_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Play:
    """`start` and `present` are civil time: quick time ends where it has caught up with `present`,
    and never ends without one. `seconds` 0: until stopped."""

    host: str
    port: int
    members: Sequence[Member]
    events: Sequence[Event]
    start: datetime
    speed: float = 1.0
    seed: int = 1
    seconds: float = 0.0
    wrong_crc: float = 0.002
    present: datetime | None = None


async def play(plan: Play, tell: Callable[[datetime, Counts], None] | None = None) -> Counts:
    clock, counts = Clock(plan.start, plan.speed, plan.present), Counts()
    tasks = []
    for member in plan.members:
        logger = Logger(
            member, clock, plan.seed, plan.events, counts, plan.wrong_crc, plan.host, plan.port
        )
        tasks.append(asyncio.create_task(logger.run()))
        await asyncio.sleep(0.002)  # a city does not connect in the same instant
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        while not plan.seconds or loop.time() - began < plan.seconds:
            left = plan.seconds - (loop.time() - began) if plan.seconds else TELL_SECONDS
            await asyncio.sleep(min(TELL_SECONDS, max(0.0, left)))
            if tell is not None:
                tell(clock.now(), counts)
            for task in tasks:
                if task.done():
                    task.result()  # a logger that fell is a mistake of ours: say it
    finally:
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)
    return counts
