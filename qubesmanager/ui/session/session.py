# SPDX-License-Identifier: GPL-3.0-or-later
"""The common part of all windows of one connection: client, live copy of the qubes, tasks, settings.

Data goes one way: the session receives the event stream and passes it on as signals; a window sends requests through
`tasks` and waits for the events.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from contextlib import aclosing, suppress
from pathlib import Path

from PyQt5.QtCore import QObject, QSettings, pyqtSignal

from qubesmanager.client.client import Client
from qubesmanager.client.live_copy import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    Follower,
    Gone,
    Happened,
    Lost,
    Put,
    Synced,
    SystemChanged,
    Unreadable,
    Update,
)
from qubesmanager.models.restart_watch import RestartWatch
from qubesmanager.rules.facts import Facts
from qubesmanager.transport.base import RefusedError, TransportError
from qubesmanager.ui.session.backup_watch import BackupWatch
from qubesmanager.ui.session.tasks import TaskSet
from qubesmanager.ui.session.usage_watch import UsageWatch
from qubesmanager.ui.widgets.turns import AT_ONCE
from qubesmanager.wire import calls
from qubesmanager.wire.errors import Mgmt1Error, PermissionDenied, QubesNotImplementedError
from qubesmanager.wire.event import Event
from qubesmanager.wire.events import LABEL_EVENTS, TAG_ADD, TAG_DELETE, VM_STATS, row_of
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.records import VmRecord

TAG_EVENTS = frozenset({TAG_ADD, TAG_DELETE})
"""A policy may allow calls by the tags of a qube."""
UNKNOWN_COLOR = "0x808080"
ELSEWHERE = frozenset({"demo", "real", "ssh"})
"""The connections to qubes that the Qubes OS of this computer, if it has one, does not run."""
RESTARTS = "restarts"
"""The setting that keeps which qubes need a restart."""


def state_folder() -> Path:
    """Where a program remembers what it did (XDG base directories)."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "qubes-manager"


def is_demo(connection: str) -> bool:
    """Whether the qubes of a connection are invented. Then nothing may happen to this computer."""
    return connection.startswith("demo")


def saved_settings(connection: str) -> QSettings:
    """What the user has configured: columns, views, shortcuts. The demonstration, with other qubes, has its own."""
    folder = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "qubes-manager"
    return QSettings(str(folder / ("demo.ini" if is_demo(connection) else "manager.ini")), QSettings.Format.IniFormat)


