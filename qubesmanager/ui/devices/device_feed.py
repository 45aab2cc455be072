# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps a catalog of devices up to date for one session: asks each backend once, then follows the events.

Which qubes may offer devices: dom0, those with extra volumes, those that run and have a controller, give services or
network, or whose devices others have; and each qube that an event about a device names.
"""

import asyncio
import json
from typing import Any

from PyQt5.QtCore import QObject

from qubesmanager.models.device_catalog import NO_MARK, Device, DeviceCatalog, DeviceMark
from qubesmanager.rules.devices import DeviceKey
from qubesmanager.transport.base import TransportError
from qubesmanager.ui.session.session import Session
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import AvailableDevice
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.event import Event
from qubesmanager.wire.events import DEVICE_LIST_CHANGE
from qubesmanager.wire.records import VmRecord
from qubesmanager.wire.values import DeviceChange, DeviceClass, VmClass

Place = tuple[str, DeviceClass]
"""A backend and a class of devices: what one call asks for."""

GATHER = 0.05
"""Seconds for which changes of one backend are collected: a hub's devices come one after the other."""

MARKS = "devices/marks"

_OF_DOM0 = tuple(DeviceClass)
_OF_QUBES = (DeviceClass.BLOCK, DeviceClass.USB)


class DeviceFeed(QObject):
    """One a session: get it with `feed_of`. `catalog` is what it tells."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.catalog = DeviceCatalog(self)
        self._facts: dict[str, object] = {}
        self._asking: set[Place] = set()
        self._again: set[Place] = set()
        self._marks = _loaded(session.settings.value(MARKS))
        self.catalog.remember(self._marks)
        session.put.connect(self._put)
        session.gone.connect(self._gone)
        session.happened.connect(self._happened)
        session.synced.connect(self._synced)
        if session.is_synced:
            self._synced()

    def set_mark(self, device: Device, mark: DeviceMark) -> None:
        """Store the user's nickname of a device, and whether it is a favourite."""
        self._marks.pop(device.memory_key, None)
        if mark != NO_MARK:
            self._marks[device.memory_key] = mark
        self._session.settings.setValue(MARKS, json.dumps({key: list(mark) for key, mark in self._marks.items()}))
        self.catalog.remember(self._marks)

    # -- updates ------------------------------------------------------------------------------------------------------

    def _synced(self) -> None:
        """Everything may have changed while there was no connection."""
        self._facts.clear()
        self.catalog.put(self._session.records.values())
        self._ask_changed(self._session.records.values())

    def _put(self, records: tuple[VmRecord, ...]) -> None:
        self.catalog.put(records)
        if self._session.is_synced:
            self._ask_changed(records)

    def _gone(self, names: tuple[str, ...]) -> None:
        for name in names:
            self._facts.pop(name, None)
        self.catalog.remove(names)

    def _happened(self, events: tuple[Event, ...]) -> None:
        for event in events:
            if (device := DEVICE_LIST_CHANGE.of(event)) is None:
                continue
            if device.change is DeviceChange.REMOVED:
                self.catalog.withdraw(DeviceKey(device.device_class, event.subject, device.ident))
            self._ask((event.subject, device.device_class))

    # -- asking -------------------------------------------------------------------------------------------------------

    def _ask_changed(self, records: Any) -> None:
        """Ask those that may offer something, and of which something has changed that devices hang on."""
        backends = self.catalog.backends()
        for record in records:
            facts = _facts(record)
            before = self._facts.get(record.name)
            if facts == before or (before is None and not facts and record.name not in backends):
                continue
            self._facts[record.name] = facts
            for device_class in _OF_DOM0 if record.klass is VmClass.ADMIN else _OF_QUBES:
                self._ask((record.name, device_class))

    def _ask(self, place: Place) -> None:
        if place in self._asking:
            self._again.add(place)
            return
        self._asking.add(place)
        self._session.tasks.start_hidden(self.tr("List the devices"), self._asked(place))

    async def _asked(self, place: Place) -> None:
        """Ask until nothing has changed meanwhile. One that does not answer, or not to us, offers nothing new."""
        backend, device_class = place
        try:
            again = True
            while again:
                self._again.discard(place)
                await asyncio.sleep(GATHER)
                rows: list[AvailableDevice] | None = None
                try:
                    rows = await self._session.client.send(calls.VM_DEVICE_AVAILABLE.of(device_class)(backend))
                except (Mgmt1Error, TransportError):
                    record = self._session.records.get(backend)
                    if record is not None and not record.running:
                        rows = []  # what a halted qube offered is gone with it, whether it can be asked or not
                again = place in self._again
                if rows is not None and not again and backend in self._session.records:
                    self.catalog.offer(backend, device_class, rows)
        finally:
            self._asking.discard(place)
            self._again.discard(place)


def feed_of(session: Session) -> DeviceFeed:
    """The session's feed, which starts at the first use."""
    feed: DeviceFeed | None = session.findChild(DeviceFeed)
    return DeviceFeed(session) if feed is None else feed


def _facts(record: VmRecord) -> object:
    """The facts of a qube that its devices depend on; None for a qube that offers none."""
    extra = tuple(volume for volume in record.volumes if volume.extra)
    if record.klass is VmClass.ADMIN:
        return (True,)
    serves = (
        record.features.get("servicevm")
        or record.flag("provides_network")
        or any(device.device_class is DeviceClass.PCI for device in record.devices)
    )
    if record.running and serves:
        return True, extra
    return (record.running, extra) if extra else ()


def _loaded(kept: object) -> dict[str, DeviceMark]:
    """The stored settings of devices; none where they cannot be read."""
    try:
        data: Any = json.loads(kept) if isinstance(kept, str) else {}
        return {str(key): DeviceMark(str(name), favourite is True) for key, (name, favourite) in data.items()}
    except (ValueError, TypeError, AttributeError, RecursionError):
        return {}
