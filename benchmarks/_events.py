# SPDX-License-Identifier: GPL-3.0-or-later
"""A program that changes features of random qubes, so many times a second: `_events.py SOCKET RATE`."""

import asyncio
import random
import sys
from pathlib import Path
from time import monotonic

from qubesmanager.client.client import Client
from qubesmanager.transport.unix import UnixTransport
from qubesmanager.wire import calls

AT_A_TIME = 10


async def main(socket: Path, rate: int) -> None:
    client = Client(UnixTransport(socket))
    names = [row.name for row in await client.send(calls.VM_LIST("dom0")) if row.name != "dom0"]
    chance = random.Random(1)
    due = monotonic()
    for number in range(1, sys.maxsize):
        async with asyncio.TaskGroup() as group:
            for name in chance.sample(names, AT_A_TIME):
                group.create_task(client.send(calls.VM_FEATURE_SET(name, "service.crond", str(number))))
        due += AT_A_TIME / rate
        await asyncio.sleep(max(0.0, due - monotonic()))


asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