class Session(QObject):
    """One connection and everything that is known through it.

    Signals, in the order of the stream: `put(tuple[VmRecord])`, `gone(tuple[str])`,
    `happened(tuple[Event])`, `synced()`, `lost(Lost)`, and `stats(tuple[Event])`: `vm-stats` events.
    `window_wanted(str, tuple[str])`: a window of a kind (see `windows.py`) for some qubes. `labels_changed()`:
    `labels`, a colour (`0xRRGGBB`) by name, is different. `unreadable_changed()`: other rows are left out.
    `refusals_changed()`: another call is refused by policy, or allowed again.
    `system_changed()`: a system-wide property has another value. `undoable(str, Plan, frozenset)`: a window carried out
    a plan; the keys of the rows that were done. `overdue(str, str)`: a qube did not halt in time, and the error.
    `made(tuple[str])`: these qubes were created or cloned by a window. `left_down(tuple[str])`: qubes that a restart
    has halted and not started again.
    """

    put = pyqtSignal(tuple)
    gone = pyqtSignal(tuple)
    happened = pyqtSignal(tuple)
    synced = pyqtSignal()
    lost = pyqtSignal(object)
    stats = pyqtSignal(tuple)
    window_wanted = pyqtSignal(str, tuple)
    labels_changed = pyqtSignal()
    unreadable_changed = pyqtSignal()
    system_changed = pyqtSignal()
    refusals_changed = pyqtSignal()
    undoable = pyqtSignal(str, object, object)
    overdue = pyqtSignal(str, str)
    made = pyqtSignal(tuple)
    left_down = pyqtSignal(tuple)

    def __init__(self, client: Client, connection: str, *, history: Path | None = None) -> None:
        super().__init__()
        self.client = client
        client.refusals.changed = self.refusals_changed.emit
        self.connection = connection
        self.tasks = TaskSet(history, self)
        self.settings = saved_settings(connection)
        kept = self.settings.value(RESTARTS)
        self.restarts = RestartWatch(kept if isinstance(kept, str) else "")
        self.backups = BackupWatch(client, self.tasks, self)
        self.usage = UsageWatch(
            client, self.tasks, lambda: self.records, lambda: self.is_synced, lambda: self.settings, connection, self
        )
        self.follower = Follower(client, self._tell)
        self.labels: dict[str, str] = {}
        self.is_synced = False
        self._are_restarts_kept = True
        self._reading: asyncio.Task[None] | None = None
        self.trouble: Lost | None = None

    @property
    def is_demo(self) -> bool:
        """The qubes are invented, and nothing may happen to this computer."""
        return is_demo(self.connection)

    @property
    def has_programs(self) -> bool:
        """Whether the programs of Qubes OS that are installed here act on the qubes of this connection."""
        return self.connection.partition(":")[0] not in ELSEWHERE

    @property
    def records(self) -> Mapping[str, VmRecord]:
        """All qubes by name, as of the last event."""
        return self.follower.records

    @property
    def facts(self) -> Facts:
        """What the rules look at, as of the last event."""
        return self.follower.copy

    @property
    def unreadable(self) -> tuple[Reason, ...]:
        """Why qubes are left out of `records`: their rows or events could not be decoded."""
        return self.follower.unreadable

    def facts_now(self) -> Facts:
        """The facts as they are now, for work that takes several turns of the loop: later events change nothing."""
        return self.follower.copy.snapshot()

    def color_of(self, label: str) -> str:
        """The label's colour, `0xRRGGBB`; grey for one that is not known (yet)."""
        return self.labels.get(label, UNKNOWN_COLOR)

    def color_of_qube(self, name: str) -> str:
        record = self.records.get(name)
        return self.color_of(record.value("label")) if record else UNKNOWN_COLOR

    def follow(self) -> None:
        """Start following; ends with `tasks.cancel_all`."""
        self.tasks.start_hidden(self.tr("Follow the system"), self.follower.run())
        self.tasks.start_hidden(self.tr("Follow the statistics"), self._follow_stats())

    @property
    def is_large(self) -> bool:
        """Whether there are more qubes than a window may look at in one turn of its loop."""
        return len(self.records) > AT_ONCE

    def resync(self) -> None:
        """Have dom0 read everything again, and list it: a task that is shown. While the connection is lost: try now."""
        if not self.is_synced:
            self.follower.resync()
        elif self._reading is None or self._reading.done():
            self._reading = self.tasks.start(self.tr("Read everything again"), self._read_again())

    async def _read_again(self) -> None:
        """A daemon of an earlier version, or a policy, may not take the call: then what it has is listed again."""
        with suppress(QubesNotImplementedError, PermissionDenied, RefusedError):
            await self.client.send(calls.REFRESH(DOM0))
        self.follower.resync()

    def tell_again(self) -> None:
        """Tell all that is known once more, for a window that was not there yet."""
        self.put.emit(tuple(self.records.values()))
        if self.is_synced:
            self.synced.emit()
        elif self.trouble is not None:
            self.lost.emit(self.trouble)

    async def wait_until(self, reached: Callable[[], bool]) -> None:
        """Wait until `reached` returns true. It is called now, and after each change that the events bring."""
        is_reached = asyncio.Event()

        def look(*_: object) -> None:
            if reached():
                is_reached.set()

        self.put.connect(look)
        self.gone.connect(look)
        try:
            look()
            await is_reached.wait()
        finally:
            self.put.disconnect(look)
            self.gone.disconnect(look)

    def _tell(self, update: Update) -> None:
        match update:
            case Put(records):
                changed = [self.restarts.put(record) for record in records]
                self._are_restarts_kept &= not any(changed)
                if self.is_synced:  # a long list comes in many parts
                    self._keep_restarts()
                self.put.emit(records)
            case Gone(names):
                self.gone.emit(names)
            case Happened(events):
                self.backups.happened(events)
                self.happened.emit(events)
                for event in events:
                    if row_of(event) in TAG_EVENTS:
                        self.client.refusals.forget(event.subject)
                if any(row_of(event) in LABEL_EVENTS for event in events):
                    self.tasks.start_hidden(self.tr("List the labels"), self._list_labels())
            case SystemChanged():
                self.system_changed.emit()
            case Unreadable():
                self.unreadable_changed.emit()
            case Synced():
                self.is_synced = True
                self.trouble = None
                self._keep_restarts()
                self.client.refusals.forget()
                self.synced.emit()
                self.tasks.start_hidden(self.tr("List the labels"), self._list_labels())
                self.backups.synced()
                self.usage.synced()
            case Lost():
                self.is_synced = False
                self.trouble = update
                self.lost.emit(update)

    def _keep_restarts(self) -> None:
        """Store which qubes need a restart, if that has changed."""
        if not self._are_restarts_kept:
            self._are_restarts_kept = True
            self.settings.setValue(RESTARTS, self.restarts.text())

    async def _list_labels(self) -> None:
        listed = {row.name: row.color for row in await self.client.send(calls.LABEL_LIST(DOM0))}
        if listed != self.labels:
            self.labels = listed
            self.labels_changed.emit()

    async def _follow_stats(self) -> None:
        """The statistics are an extra: without them their columns stay empty, and no error is shown."""
        pause = FIRST_PAUSE
        while True:
            try:
                async with aclosing(self.client.events(calls.VM_STATS(DOM0))) as stream:
                    async for batch in stream:
                        pause = FIRST_PAUSE
                        self._tell_stats(batch)
            except QubesNotImplementedError:
                return
            except (TransportError, Mgmt1Error):
                pass
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _tell_stats(self, batch: list[Event]) -> None:
        if stats := tuple(event for event in batch if VM_STATS.matches(event)):
            self.stats.emit(stats)
