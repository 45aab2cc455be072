# SPDX-License-Identifier: GPL-3.0-or-later
"""The mirror: a copy of what qubesd knows, as records of `mgmt1.vm.GetAll`, kept up to date by its events.

It subscribes before it lists, so nothing is missed. The properties of all qubes are read first, since the table needs
them; the other parts follow one qube at a time, so that the only thread of qubesd has time for others. A qube that a
caller asks for comes before all that.

An event changes a record at once if it has the new value, and otherwise marks a part that is read again. If the qube
changes while a part is read, the answer may be older than the change: it is dropped, and the part is read once more.
A part that qubesd does not answer for is asked for again later, until it is answered or refused, or the qube is gone.
After a break of the connection everything is read again; the differences go to the listeners as events. What changes
without an event is read again now and then, as long as a listener is there to see it.
"""

import asyncio
import logging
import time
from collections import ChainMap
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from itertools import count

from qubesmanager.admin import calls
from qubesmanager.admin.backups import sizes_in
from qubesmanager.daemon.bridge import differences, reading
from qubesmanager.daemon.bridge.backup_runs import BackupRuns
from qubesmanager.daemon.bridge.channel import AT_ONCE, Channel
from qubesmanager.daemon.bridge.following import ESTABLISHED, follow, is_shown
from qubesmanager.daemon.bridge.marks import Level, Marks
from qubesmanager.daemon.bridge.system_info import tags_of_all
from qubesmanager.daemon.bridge.unanswered import FIRST_PAUSE, LONGEST_PAUSE, Unanswered
from qubesmanager.daemon.event_hub import EventHub
from qubesmanager.transport.base import Transport
from qubesmanager.transport.turns import Turns
from qubesmanager.wire import events
from qubesmanager.wire.codecs import PropertyRow, VmInfo
from qubesmanager.wire.errors import Mgmt1Error, PermissionDenied, QubesLabelNotFoundError, QubesVMNotFoundError
from qubesmanager.wire.event import Event
from qubesmanager.wire.names import DOM0, VM_NAME
from qubesmanager.wire.reasons import refusal
from qubesmanager.wire.records import PropertyValue, VmRecord
from qubesmanager.wire.values import DeviceChange, DeviceClass

log = logging.getLogger(__name__)

TAGS_PAUSE = 1.0
"""Seconds between a change of tags and the list of qubes that is read because of it."""
PATIENCE = 5.0
"""Seconds for which an answer waits until what was changed has been read again."""
LOOKED_AT = 60.0
"""Seconds for which a qube that a caller asked about is read again sooner than the others."""


