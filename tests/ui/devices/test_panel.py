# SPDX-License-Identifier: GPL-3.0-or-later
"""The devices' window and its dialogs, used with clicks."""

import pytest
from device_samples import CAMERA, MIC, SDB, STICK, source
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot
from until import until
from windows import click, click_enabled, press_key, type_text

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.system import System
from qubesmanager.models.device_catalog import DeviceCatalog, DeviceMark
from qubesmanager.models.device_targets import Effort
from qubesmanager.rules.devices import DeviceKey
from qubesmanager.ui.devices.attach_dialog import AttachDialog
from qubesmanager.ui.devices.device_actions import DeviceActions, NicknameDialog
from qubesmanager.ui.devices.device_feed import DeviceFeed
from qubesmanager.ui.devices.device_operations import DeviceOperations
from qubesmanager.ui.devices.device_view import TargetView
from qubesmanager.ui.devices.devices_window import DevicesWindow
from qubesmanager.ui.devices.panel import DevicesPanel
from qubesmanager.ui.session.session import Session
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import DeviceId
from qubesmanager.wire.values import DeviceClass


@pytest.fixture
def panel(session: Session, feed: DeviceFeed, qtbot: QtBot) -> DevicesPanel:
    window = DevicesWindow(session)
    qtbot.addWidget(window)
    window.show()
    return window.panel


async def asked(kind: type[AttachDialog] = AttachDialog) -> AttachDialog:
    found: list[AttachDialog] = []

    def look() -> bool:
        found[:] = [each for each in QApplication.topLevelWidgets() if isinstance(each, kind) and each.isVisible()]
        return bool(found)

    await until(look)
    return found[0]


def menu_of(session: Session, key: DeviceKey) -> QMenu:
    menu = QMenu()
    DeviceActions(session, DeviceOperations(session, menu), None, menu).fill(menu, key)
    return menu


def texts(menu: QMenu) -> list[str]:
    return [action.text() for action in menu.actions() if not action.isSeparator()]


def submenu(menu: QMenu) -> QMenu:
    return next(inner for action in menu.actions() if (inner := action.menu()) is not None)


async def test_attach_by_search_and_enter(panel: DevicesPanel, catalog: DeviceCatalog) -> None:
    panel.view.select(STICK)
    click(panel.attach)
    dialog = await asked()
    type_text(dialog.search, "work")
    press_key(dialog.search, Qt.Key.Key_Return)

    await until(lambda: catalog.devices()[STICK].holder == "work")
    await click_enabled(panel.detach)
    await until(lambda: not catalog.devices()[STICK].holder)


async def test_a_halted_qube_is_offered_with_what_it_takes(panel: DevicesPanel, catalog: DeviceCatalog) -> None:
    panel.view.select(STICK)
    click(panel.attach)
    dialog = await asked()
    type_text(dialog.search, "vault")
    choice = dialog.wanted()

    assert choice is not None
    assert choice[1].effort is Effort.START
    assert "vault is started first" in dialog.hint.text()
    dialog.each_start.setChecked(True)
    dialog.start_now.setChecked(False)
    dialog.read_only.setChecked(True)
    assert dialog.options() == {"read-only": "yes", "persistent": "yes"}
    assert dialog.hint.text() == ""
    click(dialog.attach)

    await until(lambda: catalog.devices()[STICK].assigned == ("vault",))
    assert not catalog.devices()[STICK].holder


async def test_a_new_disposable_is_among_the_qubes(panel: DevicesPanel, catalog: DeviceCatalog) -> None:
    panel.view.select(CAMERA)
    click(panel.attach)
    dialog = await asked()
    type_text(dialog.search, "new disposable")
    click(dialog.attach)

    await until(lambda: catalog.devices()[CAMERA].holder == "disp0")


async def test_the_backend_the_holder_and_templates_are_no_targets(panel: DevicesPanel) -> None:
    panel.view.select(STICK)
    click(panel.attach)
    dialog = await asked()
    assert isinstance(dialog.list, TargetView)
    model = dialog.list.model()
    assert model is not None
    names = [model.index(row, 0).data() for row in range(model.rowCount())]

    assert "work" in names
    assert "new disposable of default-dvm" in names
    assert not {"sys-usb", "dom0", "debian-13"} & set(names)
    dialog.reject()


async def test_a_device_of_another_qube_is_moved(panel: DevicesPanel, catalog: DeviceCatalog, client: Client) -> None:
    await client.send(calls.VM_DEVICE_ATTACH.of(DeviceClass.BLOCK)("personal", DeviceId("sys-usb", "sda"), {}))
    await until(lambda: catalog.devices()[STICK].holder == "personal")
    panel.view.select(STICK)
    assert panel.attach.text() == "&Move…"
    click(panel.attach)
    dialog = await asked()
    type_text(dialog.search, "work")
    assert "detached from personal first" in dialog.hint.text()
    click(dialog.attach)

    await until(lambda: catalog.devices()[STICK].holder == "work")


