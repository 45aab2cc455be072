# SPDX-License-Identifier: GPL-3.0-or-later
"""Giving a qube a device from the manager's own window."""

from device_samples import SDB
from PyQt5.QtCore import QPoint, Qt
from PyQt5.QtWidgets import QAction, QMenu, QWidget
from pytestqt.qtbot import QtBot
from until import until
from windows import Clicker, press_key, type_text

from qubesmanager.models.device_tree import NAME, STATE
from qubesmanager.ui.devices.attach_dialog import AttachDialog
from qubesmanager.ui.devices.device_feed import feed_of
from qubesmanager.ui.devices.device_menu import QubeDevicesMenu
from qubesmanager.ui.devices.device_view import DeviceView
from qubesmanager.ui.devices.devices_window import DevicesWindow
from qubesmanager.ui.session.windows import OpenWindows
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import AvailableDevice, DeviceId
from qubesmanager.wire.values import DeviceClass


async def test_a_qube_is_given_a_device_from_its_context_menu(clicker: Clicker) -> None:
    session = clicker.window.session
    catalog = feed_of(session).catalog
    windows = OpenWindows(session)
    asked: list[QWidget] = []
    session.window_wanted.connect(lambda kind, names: asked.append(windows.open(kind, names)))
    clicker.select("work")
    clicker.click("attach")
    (dialog,) = asked
    assert isinstance(dialog, AttachDialog)
    await until(lambda: SDB in catalog.devices())

    type_text(dialog.search, "sdb")
    press_key(dialog.search, Qt.Key.Key_Return)

    await until(lambda: catalog.devices()[SDB].holder == "work")


async def test_dom0_and_templates_are_offered_no_device_and_the_reason_is_shown(clicker: Clicker) -> None:
    for name, words in (("dom0", "cannot be attached to dom0"), ("debian-13", "to the qubes that are based on it")):
        clicker.select(name)
        await until(lambda: not clicker.can("attach"))
        assert words in clicker.tip("attach")


async def test_the_devices_menu_of_a_qube_gives_and_takes(clicker: Clicker) -> None:
    menu = next(submenu for submenu in clicker.window.submenus if isinstance(submenu, QubeDevicesMenu))
    clicker.select("work")
    await until(lambda: (action := menu.menuAction()) is not None and action.isEnabled())
    menu.popup(QPoint(0, 0))  # devices are asked for now, and come while it is open
    await until(lambda: "Attach Example Portable SSD" in lines(menu))
    line(menu, "Attach Example Portable SSD").trigger()
    menu.close()
    catalog = feed_of(clicker.window.session).catalog
    await until(lambda: catalog.devices()[SDB].holder == "work")

    menu.popup(QPoint(0, 0))
    await until(lambda: "Detach from work" in lines_below(menu, "Example Portable SSD"))
    inner = line(menu, "Example Portable SSD").menu()
    assert inner is not None
    line(inner, "Detach from work").trigger()
    menu.close()

    await until(lambda: not catalog.devices()[SDB].holder)


def lines(menu: QMenu) -> list[str]:
    return [shown(action) for action in menu.actions()]


def lines_below(menu: QMenu, text: str) -> list[str]:
    """Those of the menu below a line; none while that is not there."""
    below = line(menu, text).menu() if text in lines(menu) else None
    return lines(below) if below is not None else []


def line(menu: QMenu, text: str) -> QAction:
    return next(action for action in menu.actions() if shown(action) == text)


def shown(action: QAction) -> str:
    """What a line of a menu begins with: after the tab are size, backend and state."""
    return action.text().replace("&", "").partition("\t")[0]


async def test_no_qube_is_preselected_and_enter_gives_it_to_none(clicker: Clicker, qtbot: QtBot) -> None:
    catalog = feed_of(clicker.session).catalog
    await until(lambda: SDB in catalog.devices())
    dialog = AttachDialog(None, clicker.session, catalog, device=catalog.devices()[SDB])
    qtbot.addWidget(dialog)
    dialog.show()

    assert dialog.wanted() is None
    assert not dialog.attach.isEnabled()
    press_key(dialog.search, Qt.Key.Key_Return)
    assert dialog.isVisible()
    type_text(dialog.search, "vaul")
    choice = dialog.wanted()
    assert choice is not None
    assert choice[1].name == "vault"


