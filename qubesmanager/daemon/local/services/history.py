# SPDX-License-Identifier: GPL-3.0-or-later
"""The history of changes: what a source reads of it, and its ageing. The store records it (`store/recording.py`)."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

from qubesmanager.daemon.local.core.origin import Origin
from qubesmanager.daemon.local.runtime import DOM0_UUID, Runtime
from qubesmanager.daemon.local.store.recording import COLUMNS, Recording, entry_of, kept, sight_of
from qubesmanager.rules.sight import OTHER, Sees
from qubesmanager.wire.event_row import Audience
from qubesmanager.wire.events import audience_of
from qubesmanager.wire.history import DAEMON, HistoryEntry, HistoryQuery
from qubesmanager.wire.limits import HISTORY_PAGE
from qubesmanager.wire.names import DOM0

AGE_SECONDS = 3600.0
"""Seconds between two looks whether changes are too old."""


class History:
    """What changed."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def entries(
        self, source: str, name: str | None, query: HistoryQuery, sees: Sees, *, by_policy: bool
    ) -> list[HistoryEntry]:
        """A page of what `source` may know, newest first; see `mgmt1.History`. Raises `StoreError`.

        `sees`: whether it sees a qube now. `by_policy`: the policy decides that, and not the tags.
        """
        where, values = self._about(sees, name)
        entries: list[HistoryEntry] = []
        before = query.before
        while True:
            rows = await self._runtime.store.read(
                f"SELECT {COLUMNS} FROM history WHERE {where} AND {kept()}"  # noqa: S608 - words of ours
                " AND id < ifnull(?, ~(1 << 63)) AND id > ? ORDER BY id DESC LIMIT ?",
                (*values, before, query.after or 0, query.limit if source == DOM0 else HISTORY_PAGE),
            )
            for row in rows:
                entry = entry_of(row)
                if self._may_read(source, entry, row, sees, by_policy=by_policy):
                    entries.append(_reduced(sees, entry))
                if len(entries) == query.limit:
                    return entries
            # dom0 sees every row.
            if source == DOM0 or len(rows) < HISTORY_PAGE:
                return entries
            before = rows[-1][0]

    async def keep(self) -> None:
        """For the life of the system: remove what is too old. A change removes it too."""
        while True:
            await asyncio.sleep(AGE_SECONDS)
            await self._runtime.store.commit([], Recording(Origin(), self._runtime.clock(), ages=True))

    def _about(self, sees: Sees, name: str | None) -> tuple[str, tuple[str, ...]]:
        """A condition for the entries of a name, and its values. A hidden qube is answered as one that is gone."""
        if name is None:
            return "1", ()
        if name in self._runtime.state.qubes and sees(name):
            return "uuid = ?", (str(self._runtime.state.qube(name).uuid),)
        return "qube = ?", (name,)

    def _may_read(self, source: str, entry: HistoryEntry, row: tuple[Any, ...], sees: Sees, *, by_policy: bool) -> bool:
        """Whether `source` got the event of the change, and may still see the qube.

        The policy of that time is not known: where the policy decides, those of the qubes that it sees now. A qube that
        is gone is none that a policy could allow.
        """
        if source == DOM0:
            return True
        audience = audience_of(entry.event)
        if not entry.uuid:
            return audience is Audience.EVERYONE
        uuid = UUID(entry.uuid)
        if uuid == DOM0_UUID:
            return audience is Audience.SIGHT
        own = self._runtime.state.qubes.get(source)
        if own is not None and own.uuid == uuid:
            return True
        qube = self._runtime.state.by_uuid.get(uuid)
        if by_policy:
            return qube is not None and sees(qube.name)
        return source in sight_of(row) and (qube is None or sees(qube.name))


def _reduced(sees: Sees, entry: HistoryEntry) -> HistoryEntry:
    """The entry without the name of a source that the reader does not see."""
    return entry if entry.source == DAEMON or sees(entry.source) else replace(entry, source=OTHER, call="")
