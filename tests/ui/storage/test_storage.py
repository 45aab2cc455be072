# SPDX-License-Identifier: GPL-3.0-or-later
"""The storage window over a whole daemon: clicks reach the pools, and what others do reaches the window."""

from pathlib import Path

import pytest
from PyQt5.QtWidgets import QApplication
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot
from until import until
from windows import Clicker, click, opened_dialog, type_text

from qubesmanager.client.client import Client
from qubesmanager.client.live_copy import Lost
from qubesmanager.daemon.local.system import System
from qubesmanager.transport.base import TransportError
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.session.windows import OpenWindows
from qubesmanager.ui.storage.add_pool_dialog import AddPoolDialog
from qubesmanager.ui.storage.storage_window import StorageWindow
from qubesmanager.ui.widgets.prompts import Question
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import VolumeId

MIB = 1 << 20
ORPHAN = VolumeId("default", "left/over")


@pytest.fixture
async def window(session: Session, system: System, qtbot: QtBot) -> StorageWindow:
    await system.pools.driver("default").create(ORPHAN.vid, MIB)
    session.follow()
    await until(lambda: session.is_synced)
    window = StorageWindow(session)
    qtbot.addWidget(window)
    window.show()
    await until(lambda: window.facts.is_known)
    return window


async def test_pools_are_shown_with_their_users(window: StorageWindow) -> None:
    row = window.pools.current()

    assert row is not None
    assert (row.name, row.driver) == ("default", "file-qcow2")
    assert row.size > 0
    assert {"vault", "work"} <= set(row.users)
    assert "vault" in window.pools.info.text()
    assert not window.pools.remove.isEnabled()
    assert "vault" in window.pools.remove.toolTip()


async def test_a_pool_is_added_with_its_drivers_fields_and_removed(
    window: StorageWindow, system: System, tmp_path: Path
) -> None:
    page = window.pages["pools"]
    assert page is window.pools
    click(window.pools.add)
    asked = await opened_dialog(AddPoolDialog)
    asked.driver.setCurrentText("lvm-thin")
    assert list(asked.fields) == ["volume_group", "thin_pool"]
    asked.driver.setCurrentText("file-qcow2")
    assert asked.add is not None
    assert not asked.add.isEnabled()
    type_text(asked.name, "slow")
    type_text(asked.fields["dir_path"], str(tmp_path / "slow"))
    click(asked.add)
    await until(lambda: window.pools.filter.shown_row("slow") >= 0)
    assert system.runtime.state.pools["slow"] == "file-qcow2"

    window.pools.table.selectRow(window.pools.filter.shown_row("slow"))
    click(window.pools.remove)
    click((await opened_dialog(Question)).yes)

    await until(lambda: window.pools.filter.shown_row("slow") < 0)
    assert "slow" not in system.runtime.state.pools


async def test_a_refused_pool_leaves_the_dialog_open_with_the_reason(window: StorageWindow) -> None:
    click(window.pools.add)
    asked = await opened_dialog(AddPoolDialog)
    type_text(asked.name, "slow")
    type_text(asked.fields["dir_path"], "not/absolute")
    assert asked.add is not None

    click(asked.add)

    await until(lambda: "absolute" in asked.problem.text())
    assert asked.isVisible()


async def test_a_pool_that_the_system_needs_stays_and_the_refusal_is_shown(
    window: StorageWindow, client: Client, system: System, tmp_path: Path
) -> None:
    await client.send(calls.POOL_ADD("dom0", "spare", {"driver": "file-qcow2", "dir_path": str(tmp_path / "spare")}))
    await client.send(calls.PROPERTY_SET("dom0", "default_pool", "spare"))
    await until(lambda: window.pools.filter.shown_row("spare") >= 0)
    window.pools.table.selectRow(window.pools.filter.shown_row("spare"))

    click(window.pools.remove)
    click((await opened_dialog(Question)).yes)

    await until(lambda: "default_pool" in window.notice.text())
    assert "spare" in system.runtime.state.pools


async def test_settings_of_a_pool_that_another_client_changes_are_read_again_while_it_is_visible(
    window: StorageWindow, client: Client
) -> None:
    """No event reports them."""
    window.facts.slowly.setInterval(20)
    await client.send(calls.POOL_CONFIGURE("dom0", "default", {"revisions_to_keep": "5"}))
    await until(lambda: window.facts.pools[0].options["revisions_to_keep"] == "5")

    window.hide()
    assert not window.facts.slowly.isActive()
    window.show()
    assert window.facts.slowly.isActive()


