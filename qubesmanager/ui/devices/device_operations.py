# SPDX-License-Identifier: GPL-3.0-or-later
"""The operations on a device: attach, move, detach; each has succeeded only when the daemon's event arrives.

Operations in progress and failures are kept in the catalog, so that every window shows them.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from PyQt5.QtCore import QObject

from qubesmanager.models.device_catalog import Device, DeviceCatalog, DeviceKey, Doing, Step
from qubesmanager.rules.devices import AT_ANY_PORT, IDENTITY, PERSISTENT
from qubesmanager.rules.facts import HALTED
from qubesmanager.transport.base import TransportError
from qubesmanager.ui.devices.device_feed import feed_of
from qubesmanager.ui.dialogs.new_qube import CreatePlan
from qubesmanager.ui.reasons import error_text
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.session.tasks import report
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import DeviceId
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.records import ANY_PORT, YES
from qubesmanager.wire.values import VmClass

LIMIT = 30.0
"""Seconds in which an attach or detach has to come true, once its qube runs."""

DISPOSABLES = 10_000
"""Numbers of disposables' names: disp0 to disp9999."""

Options = Mapping[str, str]


class DeviceOperations(QObject):
    """The operations of one window; `limit` as `LIMIT`."""

    def __init__(self, session: Session, parent: QObject | None = None, *, limit: float = LIMIT) -> None:
        super().__init__(parent)
        self._session = session
        self._limit = limit

    @property
    def catalog(self) -> DeviceCatalog:
        return feed_of(self._session).catalog

    def attach(self, device: Device, qube: str, options: Options, *, start: bool = True) -> None:
        """Give the device to the qube. One that is halted is started first, unless `start` is false."""
        title = self.tr("Attach {0} to {1}").format(device.name, qube)
        self._session.tasks.start(title, self._attach(device, qube, dict(options), start=start))

    def move(self, device: Device, qube: str, options: Options) -> None:
        """Detach the device from the qube that has it, and attach it to this one."""
        title = self.tr("Move {0} from {1} to {2}").format(device.name, device.holder, qube)
        self._session.tasks.start(title, self._move(device, qube, dict(options)))

    def attach_to_new(self, device: Device, template: str, options: Options) -> None:
        """Give the device to a new disposable of this template."""
        title = self.tr("Attach {0} to a new disposable of {1}").format(device.name, template)
        self._session.tasks.start(title, self._attach_to_new(device, template, dict(options)))

    def detach(self, device: Device, qube: str) -> None:
        """Take the device from the qube, and forget that it gets it at each start."""
        title = self.tr("Detach {0} from {1}").format(device.name, qube)
        self._session.tasks.start(title, self._detach(device, qube))

    def detach_and_shut_down(self, device: Device, qube: str) -> None:
        title = self.tr("Detach {0} and shut down {1}").format(device.name, qube)
        self._session.tasks.start(title, self._detach_and_shut_down(device, qube))

    def retry(self, device: Device) -> None:
        """Attach again what failed to be."""
        if device.doing is not None and device.doing.step is Step.FAILED:
            self.attach(device, device.doing.qube, dict(device.doing.options))

    # -- how ----------------------------------------------------------------------------------------------------------

    async def _attach(self, device: Device, qube: str, options: dict[str, str], *, start: bool = True) -> None:
        key = device.key
        assigned = options.get(PERSISTENT) == YES
        async with self._doing(device, Doing(Step.ATTACHING, qube, options=tuple(options.items()))):
            halted = self._is_halted(qube)
            if halted and not assigned:
                await self._start(qube)
            async with self._in_time(qube):
                await self._session.client.send(
                    calls.VM_DEVICE_ATTACH.of(key.device_class)(qube, DeviceId(key.backend, key.ident), options)
                )
                await self._session.wait_until(lambda: self._has(key, qube, "persistent" if assigned else "attached"))
            if halted and assigned and start:
                await self._start(qube)
                async with self._in_time(qube):
                    await self._session.wait_until(lambda: self._has(key, qube, "attached"))

    async def _move(self, device: Device, qube: str, options: dict[str, str]) -> None:
        if device.holder:
            await self._detach(device, device.holder)
        await self._attach(device, qube, options)

    async def _attach_to_new(self, device: Device, template: str, options: dict[str, str]) -> None:
        name = self._free_name()
        record = self._session.records.get(template)
        label = record.value("label") if record else "red"
        if device.holder:
            await self._detach(device, device.holder)
        await CreatePlan(name, VmClass.DISP, label, template, start=True).carry_out(self._session)
        try:
            await self._session.wait_until(lambda: name in self._session.records)
            await self._attach(device, name, options)
        except BaseException:
            # A disposable without the device that it was made for is of no use; killed, it goes away by itself.
            await asyncio.shield(self._session.client.send(calls.VM_KILL(name)))
            raise

    async def _detach(self, device: Device, qube: str) -> None:
        key = device.key
        if key.ident.startswith(ANY_PORT):
            await self._unassign(key, qube)
            return
        async with self._doing(device, Doing(Step.DETACHING, qube)), self._in_time(qube):
            await self._session.client.send(
                calls.VM_DEVICE_DETACH.of(key.device_class)(qube, DeviceId(key.backend, key.ident))
            )
            await self._session.wait_until(lambda: not self._has(key, qube, "attached"))

    async def _unassign(self, key: DeviceKey, qube: str) -> None:
        """Remove the assignment of a device at any port."""
        identity = key.ident.removeprefix(ANY_PORT)
        unassign = calls.VM_DEVICE_UNASSIGN.of(key.device_class)
        place = DeviceId(key.backend, AT_ANY_PORT)
        await self._session.client.send(unassign(qube, place, {IDENTITY: identity} if identity else {}))

    async def _detach_and_shut_down(self, device: Device, qube: str) -> None:
        await self._detach(device, qube)
        report(None, self.tr("Shutting down"))
        await self._session.client.send(calls.VM_SHUTDOWN(qube))

    async def _start(self, qube: str) -> None:
        report(None, self.tr("Starting {0}").format(qube))
        await self._session.client.send(calls.VM_START(qube))
        report(None)

    @asynccontextmanager
    async def _doing(self, device: Device, doing: Doing) -> AsyncIterator[None]:
        """Say what is being done, and in the end nothing more, or why it failed."""
        self.catalog.do(device, doing)
        try:
            yield
        except (Mgmt1Error, TransportError) as error:
            if doing.step is Step.ATTACHING:
                self.catalog.do(device, Doing(Step.FAILED, doing.qube, error_text(error), doing.options))
            else:
                self.catalog.do(device, None)
            raise
        except BaseException:
            self.catalog.do(device, None)
            raise
        self.catalog.do(device, None)

    @asynccontextmanager
    async def _in_time(self, qube: str) -> AsyncIterator[None]:
        """Raises `TransportError` if what is inside takes longer than the limit."""
        try:
            async with asyncio.timeout(self._limit):
                yield
        except TimeoutError as error:
            text = self.tr("dom0 did not confirm the change of {1} within {0} seconds.")
            raise TransportError(text.format(f"{self._limit:g}", qube)) from error

    # -- looking ------------------------------------------------------------------------------------------------------

    def _is_halted(self, qube: str) -> bool:
        record = self._session.records.get(qube)
        return record is not None and record.state in HALTED

    def _has(self, key: DeviceKey, qube: str, what: str) -> bool:
        """Whether the qube has the device `attached` or `persistent`, as the last event says."""
        record = self._session.records.get(qube)
        assignment = next((device for device in record.devices if device[:3] == tuple(key)), None) if record else None
        return assignment is not None and bool(getattr(assignment, what))

    def _free_name(self) -> str:
        records = self._session.records
        return next(name for number in range(DISPOSABLES) if (name := f"disp{number}") not in records)
