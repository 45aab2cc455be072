# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups in the sidebar: what belongs to them, folding, and actions on all of a group."""

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QAction, QApplication, QMenu
from windows import Clicker, leave_out

from qubesmanager.rules.facts import HALTED
from qubesmanager.ui.actions.plan_dialog import PlanDialog
from qubesmanager.ui.manager.sidebar import KEY, Sidebar
from qubesmanager.ui.widgets.side_row import COUNT
from qubesmanager.wire import calls


def heads(sidebar: Sidebar) -> dict[str, bool]:
    """Whether each group is open, by its key."""
    items = [sidebar.topLevelItem(at) for at in range(sidebar.topLevelItemCount())]
    return {str(item.data(0, KEY)): item.isExpanded() for item in items if item is not None}


def menu_of(clicker: Clicker, key: str) -> dict[str, QAction]:
    """The actions in the menu of a group, as the context-menu key opens it."""
    sidebar = clicker.window.sidebar
    sidebar.choose(key)
    sidebar.customContextMenuRequested.emit(sidebar.visualItemRect(sidebar.currentItem()).center())
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    return {action.objectName(): action for action in menu.actions() if action.objectName()}


async def test_groups_contain_their_qubes(clicker: Clicker) -> None:
    sidebar, records = clicker.window.sidebar, clicker.session.records
    sidebar.fill()
    shown: set[str] = set()

    for key, name in (("template:debian-13", "vault"), ("label:red", "untrusted"), ("prefix:sys", "sys-usb")):
        sidebar.choose(key)
        await clicker.until(lambda key=key: sidebar.current_key() == key)  # type: ignore[misc]  # a default binds it
        shown = {row[0] for row in clicker.window.table_text()[1:]}
        assert name in shown
        assert shown < set(records)
    assert shown == {"sys-net", "sys-firewall", "sys-usb"}


async def test_a_folded_group_stays_folded(clicker: Clicker) -> None:
    sidebar = clicker.window.sidebar
    assert heads(sidebar)["tag"]
    assert not heads(sidebar)["label"]
    tag = next(item for at in range(9) if (item := sidebar.topLevelItem(at)) and item.data(0, KEY) == "tag")
    sidebar.itemClicked.emit(tag, 0)
    sidebar.fill()
    assert not heads(sidebar)["tag"]

    again = Sidebar(clicker.session, clicker.session.settings)

    assert not heads(again)["tag"]
    again.deleteLater()


async def test_a_group_is_shut_down_with_one_confirmation_in_order(clicker: Clicker) -> None:
    actions = menu_of(clicker, "prefix:sys")
    assert not actions["unpause"].isEnabled()
    assert " is not paused." in actions["unpause"].toolTip()
    actions["shutdown"].trigger()
    dialog = await clicker.dialog(PlanDialog)
    order = dialog.chosen
    assert order.index("work") < order.index("sys-firewall") < order.index("sys-net")
    assert {"work", "personal"} < set(order)
    leave_out(dialog, "sys-usb")
    clicker.press(dialog.yes)

    await clicker.until(lambda: clicker.session.records["sys-net"].state in HALTED)
    assert clicker.state("sys-usb") == "Running"


async def test_a_group_is_started_without_being_selected(clicker: Clicker) -> None:
    clicker.select("untrusted")
    sidebar = clicker.window.sidebar
    menu_of(clicker, "tag:keys")["start"].trigger()

    await clicker.until(lambda: clicker.state("vault") == "Running")
    assert clicker.state("untrusted") == "Halted"
    sidebar.choose("all")


async def test_a_count_changes_in_its_line_and_other_lines_stay(clicker: Clicker) -> None:
    sidebar, session = clicker.window.sidebar, clicker.session
    sidebar.fill()
    items = {str(item.data(0, KEY)): item for item in sidebar._items()}
    before = sum(record.running for record in session.records.values())
    assert items["running"].data(0, COUNT) == str(before)

    await session.client.send(calls.VM_START("vault"))
    await clicker.until(lambda: items["running"].data(0, COUNT) == str(before + 1))

    assert all(item is items[str(item.data(0, KEY))] for item in sidebar._items())
    assert items["running"].data(0, Qt.ItemDataRole.AccessibleTextRole).endswith(str(before + 1))


async def test_a_saved_view_counts_its_qubes_as_they_change(clicker: Clicker) -> None:
    sidebar, session = clicker.window.sidebar, clicker.session
    sidebar.save_view("keys", "tag:keys-of-mine")
    item = next(item for item in sidebar._items() if item.data(0, KEY) == "view:keys")
    assert item.data(0, COUNT) == "0"

    await session.client.send(calls.VM_TAG_SET("vault", "keys-of-mine"))
    await clicker.until(lambda: "keys-of-mine" in session.records["vault"].tags)
    sidebar.fill()

    counts = {str(item.data(0, KEY)): item.data(0, COUNT) for item in sidebar._items()}
    assert counts["view:keys"] == "1"
