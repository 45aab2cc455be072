# SPDX-License-Identifier: GPL-3.0-or-later
"""The devices of a qube in its settings: what it is given at each start is sent with Apply; the rest at once."""

import pytest
from device_samples import SDB, STICK, WaitingHypervisor
from PyQt5.QtWidgets import QApplication, QDialogButtonBox
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot
from until import until
from windows import click, click_enabled, type_text

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.system import System
from qubesmanager.models.device_choices import start_text
from qubesmanager.plans.devices import device_key
from qubesmanager.rules.devices import DeviceKey
from qubesmanager.ui.devices.attach_dialog import AttachDialog
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.settings.devices_page import DevicesPage
from qubesmanager.ui.settings.settings_window import SettingsWindow
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import DeviceId
from qubesmanager.wire.values import DeviceClass, DeviceMode

APPLY = QDialogButtonBox.StandardButton.Apply
SOUND = DeviceKey(DeviceClass.PCI, "dom0", "00_1f.3")


@pytest.fixture
def hypervisor() -> WaitingHypervisor:
    return WaitingHypervisor()


@pytest.fixture
async def window(session: Session, qtbot: QtBot) -> SettingsWindow:
    session.follow()
    await until(lambda: session.is_synced and bool(session.labels))
    window = SettingsWindow(session, "vault", session.labels, "devices")
    qtbot.addWidget(window, before_close_func=lambda _widget: window.draft.discard())
    window.show()
    page = page_of(window)
    await until(lambda: {SDB, STICK, SOUND} <= {row.device.key for row in page.model.rows})
    return window


def page_of(window: SettingsWindow) -> DevicesPage:
    page = window.pages["devices"]
    assert isinstance(page, DevicesPage)
    return page


@pytest.fixture
def page(window: SettingsWindow) -> DevicesPage:
    return page_of(window)


def select(page: DevicesPage, key: DeviceKey) -> None:
    page.select(device_key(*key))
    row = page.current()
    assert row is not None
    assert row.device.key == key


def given(system: System, name: str) -> dict[str, dict[str, str]]:
    return {
        f"{device.backend}:{device.ident}": dict(device.options) for device in system.runtime.state.qube(name).devices
    }


async def test_a_pci_device_asks_for_unbalanced_memory_and_is_given_without_strict_reset(
    window: SettingsWindow, page: DevicesPage, system: System
) -> None:
    select(page, SOUND)
    page.start.click()
    assert "maxmem" in page.problem.text()
    assert not window.button(APPLY).isEnabled()
    click(page.unbalance)
    assert not page.problem.text()
    page.option.click()
    assert window.preview.toPlainText().splitlines() == [
        "vm.property.Set vault maxmem ← 0",
        "vm.device.pci.Attach vault dom0+00_1f.3 ← persistent=yes no-strict-reset=yes",
    ]

    await click_enabled(window.button(APPLY))
    await until(lambda: not window.draft.dirty)

    assert given(system, "vault") == {"dom0:00_1f.3": {"persistent": "yes", "no-strict-reset": "yes"}}
    row = page.current()
    assert row is not None
    assert row.device.assigned == ("vault",)


async def test_options_are_changed_and_the_device_is_taken_away_again(
    window: SettingsWindow, page: DevicesPage, system: System, client: Client
) -> None:
    attach = calls.VM_DEVICE_ATTACH.of(DeviceClass.BLOCK)
    await client.send(attach("vault", DeviceId("dom0", "sdb"), {"persistent": "yes", "read-only": "yes"}))
    await until(lambda: window.draft.value(device_key(*SDB)) == "read-only=yes")
    select(page, SDB)
    assert page.option.isChecked()

    page.option.click()
    await click_enabled(window.button(APPLY))
    await until(lambda: not window.draft.dirty)
    assert given(system, "vault")["dom0:sdb"].get("read-only") is None
    page.start.click()
    await click_enabled(window.button(APPLY))
    await until(lambda: not window.draft.dirty)

    assert given(system, "vault") == {}


async def test_a_refused_device_is_marked(window: SettingsWindow, page: DevicesPage, system: System) -> None:
    select(page, STICK)
    page.start.click()
    source = system.devices.sources.pop(system.runtime.state.qube("sys-usb").uuid)

    await click_enabled(window.button(APPLY))
    await until(lambda: bool(page.problem.text()))

    assert "sda" in page.problem.text()
    assert window.draft.dirty
    system.devices.sources[system.runtime.state.qube("sys-usb").uuid] = source