async def test_a_volume_of_no_qube_is_found_and_removed(window: StorageWindow, system: System) -> None:
    page = window.volumes
    window.tabs.setCurrentWidget(page)
    page.only_orphans.click()
    assert [page.filter.row_at(row) and page.filter.row_at(row).place for row in range(page.filter.rowCount())] == [  # type: ignore[union-attr] # there is one
        ORPHAN
    ]
    page.table.selectRow(0)

    click(page.remove)
    click((await opened_dialog(Question)).yes)

    await until(lambda: page.filter.rowCount() == 0)
    assert ORPHAN.vid not in await system.pools.driver("default").list_volumes()
    assert page.empty.text() == "Every volume belongs to a qube."


async def test_a_qubes_volume_is_not_offered_for_removal(window: StorageWindow) -> None:
    page = window.volumes
    page.search.setText("vault private")
    page.table.selectRow(0)

    assert page.filter.rowCount() == 1
    assert not page.remove.isEnabled()
    assert "vault" in page.remove.toolTip()


async def test_snapshots_of_all_qubes_are_listed_and_gone_back_to(window: StorageWindow, client: Client) -> None:
    await client.send(calls.VM_VOLUME_SNAPSHOT("vault", "private"))
    page = window.snapshots

    window.tabs.setCurrentWidget(page)
    await until(lambda: page.filter.rowCount() == 1)
    page.table.selectRow(0)
    click(page.revert)
    click((await opened_dialog(Question)).yes)

    await until(lambda: page.filter.rowCount() == 2)


async def test_changes_of_another_client_are_shown(window: StorageWindow, client: Client) -> None:
    page = window.volumes
    await client.send(calls.VM_VOLUME_EXTEND("vault", "private", 5 << 30))
    place = VolumeId("default", "vault/private")

    await until(lambda: page.model.rows[page.model.row_of(place)].volume.size == 5 << 30)
    await client.send(calls.VM_REMOVE("vault"))
    await until(lambda: page.model.row_of(place) < 0)


async def test_the_tables_keep_qts_contract(window: StorageWindow, qtmodeltester: ModelTester) -> None:
    qtmodeltester.check(window.pools.model, force_py=True)  # type: ignore[no-untyped-call] # not annotated there


async def test_the_filter_keeps_qts_contract(window: StorageWindow, qtmodeltester: ModelTester) -> None:
    qtmodeltester.check(window.volumes.filter, force_py=True)  # type: ignore[no-untyped-call] # not annotated there


async def test_the_menu_opens_the_window(clicker: Clicker, qtbot: QtBot) -> None:
    opened = OpenWindows(clicker.session)

    def open_it(name: str, names: tuple[str, ...]) -> None:
        opened.open(name, names)

    clicker.session.window_wanted.connect(open_it)

    clicker.click("window-storage")

    window = next(
        each for each in QApplication.topLevelWidgets() if isinstance(each, StorageWindow) and each.isVisible()
    )
    qtbot.addWidget(window)
    await until(lambda: window.facts.is_known)


async def test_the_snapshots_keep_qts_contract(
    window: StorageWindow, client: Client, qtmodeltester: ModelTester
) -> None:
    await client.send(calls.VM_VOLUME_SNAPSHOT("vault", "private"))
    window.tabs.setCurrentWidget(window.snapshots)
    await until(lambda: window.snapshots.filter.rowCount() == 1)

    qtmodeltester.check(window.snapshots.filter, force_py=True)  # type: ignore[no-untyped-call] # not annotated there


async def test_a_lost_connection_is_shown_and_disables_every_action(window: StorageWindow, session: Session) -> None:
    session.trouble = Lost(TransportError("The connection was closed."), 8.0)
    session.lost.emit(session.trouble)
    assert window.away.isVisible()
    assert not window.tabs.isEnabled()

    session.trouble = None
    session.synced.emit()

    assert window.away.isHidden()
    assert window.tabs.isEnabled()


async def test_the_pages_show_that_they_load_and_that_there_is_nothing(session: Session, qtbot: QtBot) -> None:
    session.follow()
    await until(lambda: session.is_synced)
    window = StorageWindow(session)
    qtbot.addWidget(window)
    window.show()
    window.show_page("snapshots")

    assert window.pools.info.text() == "Loading the pools…"
    assert window.volumes.empty.text() == "Loading the volumes…"
    assert window.snapshots.note.text() == "Loading the snapshots…"
    await until(lambda: window.snapshots.note.text() == "There is no snapshot.")
    assert window.volumes.empty.isHidden()
