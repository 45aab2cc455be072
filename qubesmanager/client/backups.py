# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups as a client asks for them: a profile, what it would do, its run with its progress, the runs there were."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing, suppress

from qubesmanager.backup.errors import BackupError, BackupIncompleteError
from qubesmanager.backup.passphrases import GIVEN, passphrase_text
from qubesmanager.client.client import Client
from qubesmanager.client.live_copy import FIRST_PAUSE, LONGEST_PAUSE
from qubesmanager.transport.base import TransportError
from qubesmanager.wire import calls
from qubesmanager.wire.backups import (
    CANCELLED,
    FAILED,
    INCOMPLETE,
    NOTHING_CONFIRMED,
    BackupRun,
    Confirmed,
    Preview,
    Progress,
    encode_execute,
    follow,
    is_of,
)
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.event import Event
from qubesmanager.wire.events import BACKUP_FINISHED
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.reasons import refusal

LOST = "The connection was lost. Whether the backup of {} goes on is unknown."
PATIENCE = 60.0
"""Seconds for which a lost connection is tried again."""


def whole(run: BackupRun) -> BackupRun:
    """The run, if it made a backup. Raises what its own caller was answered with."""
    if run.result == CANCELLED:
        raise refusal("backup-cancelled")
    if run.result == FAILED:
        raise BackupError(run.reason, run.why)
    if run.result == INCOMPLETE:
        raise BackupIncompleteError(run.reason, run.why)
    return run


# -- calls ------------------------------------------------------------------------------------------------------------


async def preview(client: Client, profile: str, text: str = "") -> Preview:
    """A preview of the profile, or of the profile that `text` is. Raises `Mgmt1Error` and others."""

    async def payload() -> AsyncIterator[bytes]:
        if text:
            yield text.encode()

    answer = await client.send(calls.BACKUP_INFO(DOM0, profile, payload()))
    if not isinstance(answer, Preview):
        raise refusal("answer-no-preview")
    return answer


async def history(client: Client, profile: str | None = None) -> list[BackupRun]:
    """The runs there were, the oldest first."""
    return await client.send(calls.BACKUP_HISTORY(DOM0, profile))


async def status(client: Client) -> list[BackupRun]:
    """The latest run of each profile, with how far it is."""
    return await client.send(calls.BACKUP_STATUS(DOM0))


async def latest(client: Client, profile: str) -> BackupRun | None:
    """The latest run of the profile; None if there was none."""
    return next((run for run in await status(client) if run.profile == profile), None)


async def joined(client: Client, profile: str, tell: Callable[[Progress], None]) -> BackupRun:
    """Wait until the profile's latest run has ended, of any client; if this is cancelled, the run continues.

    A connection that is lost is tried again, and the state asked for again. Raises `TransportError` after `PATIENCE`
    without an answer, `BackupError` if the profile has never run.
    """
    loop = asyncio.get_running_loop()
    known: BackupRun | None = None
    limit = loop.time() + PATIENCE
    pause = FIRST_PAUSE
    while True:
        try:
            async with aclosing(client.events(calls.EVENTS(DOM0))) as stream:
                await anext(stream)
                # What happens from now on is in the stream, so nothing between the two is missed.
                known = await latest(client, profile)
                limit, pause = loop.time() + PATIENCE, FIRST_PAUSE
                if known is None:
                    raise refusal("profile-never-run", profile)
                if not known.is_running or await _ends(stream, known, tell):
                    break
        except (TransportError, StopAsyncIteration) as error:
            if loop.time() >= limit:
                raise TransportError(LOST.format(profile)) from error
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)
    runs = await history(client, profile)
    return next((run for run in reversed(runs) if run.run == known.run), runs[-1])


async def _ends(stream: AsyncIterator[list[Event]], known: BackupRun, tell: Callable[[Progress], None]) -> bool:
    """Follow the run; True once it has ended, False if the stream does before."""
    now = known.progress or Progress()
    tell(now)
    async for batch in stream:
        for event in batch:
            ended = BACKUP_FINISHED.of(event)
            if ended is not None and is_of(ended, known.profile, known.run):
                return True
            now = follow(now, known.profile, event, known.run)
        tell(now)
    return False


async def execute(
    client: Client,
    profile: str,
    passphrase: str | None,
    leaves: Callable[[], bool] = lambda: False,
    confirmed: Confirmed = NOTHING_CONFIRMED,
) -> None:
    """Carry the profile out; done when the backup is whole and on the disk. Raises `BackupError` for the passphrase.

    Cancelled, the run is cancelled too, and this ends when it has: what it had written is gone. If `leaves` returns
    true, the run goes on without a caller that waits for it. `confirmed` is what the user allowed it.
    """
    checked = None if passphrase is None else passphrase_text(passphrase, GIVEN)
    payload = encode_execute(checked, confirmed)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(_answered(client, profile, payload))
        try:
            error = await asyncio.shield(running)
        except asyncio.CancelledError:
            if leaves():
                running.cancel()
                raise
            with suppress(Mgmt1Error, TransportError):  # it has just ended by itself
                await client.send(calls.BACKUP_CANCEL(DOM0, profile))
            await running
            raise
    if error is not None:
        raise error


async def _answered(client: Client, profile: str, payload: Mapping[str, str]) -> Exception | None:
    try:
        await client.send(calls.BACKUP_EXECUTE(DOM0, profile, payload))
    except (Mgmt1Error, TransportError) as error:
        return error
    return None