class Mirror:
    """Runs from `start` until `close`. `internal` leads to qubesd's second socket.

    `first_pause` and `longest_pause`: seconds between two tries to connect. `pauses`: the shortest and the longest
    pause before a part without an answer is asked for again, in seconds.

    `refresh`: seconds between two qubes of which what has no event is read again, one after the other. `relist`:
    seconds between two lists of all qubes, for states that change without an event. Both rest without a listener.
    """

    def __init__(
        self,
        channel: Channel,
        *,
        internal: Transport | None = None,
        first_pause: float = 0.2,
        longest_pause: float = 10.0,
        pauses: tuple[float, float] = (FIRST_PAUSE, LONGEST_PAUSE),
        refresh: float = 2.0,
        relist: float = 30.0,
    ) -> None:
        self.records: dict[str, VmRecord] = {}
        """The qubes whose properties were read."""
        self.hidden: dict[str, VmRecord] = {}
        """The disposables that qubesd keeps ready."""
        self.system: dict[str, PropertyRow] = {}
        self.hub = EventHub()
        self.backups = BackupRuns(self.emit, self._size_of_backup)
        self._channel = channel
        self._internal = internal
        self._pauses = (first_pause, longest_pause)
        self._refresh = refresh
        self._relist = relist
        self._unread: dict[str, VmRecord] = {}
        """Qubes whose properties were not read yet, with what is known of them."""
        self._incomplete: set[str] = set()
        """Qubes of `records` of which a part was never read."""
        self._unannounced: set[str] = set()
        """Qubes of the first list until they are known: a listener gets them as rows, so they are not also events."""
        self._marks = Marks()
        self._unanswered = Unanswered(self._ask_again, first=pauses[0], longest=pauses[1])
        self._numbers = count(1)
        self._versions: dict[str, int] = {}
        """By qube that is known or being read: a number that is another one after each change."""
        self._looked_at: dict[str, float] = {}
        self.offered: dict[tuple[str, DeviceClass], frozenset[str]] = {}
        """The ports of a backend that were listed last."""
        self._labels: frozenset[str] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._news = asyncio.Event()
        self._connected = asyncio.Event()
        self._tags_changed = asyncio.Event()
        self._listed = False
        self._failure: Mgmt1Error | None = None
        self._system_parts: dict[str, Callable[[], Awaitable[None]]] = {
            _PROPERTIES: self._read_system_properties,
            _LABELS: self._compare_labels,
            _LIST: self._compare_list,
        }
        channel.on_answered_at_last = self._read_what_seemed_lacking

    def start(self) -> None:
        """Begin to follow qubesd, if that has not begun."""
        if not self._tasks:
            works = [self._follow(), self._refresh_slowly(), self._relist_slowly(), self._read_marked(later=True)]
            works += [self._read_marked() for _ in range(AT_ONCE)]
            loop = asyncio.get_running_loop()
            self._tasks = [loop.create_task(work) for work in works]

    def end_streams(self) -> None:
        """End the streams of the listeners."""
        self.hub.close()

    async def close(self) -> None:
        """End the streams of the listeners, and all work."""
        self.end_streams()
        self.backups.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._unanswered.clear()

    # -- what callers get ---------------------------------------------------------------------------------------------

    async def rows(self, only: str | None = None) -> AsyncGenerator[VmRecord, None]:
        """Each record as soon as it is known, in no fixed order. Raises why qubesd cannot be listed.

        Where a listener gets the rest as events, a record of the whole list has only its properties; in any other case
        all of it is read first.
        """
        self.start()
        if only is not None:
            if (record := await self._complete(only)) is not None:
                yield record
            return
        awaits_all = not self.hub.listeners
        sent: set[str] = set()
        while True:
            self._raise_failure()
            ready = self.records.keys() - sent - (self._incomplete if awaits_all else set())
            for name in sorted(ready):
                if (record := self.records.get(name)) is not None:
                    sent.add(name)
                    yield record
            if ready:
                continue  # more may have become known while the caller took these
            if self._listed and not self._unread and not (awaits_all and self._incomplete):
                return
            await self._news.wait()

    async def record(self, name: str) -> VmRecord:
        """A qube's record, once it is complete. Raises `QubesVMNotFoundError`."""
        self.start()
        record = await self._complete(name)
        if record is None:
            raise refusal("no-such-qube", name)
        return record

    async def _complete(self, name: str) -> VmRecord | None:
        """A qube's record with all its parts; None if qubesd does not have the qube, or it is not shown.

        What was not answered is asked for once more at once.
        """
        has_asked = False
        self._unanswered.hurry(name)
        while True:
            self._raise_failure()
            self._marks.hurry(name)
            if self._listed and not has_asked and self._known(name) is None:
                has_asked = True  # its event may be on the way
                self.reread(name)
            is_read = name not in self._marks and name not in self._unread and name not in self._incomplete
            if self._listed and (is_read or name in self.hidden):
                return self.records.get(name)
            await self._news.wait()

    async def listed(self) -> dict[str, VmRecord]:
        """All records, once qubesd has been listed and each of them is complete."""
        self.start()
        while not self._listed or self._unread or self._incomplete:
            self._raise_failure()
            await self._news.wait()
        return self.records

    async def settled(self) -> None:
        """Wait until all that is marked has been read."""
        self.start()
        while not self._listed or not self._marks.is_idle:
            self._raise_failure()
            await self._news.wait()

    def looked_at(self, name: str) -> None:
        """A caller asked about this qube: for a while it is read again sooner than the others."""
        if name in self.records:
            self._looked_at[name] = time.monotonic()

    @property
    def remembered(self) -> int:
        """How many qubes anything is kept of."""
        kept = (self.records, self.hidden, self._unread, self._versions, self._looked_at, self._incomplete)
        return len(set[str]().union(*kept, self._unannounced, self._unanswered.names))

    def _raise_failure(self) -> None:
        if not self._listed and self._failure is not None:
            raise self._failure

    # -- what events act on -------------------------------------------------------------------------------------------

    @property
    def all_known(self) -> ChainMap[str, VmRecord]:
        return ChainMap(self.records, self.hidden)

    def known(self, name: str) -> VmRecord | None:
        return self.records.get(name) or self.hidden.get(name)

    def become(self, record: VmRecord) -> None:
        """An answer on its way may be older than what is known now, also if that changes nothing."""
        self._touch(record.name)
        self._replace(record)

    def _replace(self, record: VmRecord) -> None:
        name = record.name
        is_row = name in self._unannounced
        self._unannounced.discard(name)
        if not is_shown(record):
            self.hidden[name] = record
            self._incomplete.discard(name)
            if self.records.pop(name, None) is not None:
                self.hub.emit(events.DOMAIN_DELETE(name))
            return
        before = self.records.get(name)
        if before == record:
            return
        self._touch(name)
        self.hidden.pop(name, None)
        self.records[name] = record
        if before is None and is_row:
            return
        for event in differences.between(before, record):
            self.hub.emit(event)

    def distrust(self, *parts: str) -> None:
        for name in self._marks.busy:
            if self._known(name) is not None:
                self._touch(name)
        for name in self._unread if parts else ():
            self._marks.mark(name, parts, Level.LATER)

    def reread(self, name: str, *parts: str) -> None:
        if not VM_NAME.matches(name):
            return
        self._touch(name)
        if not parts or self._known(name) is None:
            parts = tuple(reading.ALL)
        elif name in self._unread:
            parts = (*parts, reading.STATE)
        self._marks.mark(name, parts, Level.SOON)

    async def read_again(self, name: str, *parts: str) -> None:
        """Read parts of a qube again before anything else, and wait for it: callers then see what they changed.

        Nothing waits while qubesd is not followed, or for longer than `PATIENCE`.
        """
        self.reread(name, *parts)
        if not (self._listed and self._connected.is_set()):
            return
        self._marks.hurry(name)
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while name in self._marks and self._connected.is_set():
                    await self._news.wait()

    async def read_everything_again(self) -> None:
        """List and read all qubes again, and wait for it: also what events that were lost were about.

        Raises why qubesd cannot be listed.
        """
        await self.listed()
        self._channel.forget()
        await self._compare_list()
        self._marks.mark(_SYSTEM, {_PROPERTIES, _LABELS}, Level.SOON)
        for name in self.all_known:
            self._marks.mark(name, reading.FIRST, Level.FIRST)
            self._marks.mark(name, reading.NOT_LISTED - reading.FIRST, Level.LATER)
        await self.settled()

    def reread_system(self) -> None:
        self._marks.mark(_SYSTEM, {_PROPERTIES}, Level.SOON)

    def gone(self, name: str) -> None:
        self._marks.forget(name)
        self._unanswered.forget(name)
        for known in (self._unread, self.hidden, self._versions, self._looked_at):
            known.pop(name, None)
        for kind in DeviceClass:
            self.offered.pop((name, kind), None)
        self._incomplete.discard(name)
        self._unannounced.discard(name)
        if self.records.pop(name, None) is not None:
            self.hub.emit(events.DOMAIN_DELETE(name))
        self._tell()

    def emit(self, event: Event) -> None:
        self.hub.emit(event)

    def tags_changed(self) -> None:
        """The policy may show other qubes by their tags now, and sends no event of these: list them soon."""
        self._tags_changed.set()

    def offers_changed(self, backend: str, kind: DeviceClass) -> None:
        """Where Qubes 4.2 or older sends no event for each device: list them, and send one for each difference."""
        if (backend, kind) in self.offered and self._channel.lacks(calls.VM_DEVICE_ASSIGNED.of(kind)(backend)):
            self.reread(backend, _OFFERS + kind)

    def _known(self, name: str) -> VmRecord | None:
        return self.known(name) or self._unread.get(name)

    def _touch(self, name: str) -> None:
        self._versions[name] = next(self._numbers)

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
            except PermissionDenied as error:
                failure = error
                if await self._read_without_events():
                    continue
            except Mgmt1Error as error:
                failure = error
            except Exception:
                log.exception("What qubesd sent cannot be followed")
            self._connected.clear()
            self._failure = failure
            log.info("qubesd is not followed: %s", failure)
            failures += 1
            if failures > 1:
                self._lose()
            self._tell()
            await asyncio.sleep(pause)
            pause = min(pause * 2, longest)

    async def _read_without_events(self) -> bool:
        """List everything, and again after a while: the policy refuses events. False if it refuses the list, too.

        Never before all that the list marked has been read: a slow qubesd would never be read to its end.
        """
        try:
            await self._list()
        except Mgmt1Error as error:
            log.info("qubesd cannot be listed: %s", error)
            return False
        self._connected.set()
        await asyncio.sleep(self._relist)
        await self.settled()
        return True

    def _lose(self) -> None:
        """The second try to connect failed, too: end the listeners' streams, so that they see it."""
        self._listed = False
        self.hub.close()
        self.hub = EventHub()

    async def _take(self, batch: list[Event]) -> None:
        for event in batch:
            if event.name == ESTABLISHED:
                await self._list()
                self._connected.set()
            else:
                self.backups.happened(event)
                follow(self, event)

    async def _list(self) -> None:
        """List all qubes and mark everything. Events that come meanwhile wait in the connection."""
        self._channel.forget()
        rows = await self._channel.rows(calls.VM_LIST(DOM0))
        tags = await tags_of_all(self._internal) if self._internal is not None else {}
        classes = {row.name: row.klass for row in rows}
        for known in (self.records, self.hidden, self._unread):
            for name in [name for name, record in known.items() if classes.get(name) is not record.klass]:
                self.gone(name)
        if not self._listed:
            self._unannounced = classes.keys() - self.records.keys()
        self._unanswered.clear()
        turns = Turns()
        for row in rows:
            self._take_row(row, tags.get(row.name))
            await turns.give()
        self._marks.mark(_SYSTEM, {_PROPERTIES, _LABELS}, Level.SOON)
        self._listed = True
        self._tell()

    def _take_row(self, row: VmInfo, tags: frozenset[str] | None = None) -> None:
        """Take what the list has of a qube, and mark the rest."""
        name = row.name
        record = self._known(name)
        if record is None:
            record = VmRecord(name, row.klass, row.state)
            self._incomplete.add(name)
            self._unread[name] = record
        record = record.updated(state=row.state, tags=tags)
        if name in self._unread:
            self._unread[name] = record
            self._touch(name)
        else:
            self.become(record)
        rest = reading.NOT_LISTED - reading.FIRST
        self._marks.mark(name, reading.FIRST, Level.FIRST)
        self._marks.mark(name, rest if tags is None else rest - {reading.TAGS}, Level.LATER)

    # -- what has no event --------------------------------------------------------------------------------------------

    async def _refresh_slowly(self) -> None:
        """Read what another client may change without an event, in turns of a qube looked at and one of all."""
        last = {True: "", False: ""}
        is_turn_of_all = False
        while True:
            await asyncio.sleep(self._refresh)
            now = time.monotonic()
            for name in [name for name, since in self._looked_at.items() if now - since > LOOKED_AT]:
                del self._looked_at[name]
            if not self._is_watched:
                continue
            is_turn_of_all = not is_turn_of_all
            names = sorted(self.records if is_turn_of_all else self._looked_at.keys() & self.records.keys())
            if names:
                name = next((name for name in names if name > last[is_turn_of_all]), names[0])
                last[is_turn_of_all] = name
                self._marks.mark(name, reading.WITHOUT_EVENTS, Level.LATER)

    @property
    def _is_watched(self) -> bool:
        """Whether a listener would see a difference."""
        return self._listed and self._connected.is_set() and self.hub.listeners > 0

    async def _relist_slowly(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._relist):
                    await self._tags_changed.wait()
                # Several that change together need one list.
                await asyncio.sleep(min(TAGS_PAUSE, self._relist))
            self._tags_changed.clear()
            if self._is_watched:
                self._marks.mark(_SYSTEM, {_LIST, _LABELS}, Level.SOON)
                while _SYSTEM in self._marks:
                    await self._news.wait()

    async def _compare_list(self) -> None:
        """Take states, new and missing qubes from a list. What changed since it was asked for is left as it is."""
        before = dict(self._versions)
        rows = {row.name: row for row in await self._channel.rows(calls.VM_LIST(DOM0))}
        turns = Turns()
        for name in self.records.keys() | self.hidden.keys() | self._unread.keys() | rows.keys():
            if self._versions.get(name) != before.get(name):
                continue
            record, row = self._known(name), rows.get(name)
            if record is not None and (row is None or _is_another(record, row)):
                self.gone(name)
                record = None
            if row is None:
                continue
            if record is None:
                self._take_row(row)
            elif name in self._unread:
                self._unread[name] = record.updated(state=row.state)
            elif record.state is not row.state:
                self.become(record.updated(state=row.state))
            await turns.give()

    async def _compare_labels(self) -> None:
        """Send an event for each label that another client created or removed."""
        names = frozenset(await self._channel.rows(calls.LABEL_LIST(DOM0)))
        if self._labels is None:
            self._labels = names
        for name in sorted(self._labels - names):
            self._labels -= {name}
            self.emit(events.LABEL_DELETE(name))
        for name in sorted(names - self._labels):
            with suppress(QubesLabelNotFoundError):  # removed since the list
                color = await self._channel.ask(calls.LABEL_GET(DOM0, name))
                self._labels |= {name}
                self.emit(events.LABEL_ADD(name, color))

    async def _compare_offers(self, backend: str, kind: DeviceClass) -> None:
        """Send an event for each device that a qube offers, or offers no longer. Raises why they are unknown."""
        rows = await self._channel.rows(calls.VM_DEVICE_AVAILABLE.of(kind)(backend))
        before = self.offered.get((backend, kind))
        if before is None:  # the backend is gone
            return
        now = self.offered[backend, kind] = frozenset(row.fields.get("port_id", "") for row in rows)
        for port in sorted(before ^ now):
            change = DeviceChange.ADDED if port in now else DeviceChange.REMOVED
            self.emit(events.DEVICE_LIST_CHANGE(backend, kind, port, change))

    async def _size_of_backup(self, profile: str) -> int:
        answer = await self._channel.ask(calls.BACKUP_INFO(DOM0, profile))
        return sum(size for _name, size, _is_running in sizes_in(answer))

    # -- reading ------------------------------------------------------------------------------------------------------

    def _ask_again(self, name: str, part: str) -> None:
        """Read a part that got no answer: what the table needs soon, the rest when nothing else is left."""
        self._marks.mark(name, (part,), Level.SOON if part in reading.FIRST else Level.LATER)

    def _read_what_seemed_lacking(self) -> None:
        """A call that this qubesd seemed to lack is answered now."""
        for name in self.all_known:
            self._marks.mark(name, reading.MAYBE_LACKING, Level.LATER)

    async def _read_marked(self, *, later: bool = False) -> None:
        while True:
            name, parts = await self._marks.take(later=later)
            try:
                await self._connected.wait()
                await (self._read(name, parts) if name else self._read_system(parts))
            except QubesVMNotFoundError:
                self.gone(name)
            except Mgmt1Error as error:
                log.info("%s is left out: %s", name, error)
                self._leave_out(name)
                if reading.is_answered(error):
                    self.tags_changed()  # the list of all may have the qube
                else:
                    self._unanswered.failed(name, reading.STATE)
            except Exception:
                log.exception("Reading %s failed", name or "the system")
                self._leave_out(name)
            finally:
                self._marks.finish(name)
                if name not in self._marks:
                    self._incomplete.discard(name)
                self._tell()

    def _leave_out(self, name: str) -> None:
        """A qube could not be read: keep what was known before of it, if anything was."""
        self._unread.pop(name, None)
        self._unannounced.discard(name)
        if self._known(name) is None:
            self._versions.pop(name, None)

    async def _read(self, name: str, parts: frozenset[str]) -> None:
        record = self._known(name)
        if record is None:
            record, parts = await self._from_list(name), parts | reading.NOT_LISTED
        version = self._versions.get(name)
        read: list[str] = []
        for part in sorted(parts, key=_position):
            patch, is_whole = await self._answer(record, part)
            read.append(part)
            if version != self._versions.get(name):
                current = self._known(name)
                if current is None:
                    return
                self._marks.mark(name, read, Level.SOON)
                record, version, read = current, self._versions.get(name), []
                continue
            record = record.updated(**patch)
            (self._unanswered.answered if is_whole else self._unanswered.failed)(name, part)
        if name in self._unread:
            self._unread[name] = record
            if not set(read) >= reading.FIRST:
                return
            del self._unread[name]
        self._replace(record)

    async def _answer(self, record: VmRecord, part: str) -> tuple[reading.Patch, bool]:
        """What a part makes of the record, and whether all of it was answered."""
        try:
            if not part.startswith(_OFFERS):
                return await reading.read(self._channel, record, part), True
            await self._compare_offers(record.name, DeviceClass(part.removeprefix(_OFFERS)))
        except reading.UnansweredError as error:
            return error.patch, False
        except QubesVMNotFoundError:
            raise
        except Mgmt1Error as error:
            log.info("%s of %s cannot be read: %s", part, record.name, error)
            return {}, reading.is_answered(error)
        return {}, True

    async def _from_list(self, name: str) -> VmRecord:
        """What is known first of a qube. Raises `QubesVMNotFoundError`, and why it cannot be listed."""
        while (record := self._known(name)) is None:
            version = self._versions.get(name)
            rows = await self._channel.rows(calls.VM_LIST(name))
            if version != self._versions.get(name):
                continue
            row = next((row for row in rows if row.name == name), None)
            if row is None:
                raise refusal("no-such-qube", name)
            self._unread[name] = VmRecord(name, row.klass, row.state)
            self._touch(name)  # so that its end is noticed while its parts are read
        return record

    async def _read_system(self, parts: frozenset[str]) -> None:
        for part in sorted(parts):
            try:
                await self._system_parts[part]()
            except Mgmt1Error as error:
                log.info("The %s of the system cannot be read: %s", part, error)
                if not reading.is_answered(error):
                    self._unanswered.failed(_SYSTEM, part)
                    continue
            self._unanswered.answered(_SYSTEM, part)

    async def _read_system_properties(self) -> None:
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
"""What is marked that is not of one qube."""
_PROPERTIES, _LABELS, _LIST = "properties", "labels", "list"
"""The parts of the system: its properties, its labels, and the list of all qubes."""

_OFFERS = "offers:"
"""The prefix of a part that is the devices of a class which a qube offers."""

_ORDER = tuple(reading.PARTS)


def _is_another(record: VmRecord, row: VmInfo) -> bool:
    """Whether the row is of another qube, which has the name of one that was removed."""
    return record.klass is not row.klass or (bool(row.uuid) and record.value("uuid") not in {"", row.uuid})


def _position(part: str) -> int:
    return _ORDER.index(part) if part in reading.PARTS else len(_ORDER)