async def test_a_name_like_a_state_is_only_in_the_column_of_names(clicker: Clicker, qtbot: QtBot) -> None:
    catalog = feed_of(clicker.session).catalog
    await until(lambda: SDB in catalog.devices())
    imitating = AvailableDevice("9-9", {}, "A stick\tattached to vault\n\u2605 \u00b7 at each start")
    catalog.offer("sys-usb", DeviceClass.USB, [imitating])
    menu = next(submenu for submenu in clicker.window.submenus if isinstance(submenu, QubeDevicesMenu))
    clicker.select("work")
    await until(lambda: (action := menu.menuAction()) is not None and action.isEnabled())

    menu.popup(QPoint(0, 0))
    await until(lambda: any("A stick" in text for text in lines(menu)))
    action = next(action for action in menu.actions() if "A stick" in action.text())
    shown_name, details = action.text().replace("&", "").split("\t")
    assert shown_name == "Attach A stick_attached to vault__ _ at each start"
    assert "vault" not in details
    menu.close()

    dialog = AttachDialog(None, clicker.session, catalog, device=None, qube="work")
    qtbot.addWidget(dialog)
    dialog.show()
    type_text(dialog.search, "stick attached")
    view = dialog.list
    assert isinstance(view, DeviceView)
    row = view.currentIndex()
    assert "vault" not in row.siblingAtColumn(STATE).data()
    assert row.siblingAtColumn(NAME).data() == "A stick_attached to vault__ _ at each start"


async def test_what_a_qube_has_shows_its_state_in_the_second_column(clicker: Clicker) -> None:
    catalog = feed_of(clicker.session).catalog
    await until(lambda: SDB in catalog.devices())
    menu = next(submenu for submenu in clicker.window.submenus if isinstance(submenu, QubeDevicesMenu))
    assign = calls.VM_DEVICE_ASSIGN.of(DeviceClass.BLOCK)
    await clicker.session.client.send(assign("work", DeviceId("dom0", "sdb"), {"mode": "ask-to-attach"}))
    clicker.select("work")
    await until(lambda: (action := menu.menuAction()) is not None and action.isEnabled())

    menu.popup(QPoint(0, 0))
    await until(lambda: "Example Portable SSD" in lines(menu))

    assert "at the start of work" in line(menu, "Example Portable SSD").text().partition("\t")[2]
    menu.close()


async def test_typing_the_name_of_a_partition_selects_it(clicker: Clicker, qtbot: QtBot) -> None:
    catalog = feed_of(clicker.session).catalog
    await until(lambda: SDB in catalog.devices())
    dialog = AttachDialog(None, clicker.session, catalog, device=None, qube="work")
    qtbot.addWidget(dialog)
    dialog.show()

    type_text(dialog.search, "archive")

    choice = dialog.wanted()
    assert choice is not None
    assert choice[0].key.ident == "sdb2"


async def test_a_partition_of_an_attached_disk_is_not_offered(clicker: Clicker, qtbot: QtBot) -> None:
    catalog = feed_of(clicker.session).catalog
    await until(lambda: SDB in catalog.devices())
    attach = calls.VM_DEVICE_ATTACH.of(DeviceClass.BLOCK)
    await clicker.session.client.send(attach("personal", DeviceId("dom0", "sdb"), {}))
    part = SDB._replace(ident="sdb2")
    await until(lambda: catalog.devices()[part].taken is not None)
    menu = next(submenu for submenu in clicker.window.submenus if isinstance(submenu, QubeDevicesMenu))
    clicker.select("work")
    await until(lambda: (action := menu.menuAction()) is not None and action.isEnabled())

    menu.popup(QPoint(0, 0))
    await until(lambda: any("Stick" in text for text in lines(menu)))
    assert not any("archive" in text for text in lines(menu))
    menu.close()

    dialog = AttachDialog(None, clicker.session, catalog, device=None, qube="work")
    qtbot.addWidget(dialog)
    dialog.show()
    type_text(dialog.search, "archive")
    assert dialog.wanted() is None

    window = DevicesWindow(clicker.session)
    qtbot.addWidget(window)
    window.show()
    window.panel.view.select(part)
    await until(lambda: "dom0+sdb is attached to personal" in window.panel.attach.toolTip())
    assert not window.panel.attach.isEnabled()
    menu_of_part = window.panel.more_menu
    menu_of_part.aboutToShow.emit()
    assert menu_of_part.actions()[0].text() == "dom0+sdb is attached to personal."
    assert not any("Attach" in action.text() for action in menu_of_part.actions())
