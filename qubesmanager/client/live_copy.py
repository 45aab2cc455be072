# SPDX-License-Identifier: GPL-3.0-or-later
"""A live copy of the system: subscribe, list, follow; after a break again, with an update for each difference.

Subscribing comes before listing, so a change that happens between the two is not missed; folding an event into a
record that has it already changes nothing.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field

from qubesmanager.client.client import Client
from qubesmanager.transport.base import TransportError
from qubesmanager.wire import calls
from qubesmanager.wire.errors import Mgmt1Error, ProtocolError
from qubesmanager.wire.event import Event
from qubesmanager.wire.events import CONNECTION_ESTABLISHED, EVENTS_LOST, apply_event, property_change
from qubesmanager.wire.names import DOM0, VM_NAME, shown
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import reason_of
from qubesmanager.wire.records import VmRecord

log = logging.getLogger(__name__)

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 10.0
MOST_REASONS = 20
"""Rows that are left out whose reasons are kept."""
GONE_AT_ONCE = 250
"""Qubes of one `Gone` when everything is listed again, after which the loop gets a turn."""


@dataclass(frozen=True, slots=True)
class Put:
    """These records are new or different."""

    records: tuple[VmRecord, ...]


@dataclass(frozen=True, slots=True)
class SystemChanged:
    """System-wide properties have other values."""


@dataclass(frozen=True, slots=True)
class Gone:
    """These qubes are gone."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Happened:
    """Events, in order, after the records that they changed."""

    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Synced:
    """The copy is whole and live."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why rows or events of qubes were left out since the last listing began; empty if none were."""

    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection is gone; the copy is stale. Tried again after `retry_in` seconds."""

    error: Exception
    retry_in: float


Update = Put | SystemChanged | Gone | Happened | Unreadable | Synced | Lost


@dataclass(slots=True)
class LiveCopy:
    """The qubes and the system-wide properties, as of the last event: the client's `Facts`."""

    qubes: dict[str, VmRecord] = field(default_factory=dict)
    system_properties: dict[str, str] = field(default_factory=dict)
    """Value by name; empty where dom0 does not list them for this client."""

    def snapshot(self) -> "LiveCopy":
        """The copy as it is now, which later events do not change."""
        return LiveCopy(dict(self.qubes), self.system_properties)

    def system(self, name: str) -> str:
        """The value of a system-wide property; empty if it is not known."""
        return self.system_properties.get(name, "")

    def sees(self, _name: str) -> bool:
        """Always: the copy has only what dom0 lists for this client."""
        return True


