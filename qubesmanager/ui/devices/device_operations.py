# SPDX-License-Identifier: GPL-3.0-or-later
"""The operations on a device: attach, move, detach; each has succeeded only when the daemon's event arrives.

Operations in progress and failures are kept in the catalog, so that every window shows them.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial

from PyQt5.QtCore import QCoreApplication, QObject

from qubesmanager.models.device_catalog import Device, DeviceCatalog, Doing, Step
from qubesmanager.models.texts import number_text
from qubesmanager.plans.devices import DeviceStep, attach_steps, detach_steps
from qubesmanager.plans.new_qube import created, free_disposable_name
from qubesmanager.transport.base import TransportError
from qubesmanager.ui.actions.making import make_qube
from qubesmanager.ui.devices.device_feed import feed_of
from qubesmanager.ui.reasons import error_text
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.session.tasks import report
from qubesmanager.wire import calls
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.values import VmClass

LIMIT = 30.0
"""Seconds in which an attach or detach has to come true, once its qube runs."""

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
        async with self._doing(device, Doing(Step.ATTACHING, qube, options=tuple(options.items()))):
            await self._send(attach_steps(self._session.facts, device.key, qube, options, start=start))

    async def _move(self, device: Device, qube: str, options: dict[str, str]) -> None:
        if device.holder:
            await self._detach(device, device.holder)
        await self._attach(device, qube, options)

    async def _attach_to_new(self, device: Device, template: str, options: dict[str, str]) -> None:
        name = free_disposable_name(self._session.records)
        record = self._session.records.get(template)
        label = record.value("label") if record else "red"
        if device.holder:
            await self._detach(device, device.holder)
        await make_qube(self._session, created(name, VmClass.DISP, label, template, start=True))
        try:
            await self._session.wait_until(lambda: name in self._session.records)
            await self._attach(device, name, options)
        except BaseException:
            # A disposable without the device that it was made for is of no use; killed, it goes away by itself.
            await asyncio.shield(self._session.client.send(calls.VM_KILL(name)))
            raise

    async def _detach(self, device: Device, qube: str) -> None:
        async with self._doing(device, Doing(Step.DETACHING, qube)):
            await self._send(detach_steps(device.key, qube))

    async def _detach_and_shut_down(self, device: Device, qube: str) -> None:
        await self._detach(device, qube)
        report(None, QCoreApplication.translate("DeviceOperations", "Shutting down"))
        await self._session.client.send(calls.VM_SHUTDOWN(qube))

    async def _send(self, steps: Sequence[DeviceStep]) -> None:
        """Send each step once the events show that the one before it came true."""
        for each in steps:
            if each.is_start:
                await self._start(each)
            async with self._in_time(each.qube):
                if not each.is_start:
                    await self._session.client.send(each.step.request)
                await self._session.wait_until(partial(each.came_true, self._session.facts))

    async def _start(self, step: DeviceStep) -> None:
        report(None, QCoreApplication.translate("DeviceOperations", "Starting {0}").format(step.qube))
        await self._session.client.send(step.step.request)
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
            text = QCoreApplication.translate(
                "DeviceOperations", "dom0 did not confirm the change of {1} within {0} seconds."
            )
            raise TransportError(text.format(number_text(round(self._limit)), qube)) from error
