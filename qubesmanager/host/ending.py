# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of a program that was started, whatever it still has to say."""

from asyncio.subprocess import Process
from contextlib import suppress


async def end(process: Process) -> None:
    """Kill the program if it still runs, and wait until it has ended. What it wrote is lost where no caller read it.

    `Process.wait` alone also waits for the ends of the pipes. They never come while a full buffer pauses the reading,
    or while a program that this one started has the pipes too.
    """
    with suppress(ProcessLookupError):
        process._transport.close()  # type: ignore[attr-defined]  # noqa: SLF001 - asyncio has no other way
    if process.returncode is None:
        await process.wait()
