# SPDX-License-Identifier: GPL-3.0-or-later
"""What all services share: the state in memory, the store as its truth, the hypervisor, the events, locks and tasks.

Orders and locks: `changing` is held while a change is checked, stored and applied, so a check still holds when the
change takes effect; it is never held while a driver works. A qube's own lock orders what takes long (start, shutdown,
volumes), and is taken before `changing`, never inside it.

Waiting for a lock takes time, in which the qube may be removed and another one made with its name. So both locks of a
qube are taken through `holding` and `altering`, which look again once they have it: by UUID, never by name.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from uuid import UUID

from qubesmanager.daemon.event_hub import EventHub
from qubesmanager.daemon.local.core import properties
from qubesmanager.daemon.local.core.labels import LABELS, UNKNOWN_COLOR
from qubesmanager.daemon.local.core.origin import origin
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.core.state import State
from qubesmanager.daemon.local.drivers.hypervisor.base import DomainStats, Hypervisor
from qubesmanager.daemon.local.store import rows
from qubesmanager.daemon.local.store.recording import Effective, PropertyKey, Recording
from qubesmanager.daemon.local.store.screening import Unreadable
from qubesmanager.daemon.local.store.store import Statement, Store, StoreDamagedError
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.event import Event
from qubesmanager.wire.event_row import AnyEventRow
from qubesmanager.wire.events import DOMAIN_STATE, TABLE, feature_changed, property_changed, row_of
from qubesmanager.wire.names import DOM0, shown
from qubesmanager.wire.reasons import refusal
from qubesmanager.wire.values import PowerState, VmClass

log = logging.getLogger(__name__)

DOM0_UUID = UUID(int=0)

_ROWS_NAMED = 3
"""Unreadable rows that the problem of a qube names."""

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 10.0
"""Seconds between attempts of a reaction that failed; each pause is twice the one before."""


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of one system."""

    kernels: Path
    logs: Path
    profiles: Path
    """Of backup profiles."""
    policy: Path
    """Of qrexec's policy files."""
    policy_hiding: Path | None = None
    """Of policy files that hide their namesakes in `policy`."""
    takes_home: bool = False
    """The daemon is dom0's own: backups of dom0 hold the home of its user, unless a profile says otherwise."""

    def console(self, uuid: UUID) -> Path:
        """The file with the output of the guest's first serial port."""
        return self.logs / f"{uuid}.console"


class _Subscription(NamedTuple):
    """`see` gets the events of these rows, properties and features."""

    see: Callable[[Event], None]
    rows: frozenset[AnyEventRow]
    properties: frozenset[str]
    features: frozenset[str]


class _Altering:
    """Holds `changing`; a class, because every change waits for a generator of `asynccontextmanager` twice as long."""

    __slots__ = ("_qube", "_runtime")

    def __init__(self, runtime: "Runtime", qube: Qube) -> None:
        self._runtime = runtime
        self._qube = qube

    async def __aenter__(self) -> None:
        await self._runtime.changing.acquire()
        try:
            self._runtime.still(self._qube)
        except BaseException:
            self._runtime.changing.release()
            raise

    async def __aexit__(self, *_error: object) -> None:
        self._runtime.changing.release()


