# SPDX-License-Identifier: GPL-3.0-or-later
"""The mirror: a copy of what qubesd knows, as records of `mgmt1.vm.GetAll`, kept up to date by its events.

It subscribes before it lists, so nothing is missed. An event changes a record at once if it has the new value, and
otherwise marks a part that is read again. If the qube changes while a part is read, the answer may be older than the
change: it is dropped, and the part is read once more. After a break of the connection everything is read again; the
differences go to the listeners as events.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing

from qubesmanager.admin import calls
from qubesmanager.daemon.bridge import differences, reading
from qubesmanager.daemon.bridge.channel import AT_ONCE, Channel
from qubesmanager.daemon.bridge.following import ESTABLISHED, follow, is_shown
from qubesmanager.daemon.event_hub import EventHub
from qubesmanager.wire import events
from qubesmanager.wire.codecs import PropertyRow
from qubesmanager.wire.errors import Mgmt1Error, QubesVMNotFoundError
from qubesmanager.wire.event import Event
from qubesmanager.wire.names import DOM0, VM_NAME
from qubesmanager.wire.reasons import refusal
from qubesmanager.wire.records import PropertyValue, VmRecord

log = logging.getLogger(__name__)


class Mirror:
    """Runs from `start` until `close`. `first_pause` and `longest_pause`: seconds between two tries to connect.

    `refresh`: seconds between two qubes of which what has no event is read again, one after the other.
    """

    def __init__(
        self, channel: Channel, *, first_pause: float = 0.2, longest_pause: float = 10.0, refresh: float = 2.0
    ) -> None:
        self.records: dict[str, VmRecord] = {}
        self.system: dict[str, PropertyRow] = {}
        self.hub = EventHub()
        self._channel = channel
        self._pauses = (first_pause, longest_pause)
        self._refresh = refresh
        self._unread: dict[str, VmRecord] = {}
        """Qubes of which no record is complete yet, with what is known of them."""
        self._marks: dict[str, set[str]] = {}
        self._queue: asyncio.Queue[str] = asyncio.Queue()
        self._busy: set[str] = set()
        self._versions: dict[str, int] = {}
        """By qube: how often it changed."""
        self._tasks: list[asyncio.Task[None]] = []
        self._news = asyncio.Event()
        self._listed = False
        self._failure: Mgmt1Error | None = None

    def start(self) -> None:
        """Begin to follow qubesd, if that has not begun."""
        if not self._tasks:
            loop = asyncio.get_running_loop()
            self._tasks = [loop.create_task(self._follow()), loop.create_task(self._refresh_slowly())]
            self._tasks += [loop.create_task(self._read_marked()) for _ in range(AT_ONCE)]

    def end_streams(self) -> None:
        """End the streams of the listeners."""
        self.hub.close()

    async def close(self) -> None:
        """End the streams of the listeners, and all work."""
        self.end_streams()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def rows(self, only: str | None = None) -> AsyncGenerator[VmRecord, None]:
        """Each record as soon as it is complete, in no fixed order. Raises why qubesd cannot be listed."""
        self.start()
        sent: set[str] = set()
        while True:
            self._raise_failure()
            for name in sorted(self.records.keys() - sent):
                record = self.records.get(name)
                if record is not None and only in {None, name}:
                    yield record
                sent.add(name)
            if self._listed and not (self._unread if only is None else only in self._unread):
                return
            await self._news.wait()

    async def record(self, name: str) -> VmRecord:
        """A qube's record, once it is complete. Raises `QubesVMNotFoundError`."""
        async with aclosing(self.rows(name)) as rows:
            async for record in rows:
                return record
        raise refusal("no-such-qube", name)

    async def listed(self) -> dict[str, VmRecord]:
        """All records that are complete, once qubesd has been listed and each qube was read."""
        async with aclosing(self.rows()) as rows:
            async for _record in rows:
                pass
        return self.records

    async def settled(self) -> None:
        """Wait until all that is marked has been read."""
        self.start()
        while not self._listed or self._marks or self._busy:
            self._raise_failure()
            await self._news.wait()

    def _raise_failure(self) -> None:
        if not self._listed and self._failure is not None:
            raise self._failure

    # -- what events act on -------------------------------------------------------------------------------------------

    def become(self, record: VmRecord) -> None:
        before = self.records.get(record.name)
        if before == record:
            return
        self._versions[record.name] = self._versions.get(record.name, 0) + 1
        self.records[record.name] = record
        for event in differences.between(before, record):
            self.hub.emit(event)

    def reread(self, name: str, *parts: str) -> None:
        if VM_NAME.matches(name):
            self._versions[name] = self._versions.get(name, 0) + 1
            self._mark(name, frozenset(parts) if parts and name in self.records else reading.ALL)

    def reread_system(self) -> None:
        self._versions[_SYSTEM] = self._versions.get(_SYSTEM, 0) + 1
        self._mark(_SYSTEM, frozenset({_SYSTEM}))

    def gone(self, name: str) -> None:
        self._marks.pop(name, None)
        self._unread.pop(name, None)
        self._versions[name] = self._versions.get(name, 0) + 1
        if self.records.pop(name, None) is not None:
            self.hub.emit(events.DOMAIN_DELETE(name))
        self._tell()

    def emit(self, event: Event) -> None:
        self.hub.emit(event)

    # -- following ----------------------------------------------------------------------------------------------------

    async def _follow(self) -> None:
        first, longest = self._pauses
        pause, failures = first, 0
        while True:
            failure = refusal("qubesd-no-answer", calls.EVENTS.name)
            try:
                async with aclosing(self._channel.events(calls.EVENTS(DOM0))) as stream:
                    async for batch in stream:
                        await self._take(batch)
                        pause, failures = first, 0
            except Mgmt1Error as error:
                failure = error
            except Exception:
                log.exception("What qubesd sent cannot be followed")
            self._failure = failure
            log.info("qubesd is not followed: %s", failure)
            failures += 1
            if failures > 1:
                self._lose()
            self._tell()
            await asyncio.sleep(pause)
            pause = min(pause * 2, longest)

    def _lose(self) -> None:
        """The second try to connect failed, too: end the listeners' streams, so that they see it."""
        self._listed = False
        self.hub.close()
        self.hub = EventHub()

    async def _take(self, batch: list[Event]) -> None:
        for count, event in enumerate(batch, 1):
            if event.name == ESTABLISHED:
                await self._list()
            else:
                follow(self, event)
            if count % _TURN == 0:
                await asyncio.sleep(0)

    async def _list(self) -> None:
        """List all qubes and mark everything. Events that come meanwhile wait in the connection."""
        rows = await self._channel.rows(calls.VM_LIST(DOM0))
        classes = {row.name: row.klass for row in rows}
        for name, record in [*self.records.items()]:
            if classes.get(name) is not record.klass:
                self.gone(name)
        for name in self._unread.keys() - classes.keys():
            self.gone(name)
        for count, row in enumerate(rows, 1):
            if count % _TURN == 0:
                await asyncio.sleep(0)
            if row.name in self.records:
                self.become(self.records[row.name].updated(state=row.state))
            else:
                self._unread[row.name] = VmRecord(row.name, row.klass, row.state)
            self._versions[row.name] = self._versions.get(row.name, 0) + 1
            self._mark(row.name, reading.NOT_LISTED)
        self.reread_system()
        self._listed = True
        self._tell()

    async def _refresh_slowly(self) -> None:
        """Read what another client may change without an event."""
        last = ""
        while True:
            await asyncio.sleep(self._refresh)
            names = sorted(self.records) if self._listed else []
            if names:
                last = next((name for name in names if name > last), names[0])
                self._mark(last, reading.WITHOUT_EVENTS)

    # -- reading ------------------------------------------------------------------------------------------------------

    def _mark(self, name: str, parts: frozenset[str]) -> None:
        marks = self._marks.setdefault(name, set())
        if not marks and name not in self._busy:
            self._queue.put_nowait(name)
        marks |= parts

    async def _read_marked(self) -> None:
        while True:
            name = await self._queue.get()
            if name in self._busy or name not in self._marks:
                continue
            self._busy.add(name)
            try:
                await (self._read(name) if name else self._read_system())
            except QubesVMNotFoundError:
                self.gone(name)
            except Mgmt1Error as error:
                log.info("%s is left out: %s", name or "The system", error)
                self._unread.pop(name, None)
            except Exception:
                log.exception("Reading %s failed", name or "the system")
                self._unread.pop(name, None)
            finally:
                self._busy.discard(name)
                if name in self._marks:
                    self._queue.put_nowait(name)
                self._tell()

    async def _read(self, name: str) -> None:
        marks = self._marks.pop(name)
        record = self.records.get(name) or self._unread.get(name) or await self._from_list(name)
        for part in sorted(marks, key=_position):
            version = self._versions[name]
            patch = await reading.read(self._channel, record, part)
            if version != self._versions[name]:
                if name in self.records or name in self._unread:
                    self._mark(name, frozenset({part}))
                record = self.records.get(name, record)
                continue
            record = record.updated(**patch)
            if name in self.records:
                self.become(record)
        if name in self._unread:
            self._unread[name] = record
            if name not in self._marks:
                del self._unread[name]
                if is_shown(record):
                    self.become(record)

    async def _from_list(self, name: str) -> VmRecord:
        """What is known first of a qube. Raises `QubesVMNotFoundError`."""
        for row in await self._channel.rows(calls.VM_LIST(name)):
            if row.name == name:
                self._unread[name] = VmRecord(name, row.klass, row.state)
                return self._unread[name]
        raise refusal("no-such-qube", name)

    async def _read_system(self) -> None:
        del self._marks[_SYSTEM]
        rows = await self._channel.rows(calls.PROPERTY_GET_ALL(DOM0))
        for row in rows:
            value = reading.value_of(row.name, row.type, row.value)
            before, now = self.system.get(row.name), row._replace(value=value)
            self.system[row.name] = now
            if before is not None and before != now:
                self.hub.emit(events.property_event("", row.name, PropertyValue(value, row.is_default), before.value))

    def _tell(self) -> None:
        """Wake those who wait for a change."""
        self._news.set()
        self._news = asyncio.Event()


_SYSTEM = ""
"""What the system-wide properties are marked by."""

_TURN = 64
"""Events or rows after which the loop gets a turn."""

_ORDER = tuple(reading.PARTS)


def _position(part: str) -> int:
    return _ORDER.index(part) if part in reading.PARTS else len(_ORDER)
