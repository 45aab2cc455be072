# SPDX-License-Identifier: GPL-3.0-or-later
"""The tray's menu of devices and running qubes, one device's menu, and the window, with painting.

The reference is the 50 ms within which the menu has to be open, with 200 devices and 1000 qubes. Nothing is asked of a
daemon: all of it is what the session knows.
"""

import asyncio
from collections.abc import Mapping

from _harness import Bench
from PyQt5.QtCore import QPoint, qInstallMessageHandler
from PyQt5.QtWidgets import QApplication, QMenu

from qubesmanager.client.client import Client
from qubesmanager.transport.base import Answer, Payload
from qubesmanager.ui.devices.device_feed import feed_of
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.shell.app import make_application
from qubesmanager.ui.shell.loop import ApplicationLoop
from qubesmanager.ui.tray.tray import Tray
from qubesmanager.wire.codecs import AvailableDevice
from qubesmanager.wire.records import PropertyValue, VmRecord
from qubesmanager.wire.values import DeviceClass, PowerState, VmClass

ALLOWED = 0.05
SIZES = ((20, 50), (200, 1000))
"""Devices and qubes."""


class Nobody:
    """A transport that must not be used."""

    url = "benchmark:"

    def exchange(self, service: str, _argument: str, _dest: str, _payload: Payload) -> Answer:
        raise AssertionError(f"{service} was asked for")


class Filled(Session):
    """A session that knows its qubes already, and whose daemon must not be asked."""

    def __init__(self, records: Mapping[str, VmRecord]) -> None:
        super().__init__(Client(Nobody()), "benchmark")
        self._records = records

    @property
    def records(self) -> Mapping[str, VmRecord]:
        return self._records


def qube(name: str, klass: VmClass, state: PowerState) -> VmRecord:
    values = {"label": "red", "memory": "400", "template": "debian"}
    return VmRecord(name, klass, state, {key: PropertyValue(value, False) for key, value in values.items()})


def measure(bench: Bench, application: QApplication, devices: int, qubes: int) -> None:
    states = (PowerState.HALTED, PowerState.RUNNING, PowerState.PAUSED)
    records = [qube(f"qube-{number}", VmClass.APP, states[number % 3]) for number in range(qubes)]
    dom0 = qube("dom0", VmClass.ADMIN, PowerState.RUNNING)
    session = Filled({record.name: record for record in (dom0, *records)})
    catalog = feed_of(session).catalog
    catalog.put(session.records.values())
    rows = [AvailableDevice(f"sd{number}", {"size": "1048576"}, f"Example disk {number}") for number in range(devices)]
    catalog.offer("dom0", DeviceClass.BLOCK, rows)
    tray = Tray(session, application.processEvents)

    def opened(menu: QMenu) -> None:
        menu.popup(QPoint(10, 10))
        application.processEvents()
        menu.close()
        application.processEvents()

    def shown() -> None:
        tray.show_window()
        application.processEvents()
        tray.window.hide()
        application.processEvents()

    inner = next(menu for action in tray.menu.actions() if (menu := action.menu()) is not None)
    for name, work in (
        ("the menu", lambda: opened(tray.menu)),
        ("the menu of one device", lambda: opened(inner)),
        ("the window", shown),
    ):
        bench.line(
            f"{name}, {devices} devices, {qubes} qubes", bench.time(work), reference=ALLOWED, reference_name="allowed"
        )
    tray.window.closed.disconnect()
    tray.window.close()


def main() -> None:
    bench = Bench("The menu of devices")
    qInstallMessageHandler(lambda *_: None)  # an offscreen display says what it cannot do, each time
    application = make_application()
    loop = ApplicationLoop(application)
    asyncio.set_event_loop(loop)
    with loop:
        for devices, qubes in SIZES[:1] if bench.smoke else SIZES:
            measure(bench, application, devices, qubes)
    bench.done()


main()