async def test_the_page_shows_which_qubes_have_a_device_or_get_it_at_start(page: DevicesPage, client: Client) -> None:
    attach = calls.VM_DEVICE_ATTACH.of(DeviceClass.BLOCK)
    await client.send(attach("work", DeviceId("sys-usb", "sda"), {"persistent": "yes"}))
    select(page, STICK)

    texts = ("It is attached to work now.", "also attached to work when")
    await until(lambda: all(text in page.about.text() for text in texts))
    assert not page.detach.isEnabled()


async def test_a_device_is_attached_and_detached_at_once(page: DevicesPage, system: System) -> None:
    click(page.attach)
    found: list[AttachDialog] = []

    def look() -> bool:
        found[:] = [
            each for each in QApplication.topLevelWidgets() if isinstance(each, AttachDialog) and each.isVisible()
        ]
        return bool(found)

    await until(look)
    type_text(found[0].search, "portable ssd: photos")
    click(found[0].attach)
    await until(lambda: any(row.now for row in page.model.rows))
    row = next(row for row in page.model.rows if row.now)
    select(page, row.device.key)
    click(page.detach)

    await until(lambda: given(system, "vault") == {})


async def test_the_table_keeps_qts_contract(page: DevicesPage, qtmodeltester: ModelTester) -> None:
    page.search.setText("example")
    qtmodeltester.check(page.model, force_py=True)  # type: ignore[no-untyped-call] # not annotated there


async def test_the_filter_keeps_qts_contract(page: DevicesPage, qtmodeltester: ModelTester) -> None:
    qtmodeltester.check(page.filter, force_py=True)  # type: ignore[no-untyped-call] # not annotated there


async def test_a_mode_is_chosen_and_changed(window: SettingsWindow, page: DevicesPage, system: System) -> None:
    select(page, SDB)
    assert not page.mode.isEnabled()
    page.start.click()
    choose_mode(page, DeviceMode.ASK)
    assert window.preview.toPlainText() == "vm.device.block.Assign vault dom0+sdb ← mode=ask-to-attach"
    await click_enabled(window.button(APPLY))
    await until(lambda: not window.draft.dirty)
    assert given(system, "vault")["dom0:sdb"]["mode"] == "ask-to-attach"
    row = page.current()
    assert row is not None
    assert start_text(row) == "asks first"

    choose_mode(page, DeviceMode.REQUIRED)
    assert window.preview.toPlainText() == "vm.device.block.SetAssignment vault dom0+sdb ← mode=required"
    await click_enabled(window.button(APPLY))
    await until(lambda: not window.draft.dirty)
    assert given(system, "vault")["dom0:sdb"]["mode"] == "required"

    page.option.click()
    assert window.preview.toPlainText().splitlines() == [
        "vm.device.block.Unassign vault dom0+sdb",
        "vm.device.block.Assign vault dom0+sdb ← mode=required read-only=yes frontend-dev=xvdaa",
    ]
    await click_enabled(window.button(APPLY))
    await until(lambda: not window.draft.dirty)
    assert given(system, "vault")["dom0:sdb"]["read-only"] == "yes"


async def test_an_assignment_at_any_port_is_removed(
    window: SettingsWindow, page: DevicesPage, system: System, client: Client
) -> None:
    assign = calls.VM_DEVICE_ASSIGN.of(DeviceClass.USB)
    await client.send(assign("vault", DeviceId("sys-usb", "_"), {"identity": "0951:1666:A1:u080650"}))
    key = DeviceKey(DeviceClass.USB, "sys-usb", "*0951:1666:A1:u080650")
    await until(lambda: any(row.device.key == key for row in page.model.rows))
    select(page, key)

    page.start.click()
    await click_enabled(window.button(APPLY))
    await until(lambda: not window.draft.dirty)

    assert given(system, "vault") == {}


def choose_mode(page: DevicesPage, mode: DeviceMode) -> None:
    page.mode.setCurrentIndex(page.mode.findData(mode.value))
    page.mode.activated.emit(page.mode.currentIndex())
