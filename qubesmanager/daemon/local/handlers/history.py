# SPDX-License-Identifier: GPL-3.0-or-later
"""The history of changes."""

from qubesmanager.daemon.local.handlers.context import Context, answers
from qubesmanager.wire import calls
from qubesmanager.wire.history import HistoryEntry, HistoryQuery


@answers(calls.HISTORY)
async def history(context: Context, name: str | None, query: HistoryQuery) -> list[HistoryEntry]:
    by_policy = context.system.policy_sight.decides
    return await context.system.history.entries(context.source, name, query, context.sees, by_policy=by_policy)
