# SPDX-License-Identifier: GPL-3.0-or-later
"""What is shown of devices: grouped, switchable, never a flood, and never markup."""

from dataclasses import replace
from pathlib import Path

import pytest
from PyQt5.QtCore import QSettings
from pytestqt.qtbot import QtBot
from samples import vm

from qubesmanager.models.device_catalog import DeviceCatalog, Doing, Step
from qubesmanager.rules.devices import DeviceKey
from qubesmanager.ui.tray.notices import NoticeKind, Notices, unmarked
from qubesmanager.wire.codecs import AvailableDevice
from qubesmanager.wire.records import DeviceRecord
from qubesmanager.wire.values import DeviceClass

STICK = DeviceKey(DeviceClass.BLOCK, "sys-usb", "sda")


class Listener:
    def __init__(self, settings: QSettings) -> None:
        self.catalog = DeviceCatalog()
        self.catalog.offer("sys-usb", DeviceClass.BLOCK, [])
        self.catalog.offer("sys-usb", DeviceClass.USB, [])
        self.catalog.put([vm("work")])
        self.notices = Notices(self.catalog, settings, self.catalog, rest=0)
        self.messages: list[str] = []
        self.notices.message.connect(lambda text, _failed: self.messages.append(text))

    def plug(self, *idents: str) -> None:
        rows = [AvailableDevice(ident, {}, f"Thing {ident}") for ident in idents]
        self.catalog.offer("sys-usb", DeviceClass.BLOCK, rows)

    def give(self, *devices: DeviceRecord) -> None:
        self.catalog.put([replace(vm("work"), devices=devices)])


@pytest.fixture
def listener(qapp: object, tmp_path: Path) -> Listener:
    return Listener(QSettings(str(tmp_path / "a.ini"), QSettings.Format.IniFormat))


def test_each_kind_has_its_sentence(listener: Listener, qtbot: QtBot) -> None:
    listener.plug("sda")
    qtbot.waitUntil(lambda: len(listener.messages) == 1)
    listener.give(DeviceRecord(*STICK, True))
    qtbot.waitUntil(lambda: len(listener.messages) == 2)
    listener.give()
    qtbot.waitUntil(lambda: len(listener.messages) == 3)
    device = listener.catalog.devices()[STICK]
    listener.catalog.do(device, Doing(Step.FAILED, "work", "It is in use."))
    qtbot.waitUntil(lambda: len(listener.messages) == 4)
    listener.plug()
    qtbot.waitUntil(lambda: len(listener.messages) == 5)

    assert listener.messages == [
        "Thing sda is available (sys-usb:sda).",
        "Thing sda is attached to work.",
        "Thing sda is detached from work.",
        "Thing sda could not be attached. It is in use.",
        "Thing sda was removed.",
    ]


def test_a_hub_with_twenty_devices_is_one_message(listener: Listener, qtbot: QtBot) -> None:
    some: list[str] = []
    for number in range(20):
        some.append(f"sd{number:02}")
        listener.plug(*some)
    qtbot.waitUntil(lambda: bool(listener.messages))
    listener.plug()
    qtbot.waitUntil(lambda: len(listener.messages) == 2)

    assert listener.messages == [
        "20 device(s) available: Thing sd00, Thing sd01, Thing sd02…",
        "20 device(s) removed: Thing sd00, Thing sd01, Thing sd02…",
    ]


def test_a_loose_contact_is_reported_once_with_its_final_state(listener: Listener, qtbot: QtBot) -> None:
    for _ in range(50):
        listener.plug("sda")
        listener.plug()
    qtbot.waitUntil(lambda: bool(listener.messages))

    assert listener.messages == ["Thing sda was removed."]


def test_a_device_unplugged_from_a_qube_is_reported_once(listener: Listener, qtbot: QtBot) -> None:
    listener.plug("sda")
    listener.give(DeviceRecord(*STICK, True))
    qtbot.waitUntil(lambda: bool(listener.messages))
    listener.plug()
    listener.give()
    qtbot.waitUntil(lambda: len(listener.messages) == 2)

    assert listener.messages[1] == "Thing sda was removed."


@pytest.mark.parametrize("kind", NoticeKind)
def test_each_kind_can_be_switched_off(listener: Listener, qtbot: QtBot, kind: NoticeKind) -> None:
    listener.notices.want(kind, False)
    listener.plug("sda", "sdb", "sdc", "sdd")
    listener.plug("sda", "sdb", "sdc")
    listener.give(DeviceRecord(*STICK, True), DeviceRecord(*STICK._replace(ident="sdb"), True))
    listener.give(DeviceRecord(*STICK, True))
    third = listener.catalog.devices()[STICK._replace(ident="sdc")]
    listener.catalog.do(third, Doing(Step.FAILED, "work", "No."))
    qtbot.waitUntil(lambda: bool(listener.messages))

    said = {
        NoticeKind.AVAILABLE: "available",
        NoticeKind.REMOVED: "removed",
        NoticeKind.ATTACHED: "attached to",
        NoticeKind.DETACHED: "detached",
        NoticeKind.FAILED: "could not",
    }
    assert said[kind] not in listener.messages[0]


def test_text_that_a_notification_service_reads_as_markup_is_not_sent() -> None:
    assert unmarked("<b>A & B</b>") == "(b)A + B(/b)"
