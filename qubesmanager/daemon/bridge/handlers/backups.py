# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups that qubesd makes, by its own profiles."""

from collections.abc import Mapping

from qubesmanager.admin import calls
from qubesmanager.daemon.bridge.context import Context, answers
from qubesmanager.wire import calls as m
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import refusal


@answers(m.BACKUP_EXECUTE)
async def execute(context: Context, profile: str, options: Mapping[str, str]) -> None:
    """Carry out a profile of qubesd, whose passphrase is in it."""
    if options:
        raise refusal("call-not-in-qubes", context.call.name, Reason("instead-profile-passphrase"))
    await context.ask(calls.BACKUP_EXECUTE(DOM0, profile))


@answers(m.BACKUP_CANCEL)
async def cancel(context: Context, profile: str, _payload: None) -> None:
    await context.ask(calls.BACKUP_CANCEL(DOM0, profile))