async def test_the_menu_of_a_device_says_what_can_be_done(session: Session, catalog: DeviceCatalog) -> None:
    menu = menu_of(session, STICK)
    assert texts(menu) == ["&Attach to", "&Favourite", "&Nickname…"]
    assert "personal" in texts(submenu(menu))
    assert "vault" not in texts(submenu(menu))

    next(action for action in submenu(menu).actions() if action.text() == "work").trigger()
    await until(lambda: catalog.devices()[STICK].holder == "work")
    await until(lambda: "It is busy with another change." not in texts(menu_of(session, STICK)))

    assert texts(menu_of(session, STICK)) == [
        "&Move to",
        "&Detach from work",
        "Detach and &shut down work",
        "&Favourite",
        "&Nickname…",
    ]


async def test_pci_devices_are_shown_and_not_attached_here(session: Session, panel: DevicesPanel) -> None:
    key = DeviceKey(DeviceClass.PCI, "dom0", "00_1f.3")
    await until(lambda: key in panel._actions.feed.catalog.devices())
    panel.view.select(key)

    assert not panel.attach.isEnabled()
    assert texts(menu_of(session, key))[0] == "Attached in the settings of a halted qube"


async def test_a_failure_is_shown_with_its_reason_and_a_button(
    panel: DevicesPanel, catalog: DeviceCatalog, system: System, session: Session
) -> None:
    device = source(system, "sys-usb").devices.pop((DeviceClass.BLOCK, "sda"))  # gone before its event
    panel.view.select(STICK)
    panel._actions.operations.attach(catalog.devices()[STICK], "work", {})
    await until(panel.retry.isVisible)
    assert "sda" in panel.why.text()
    assert texts(menu_of(session, STICK))[1] == "&Retry with work"

    source(system, "sys-usb").devices[DeviceClass.BLOCK, "sda"] = device
    click(panel.retry)

    await until(lambda: catalog.devices()[STICK].holder == "work" and not panel.retry.isVisible())


async def test_a_nickname_is_asked_for_and_shown(panel: DevicesPanel, session: Session, catalog: DeviceCatalog) -> None:
    panel._actions.ask_nickname(catalog.devices()[STICK])
    found: list[NicknameDialog] = []

    def look() -> bool:
        found[:] = [each for each in QApplication.topLevelWidgets() if isinstance(each, NicknameDialog)]
        return bool(found) and found[0].isVisible()

    await until(look)
    type_text(found[0].focusWidget() or found[0], "my stick")
    found[0].accept()

    await until(lambda: catalog.devices()[STICK].mark == DeviceMark("my stick"))


async def test_the_window_of_a_qube_shows_what_it_has_and_gives_it_more(
    session: Session, feed: DeviceFeed, qtbot: QtBot, catalog: DeviceCatalog
) -> None:
    window = DevicesWindow(session, "work")
    qtbot.addWidget(window)
    window.show()
    assert "work has no devices" in window.panel.empty.text()

    click(window.panel.attach)
    dialog = await asked()
    type_text(dialog.search, "portable photos")
    assert (choice := dialog.wanted()) is not None
    assert choice[0].key.ident == "sdb1"
    click(dialog.attach)

    await until(lambda: window.panel.model.rowCount() == 1)
    assert catalog.devices()[SDB._replace(ident="sdb1")].holder == "work"


async def test_a_search_without_a_match_is_reported(panel: DevicesPanel) -> None:
    type_text(panel.search, "floppy")

    assert panel.empty.isVisible()
    assert "floppy" in panel.empty.text()


async def test_the_microphone_says_that_it_may_need_a_start(panel: DevicesPanel) -> None:
    panel.view.select(MIC)
    click(panel.attach)
    dialog = await asked()
    type_text(dialog.search, "work")

    assert "microphone only when a qube starts" in dialog.hint.text()
    assert not dialog.read_only.isVisible()
    dialog.reject()


async def test_no_device_is_selected_until_the_user_selects_one(panel: DevicesPanel, catalog: DeviceCatalog) -> None:
    await until(lambda: STICK in catalog.devices() and panel.view.isVisible())

    assert panel.view.device() is None
    assert not panel.attach.isEnabled()

    panel.view.setFocus()
    press_key(panel.view, Qt.Key.Key_End)
    press_key(panel.view, Qt.Key.Key_Home)
    assert (first := panel.view.device()) is not None
    assert first.key == SDB


async def test_a_selected_device_that_is_pulled_leaves_none_selected(
    panel: DevicesPanel, catalog: DeviceCatalog, system: System
) -> None:
    photos = SDB._replace(ident="sdb1")
    panel.view.select(photos)
    assert (device := panel.view.device()) is not None
    assert device.key == photos

    source(system, "dom0").pull(DeviceClass.BLOCK, "sdb1")
    await until(lambda: photos not in catalog.devices())

    assert panel.view.device() is None
    assert not panel.attach.isEnabled()


async def test_the_selection_stays_with_a_device_that_moves(panel: DevicesPanel, feed: DeviceFeed) -> None:
    panel.view.select(STICK)
    selections: list[DeviceKey | None] = []
    panel.view.picked.connect(lambda: selections.append(device.key if (device := panel.view.device()) else None))

    feed.set_mark(feed.catalog.devices()[STICK], DeviceMark("", True))  # favourites are first

    assert panel.model.index_of(STICK).row() == 0
    assert (device := panel.view.device()) is not None
    assert device.key == STICK
    assert selections == []
    assert panel.view.isExpanded(panel.model.index_of(STICK))