class Runtime:
    """The common ground of the services; it knows none of them. Everything happens in one loop.

    `lock` is the open lock file of the state's folder; it is closed last.
    """

    def __init__(self, store: Store, hypervisor: Hypervisor, places: Places, lock: BinaryIO | None = None) -> None:
        self.state = State()
        self.store = store
        self.hypervisor = hypervisor
        self.places = places
        self.hub = EventHub()
        self.clock = time.time
        """The time of a change, in Unix seconds."""
        self.changing = asyncio.Lock()
        self.reserved: set[str] = set()
        """Names that are not free yet: of qubes that are being made, or whose volumes are being removed."""
        self.leaving: dict[str, asyncio.Event] = {}
        """By name: a removed qube whose volumes are being removed; set once they are gone."""
        self._clearing: Counter[str] = Counter()
        """By name: how many callers are in `leaving_name`."""
        self.sources: Counter[str] = Counter()
        """Qubes that new ones are being made from."""
        self.unreadable: list[Unreadable] = []
        """Rows of the store that could not be read and were not recovered since."""
        self._lock = lock
        self._subscriptions: list[_Subscription] = []
        self._subscribers_of = lru_cache(maxsize=1024)(self._subscribed)
        """By the name of an event: most events are for one subscriber or none."""
        self._first_subscribers: list[Callable[[Event], None]] = []
        self._closers: list[Callable[[], Awaitable[None]]] = []
        self._locks: dict[UUID, asyncio.Lock] = {}
        self._watchers: dict[UUID, set[asyncio.Event]] = {}
        self._background: set[asyncio.Task[None]] = set()
        self._retrying: set[asyncio.Task[None]] = set()
        self._closing = False

    # -- changing -----------------------------------------------------------------------------------------------------

    def still(self, qube: Qube) -> Qube:
        """The qube, which this system still has. Raises `QubesVMNotFoundError` if it was removed meanwhile."""
        if self.state.by_qid.get(qube.qid) is not qube:
            raise refusal("qube-removed-meanwhile", qube.name)
        return qube

    @asynccontextmanager
    async def holding(self, qube: Qube) -> AsyncIterator[None]:
        """Hold the lock that orders long operations on the qube.

        Raises `QubesVMNotFoundError` if the qube was removed while the caller waited. It may have another name then.
        """
        async with self._locks.setdefault(self.still(qube).uuid, asyncio.Lock()):
            self.still(qube)
            yield

    @contextmanager
    def leaving_name(self, name: str) -> Iterator[None]:
        """Reserve a name while what an earlier qube of the name left is removed; a caller may wait for the end.

        Several may do so at the same time, such as a removal and the clearing in the background: the name is free when
        the last of them has ended.
        """
        done = self.leaving.setdefault(name, asyncio.Event())
        self.reserved.add(name)
        self._clearing[name] += 1
        try:
            yield
        finally:
            self._clearing[name] -= 1
            if not self._clearing[name]:
                del self._clearing[name]
                self.reserved.discard(name)
                del self.leaving[name]
                done.set()

    def altering(self, qube: Qube) -> AbstractAsyncContextManager[None]:
        """Hold `changing` for a change of this qube. Raises `QubesVMNotFoundError` as `holding` does."""
        return _Altering(self, qube)

    async def commit(self, statements: Iterable[Statement]) -> None:
        """Make a change durable, and record it in the history. Hold `changing`; apply it to `state` only afterwards.

        Raises `StoreError`.
        """
        listed = list(statements)
        await self.store.commit(listed, Recording(origin(), self.clock(), self._before(listed)))

    def _before(self, statements: Iterable[Statement]) -> dict[PropertyKey, Effective]:
        """The properties that the statements write, as they are before; those of a new qube are left out.

        Only a statement that resets one needs its default, and the store has what is set on the qube itself.
        """
        values: dict[PropertyKey, Effective] = {}
        for statement in statements:
            written = rows.property_written(statement)
            if written is None:
                continue
            key, resets = written
            qid, name = key
            if qid is None:
                values[key] = Effective(self.state.system(name), self.state.system_default(name) if resets else "")
                continue
            qube = self.state.by_qid.get(qid)
            if qube is not None and name in qube.view and (resets or name not in qube.own):
                default = properties.TABLE[name].default_of(self.state, qube) if resets else ""
                values[key] = Effective(qube.value(name), default)
        return values

    def emit(self, events: Iterable[Event]) -> None:
        """Send events to the listeners of the hub and to the subscribers; every event of the system goes this way."""
        for event in events:
            for see in self._first_subscribers:
                see(event)
            self.hub.emit(event)
            for see in self._subscribers_of(event.name):
                see(event)

    def subscribe(
        self,
        see: Callable[[Event], None],
        *,
        rows: Iterable[AnyEventRow] = (),
        properties: Iterable[str] = (),
        features: Iterable[str] = (),
    ) -> None:
        """Call `see` with events from now on, in the order of the subscriptions. It must not block or raise.

        It gets those of `rows`, and those of changes of `properties` and `features`; without any of these, all events.
        """
        subscription = _Subscription(see, frozenset(rows), frozenset(properties), frozenset(features))
        if not any(subscription[1:]):
            subscription = subscription._replace(rows=frozenset(TABLE))
        self._subscriptions.append(subscription)
        self._subscribers_of.cache_clear()

    def _subscribed(self, name: str) -> tuple[Callable[[Event], None], ...]:
        """The subscribers that get the events of a name."""
        event = Event("", name)
        row, prop, feature = row_of(event), property_changed(event), feature_changed(event)
        return tuple(
            each.see
            for each in self._subscriptions
            if row in each.rows or prop in each.properties or feature in each.features
        )

    def subscribe_first(self, see: Callable[[Event], None]) -> None:
        """As `subscribe`, before the listeners of the hub get the event: for what decides who gets it."""
        self._first_subscribers.append(see)

    def spawn(self, name: str, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
        """Run a coroutine in the background until it ends or the system closes; failures are logged.

        None if the system is closing: then the coroutine does not run.
        """
        if self._closing:
            coroutine.close()
            return None
        task = asyncio.get_running_loop().create_task(self._logged(name, coroutine), name=name)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        # A task that is cancelled before its first step never comes to what it was to do.
        task.add_done_callback(lambda _task: coroutine.close())
        return task

    async def to_the_end(self, name: str, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run what follows a stored change. A cancelled caller stops waiting; the work goes on. Failures are logged."""
        task = self.spawn(name, coroutine)
        if task is not None:
            await asyncio.shield(task)

    def persist(self, name: str, act: Callable[[], Coroutine[Any, Any, None]], *, of: Qube | None = None) -> None:
        """Run a reaction in the background until it holds: one that fails is tried again, with growing pauses.

        It is given up only when `of`, the qube that it is about, was removed.
        """
        self.spawn(name, self._tried(name, act, of))

    async def ensure(self, name: str, act: Callable[[], Coroutine[Any, Any, None]], *, of: Qube | None = None) -> None:
        """Run what follows an act that cannot be taken back: now, and if that fails as `persist` does."""
        await self._tried(name, act, of)

    async def _tried(self, name: str, act: Callable[[], Coroutine[Any, Any, None]], of: Qube | None) -> None:
        try:
            await act()
        except Exception as error:
            if of is not None and self.state.by_uuid.get(of.uuid) is not of:
                return
            log.warning("%s failed, and is tried again: %s", name, error, exc_info=not isinstance(error, Mgmt1Error))
            task = self.spawn(name, self._tried_again(name, act, of))
            if task is not None:
                self._retrying.add(task)
                task.add_done_callback(self._retrying.discard)

    async def _tried_again(self, name: str, act: Callable[[], Coroutine[Any, Any, None]], of: Qube | None) -> None:
        pause = FIRST_PAUSE
        while True:
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
            if of is not None and self.state.by_uuid.get(of.uuid) is not of:
                return
            try:
                await act()
            except Exception as error:  # noqa: BLE001 - whatever failed, the reaction is still due
                log.debug("%s failed again: %s", name, error)
            else:
                log.info("%s is done at last", name)
                return

    async def settled(self) -> None:
        """Wait until each background task of now has ended, or has failed and waits for its next attempt."""
        while waiting := {task for task in self._background - self._retrying if not task.done()}:
            await asyncio.wait(waiting)

    def set_state(self, qube: Qube, power: PowerState) -> None:
        """Change the power state, emit it and wake the callers of `wait_for`.

        A halted qube that cannot be used (`problem`) has the state NA.
        """
        if power is PowerState.HALTED and qube.problem:
            power = PowerState.NA
        if qube.state is power:
            return
        qube.state = power
        qube.changed(growth=0)
        self.emit([DOMAIN_STATE(qube.name, power)])
        for watcher in self._watchers.get(qube.uuid, ()):
            watcher.set()

    async def wait_for(self, qube: Qube, *states: PowerState) -> None:
        """Wait until the qube is in one of the states, or is removed."""
        watcher = asyncio.Event()
        watchers = self._watchers.setdefault(qube.uuid, set())
        watchers.add(watcher)
        try:
            while qube.state not in states and self.state.by_uuid.get(qube.uuid) is qube:
                watcher.clear()
                await watcher.wait()
        finally:
            watchers.discard(watcher)

    async def next_qid(self) -> int:
        """The number of the next new qube. Hold `changing`, so that no other caller gets it."""
        ((last,),) = await self.store.read(
            "SELECT max((SELECT coalesce(max(qid), 0) FROM qube),"
            " (SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'qube' AND typeof(seq) = 'integer'))"
        )
        return int(last) + 1

    async def stats_of(self, qube: Qube) -> DomainStats | None:
        """The hypervisor's statistics of one qube; None while it is not running."""
        return next((stats for stats in await self.hypervisor.stats() if stats.uuid == qube.uuid), None)

    def forget(self, qube: Qube) -> None:
        """The qube was removed: wake the callers that wait for it."""
        for watcher in self._watchers.pop(qube.uuid, set()):
            watcher.set()
        self._locks.pop(qube.uuid, None)

    # -- life ---------------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Read the store (a new one gets dom0 and the labels) and connect to the hypervisor."""
        await self.load()
        await self.hypervisor.open()

    async def load(self) -> None:
        """Read the store. A row that cannot be read costs itself or its qube (see `store.screening`)."""
        await self.store.open()
        qubes = await self._read()
        while qubes is None:
            qubes = await self._read()
        for qube in qubes:
            blocking = [row for row in self.unreadable if row.blocks and row.qube == qube.qid]
            if qube.klass is VmClass.ADMIN:
                qube.state = PowerState.RUNNING
                qube.problem = " ".join(filter(None, [self.store.notice, _why_unreadable(self.unreadable)]))
                continue
            if blocking:
                qube.unreadable = (
                    f"{' '.join(str(row) for row in blocking[:_ROWS_NAMED])} qubes-mgmt1d --recover takes what is"
                    " missing from the volumes of the qube."
                )
            if self.store.notice and qube.start_time is None:
                # It may have been started after the copy was written: what it left is cleaned up unless it runs.
                qube.start_time = int(time.time())
        self._complete_labels(qubes)
        self.state.load(qubes)

    async def _read(self) -> list[Qube] | None:
        """The qubes, and into `state` the rest; None if the store was damaged and is another one now."""
        try:
            for row in await self.store.screen():
                log.error("%s", row)
            qubes = await rows.read_qubes(self.store)
            if not any(qube.klass is VmClass.ADMIN for qube in qubes):
                await self._first_start(labels=not qubes)
                qubes = await rows.read_qubes(self.store)
            self.unreadable = await rows.read_unreadable(self.store)
            self.state.labels = await rows.read_pairs(self.store, "label")
            self.state.system_own = await rows.read_pairs(self.store, "system_property")
            self.state.pools = await rows.read_pairs(self.store, "pool")
        except (ValueError, LookupError, TypeError, StoreDamagedError) as error:
            log.exception("The store cannot be understood")
            await self.store.replace(f"its rows cannot be understood: {error}")
            return None
        return qubes

    def at_close(self, close: Callable[[], Awaitable[None]]) -> None:
        """Await `close` once nothing runs in the background, before the hypervisor and the store are closed."""
        self._closers.append(close)

    async def close(self) -> None:
        self._closing = True
        self.hub.close()
        for task in list(self._background):
            task.cancel()
        if self._background:
            await asyncio.wait(self._background, timeout=5)
        for close in self._closers:
            await close()
        await self.hypervisor.close()
        await self.store.close()
        if self._lock is not None:
            self._lock.close()

    async def _first_start(self, *, labels: bool) -> None:
        dom0 = Qube(0, DOM0_UUID, DOM0, VmClass.ADMIN, own={"label": "black"})
        first = LABELS if labels else {}
        await self.store.commit(
            [*(rows.set_label(name, color) for name, color in first.items()), *rows.insert_qube(dom0)]
        )

    def _complete_labels(self, qubes: Iterable[Qube]) -> None:
        """A label whose row was lost is still the label of its qubes."""
        for name in sorted({label for qube in qubes if (label := qube.own.get("label"))} - self.state.labels.keys()):
            self.state.labels[name] = LABELS.get(name, UNKNOWN_COLOR)
            log.error("The store does not know the label %s, which qubes have", shown(name))

    async def _logged(self, name: str, coroutine: Coroutine[Any, Any, None]) -> None:
        try:
            await coroutine
        except Exception:
            log.exception("%s failed", name)


def _why_unreadable(unreadable: Sequence[Unreadable]) -> str:
    return f"{len(unreadable)} rows of the store cannot be read; qubes-mgmt1d --check lists them." if unreadable else ""