class Follower:
    """Follows the system of `client` and calls `tell` with each update, in the loop, in order."""

    def __init__(self, client: Client, tell: Callable[[Update], None]) -> None:
        self.copy = LiveCopy()
        self._client = client
        self._tell = tell
        self._hurry = asyncio.Event()
        self._synced = False
        self.unreadable: tuple[Reason, ...] = ()
        """Why rows or events were left out, as of the last `Unreadable`."""

    @property
    def records(self) -> dict[str, VmRecord]:
        """The qubes of the copy by name."""
        return self.copy.qubes

    def resync(self) -> None:
        """List again now: ends a pause, or breaks the connection that is open."""
        self._hurry.set()

    async def run(self) -> None:
        """Follow until cancelled."""
        pause = FIRST_PAUSE
        while True:
            self._hurry.clear()
            self._synced = False
            error = await self._until_broken()
            if error is None:
                continue
            if self._synced:
                pause = FIRST_PAUSE
            self._tell(Lost(error, pause))
            try:
                async with asyncio.timeout(pause):
                    await self._hurry.wait()
            except TimeoutError:
                pause = min(pause * 2, LONGEST_PAUSE)

    async def _until_broken(self) -> TransportError | Mgmt1Error | None:
        """Follow until the connection breaks, and say how; None if everything must be listed again."""
        loop = asyncio.get_running_loop()
        tasks = following, hurrying = loop.create_task(self._follow()), loop.create_task(self._hurry.wait())
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if not following.done():
                return None
            following.result()
        except (TransportError, Mgmt1Error) as error:
            return error
        finally:
            following.cancel()
            hurrying.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return None

    async def _follow(self) -> None:
        async with aclosing(self._client.events()) as stream:
            first = await anext(stream)
            if not first or not CONNECTION_ESTABLISHED.matches(first[0]):
                raise TransportError("The event stream does not start as it should.")
            await self._list_system()
            await self._list()
            self._synced = True
            self._tell(Synced())
            await self._take(first[1:])
            async for batch in stream:
                await self._take(batch)

    async def _list_system(self) -> None:
        """List the system-wide properties. A client that may not read them continues without them."""
        listed: dict[str, str] = {}
        try:
            listed = {row.name: row.value for row in await self._client.send(calls.PROPERTY_GET_ALL(DOM0))}
        except Mgmt1Error as error:
            log.warning("The system-wide properties are not known: %s", error)
        self._put_system(listed)

    def _put_system(self, values: dict[str, str]) -> None:
        if values != self.copy.system_properties:
            self.copy.system_properties = values
            self._tell(SystemChanged())

    async def _list(self) -> None:
        """Put what is new or different, then take away what was not listed."""
        listed: set[str] = set()
        reasons: dict[Reason, None] = {}
        async with aclosing(self._client.batches(calls.VM_GET_ALL(DOM0), _noted_in(reasons))) as batches:
            async for batch in batches:
                listed.update(record.name for record in batch)
                self._put(batch)
        gone = [name for name in self.records if name not in listed]
        for first in range(0, len(gone), GONE_AT_ONCE):
            part = tuple(gone[first : first + GONE_AT_ONCE])
            for name in part:
                del self.records[name]
            self._tell(Gone(part))
            await asyncio.sleep(0)
        self._tell_unreadable(reasons)

    def _tell_unreadable(self, reasons: Iterable[Reason]) -> None:
        after = tuple(reasons)
        if after != self.unreadable:
            self.unreadable = after
            self._tell(Unreadable(after))

    def _put(self, batch: list[VmRecord]) -> None:
        changed = tuple(record for record in batch if self.records.get(record.name) != record)
        self.records.update((record.name, record) for record in changed)
        if changed:
            self._tell(Put(changed))

    async def _take(self, batch: list[Event]) -> None:
        """Fold the events. A qube whose event does not decode is listed again; the others are not affected."""
        reasons = dict.fromkeys(self.unreadable)
        for name in self._fold(batch):
            async with aclosing(self._client.batches(calls.VM_GET_ALL(DOM0, name), _noted_in(reasons))) as batches:
                async for records in batches:
                    self._put(records)
        self._tell_unreadable(reasons)

    def _fold(self, batch: list[Event]) -> list[str]:
        """Make of the records what the events say; the qubes whose events do not decode."""
        unclear: dict[str, None] = {}
        put: dict[str, VmRecord] = {}
        gone: dict[str, None] = {}
        for event in batch:
            if EVENTS_LOST.matches(event):
                raise TransportError("Too many events at once; listing again.")
            before = self.records.get(event.subject)
            try:
                after = apply_event(before, event)
            except ProtocolError as error:
                log.warning("An event of %s is left out: %s", shown(event.subject), error)
                if VM_NAME.matches(event.subject):
                    unclear[event.subject] = None
                continue
            if after is before:
                continue
            if after is None:
                del self.records[event.subject]
                put.pop(event.subject, None)
                gone[event.subject] = None
            else:
                self.records[event.subject] = put[event.subject] = after
        if changed := {
            change.name: change.value
            for event in batch
            if not event.subject and (change := property_change(event)) is not None
        }:
            self._put_system({**self.copy.system_properties, **changed})
        if gone:
            self._tell(Gone(tuple(gone)))
        if put:
            self._tell(Put(tuple(put.values())))
        if batch:
            self._tell(Happened(tuple(batch)))
        return list(unclear)


def _noted_in(reasons: dict[Reason, None]) -> Callable[[Mgmt1Error], None]:
    """Logs a row that is left out, and notes why."""

    def note(error: Mgmt1Error) -> None:
        log.warning("A qube is left out of the list: %s", error)
        if len(reasons) < MOST_REASONS:
            reasons[reason_of(error)] = None

    return note
