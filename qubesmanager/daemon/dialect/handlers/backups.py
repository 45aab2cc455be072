# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups by profiles."""

from collections.abc import AsyncIterator

from qubesmanager.admin import calls
from qubesmanager.admin.backups import table
from qubesmanager.daemon.dialect.context import Asking, answers
from qubesmanager.wire import calls as mgmt1
from qubesmanager.wire.backups import Preview
from qubesmanager.wire.names import DOM0


async def _nothing() -> AsyncIterator[bytes]:
    """An empty payload."""
    pieces: tuple[bytes, ...] = ()
    for piece in pieces:
        yield piece


@answers(calls.BACKUP_INFO)
async def info(asking: Asking, profile: str, _payload: None) -> str:
    preview = await asking.ask(mgmt1.BACKUP_INFO(DOM0, profile, _nothing()))
    if not isinstance(preview, Preview):
        raise TypeError("The answer for a profile is its preview.")
    return table(preview, [row.name for row in await asking.ask(mgmt1.VM_LIST(DOM0))])


@answers(calls.BACKUP_EXECUTE)
async def execute(asking: Asking, profile: str, _payload: None) -> None:
    await asking.ask(mgmt1.BACKUP_EXECUTE(DOM0, profile, {}))


@answers(calls.BACKUP_CANCEL)
async def cancel(asking: Asking, profile: str, _payload: None) -> None:
    await asking.ask(mgmt1.BACKUP_CANCEL(DOM0, profile))
