# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of volumes over a whole daemon with a pool of files."""

import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QApplication, QDialogButtonBox
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot
from until import until
from windows import click, click_enabled, opened_settings

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.system import System
from qubesmanager.ui.forms.volume_size_row import GIB
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.settings.attach_volume_dialog import AttachVolumeDialog
from qubesmanager.ui.settings.settings_window import SettingsWindow
from qubesmanager.ui.settings.volumes_page import VolumesPage
from qubesmanager.ui.widgets.prompts import Question
from qubesmanager.wire import calls

APPLY = QDialogButtonBox.StandardButton.Apply


@pytest.fixture
async def window(session: Session, qtbot: QtBot) -> SettingsWindow:
    return await opened_settings(session, qtbot, "vault", "volumes")


@pytest.fixture
def page(window: SettingsWindow) -> VolumesPage:
    page = window.pages["volumes"]
    assert isinstance(page, VolumesPage)
    return page


def select(page: VolumesPage, volume: str) -> None:
    page.table.selectRow(page.model.row_of(volume))


async def agree() -> None:
    """Say yes to the question that is open."""
    found: list[Question] = []

    def look() -> bool:
        found[:] = [each for each in QApplication.topLevelWidgets() if isinstance(each, Question) and each.isVisible()]
        return bool(found)

    await until(look)
    click(found[0].yes)


async def test_a_larger_size_is_sent_with_apply_and_the_event_comes_back(
    window: SettingsWindow, page: VolumesPage, system: System
) -> None:
    select(page, "private")
    page.size_box.setValue(3)
    assert f"vm.volume.Extend vault private ← {3 * GIB}" in window.preview.toPlainText()

    await click_enabled(window.button(APPLY))
    await until(lambda: not window.draft.dirty)

    assert system.runtime.state.qube("vault").volumes["private"].size == 3 * GIB
    assert page.model.volume_at(page.model.row_of("private")) == system.runtime.state.qube("vault").record().volumes[1]


async def test_a_smaller_size_is_never_sent_and_the_reason_is_shown_next_to_it(
    window: SettingsWindow, page: VolumesPage
) -> None:
    select(page, "private")

    page.size_box.setValue(1)

    assert page.problem.text() == "A volume can only grow."
    assert not window.draft.dirty


async def test_a_snapshot_is_taken_and_gone_back_to(window: SettingsWindow, page: VolumesPage, system: System) -> None:

    select(page, "private")
    await until(page.snapshots.take.isEnabled)
    click(page.snapshots.take)
    await until(lambda: page.snapshots.model.rowCount() == 1)
    page.snapshots.table.selectRow(0)

    click(page.snapshots.revert)
    await agree()

    await until(lambda: page.snapshots.model.rowCount() == 2)


async def test_a_snapshot_of_another_client_is_shown(page: VolumesPage, client: Client) -> None:
    select(page, "private")

    await client.send(calls.VM_VOLUME_SNAPSHOT("vault", "private"))

    await until(lambda: page.snapshots.model.rowCount() == 1)


async def test_a_running_qubes_volume_is_not_reverted_and_says_why(
    session: Session, page: VolumesPage, client: Client
) -> None:
    await client.send(calls.VM_START("vault"))
    await until(lambda: session.records["vault"].running)
    select(page, "private")

    assert not page.snapshots.revert.isEnabled()
    assert "halted" in page.snapshots.revert.toolTip()


async def test_a_volume_that_is_new_at_each_start_has_neither_size_nor_snapshots(page: VolumesPage) -> None:
    select(page, "volatile")

    assert not page.size_box.isEnabled()
    assert not page.snapshots.take.isEnabled()
    assert "created again" in page.snapshots.note.text()


async def test_a_volume_without_a_qube_is_attached_and_detached(
    session: Session, page: VolumesPage, system: System, qtbot: QtBot
) -> None:
    await system.pools.driver("default").create("shared/data", GIB)
    click(page.attach)
    await until(lambda: any(isinstance(widget, AttachVolumeDialog) for widget in QApplication.topLevelWidgets()))
    dialog = next(widget for widget in QApplication.topLevelWidgets() if isinstance(widget, AttachVolumeDialog))
    assert [dialog.volume.itemText(row) for row in range(dialog.volume.count())] == ["default:shared/data"]
    dialog.readonly.setChecked(True)
    click(dialog.attach)
    await until(lambda: page.model.row_of("extra-1") >= 0)
    assert not system.runtime.state.qube("vault").volumes["extra-1"].rw

    select(page, "extra-1")
    click(page.detach)
    await agree()

    await until(lambda: page.model.row_of("extra-1") < 0)
    assert "shared/data" in await system.pools.driver("default").list_volumes()


async def test_the_tables_keep_qts_contract(page: VolumesPage, qtmodeltester: ModelTester) -> None:
    qtmodeltester.check(page.model, force_py=True)  # type: ignore[no-untyped-call] # not annotated there


async def test_the_snapshots_keep_qts_contract(page: VolumesPage, qtmodeltester: ModelTester) -> None:
    page.snapshots.model.put(["1700000000-1", "1700000100-1"])

    qtmodeltester.check(page.snapshots.model, force_py=True)  # type: ignore[no-untyped-call] # not annotated there


async def test_a_closed_window_gets_no_events(session: Session, client: Client, qtbot: QtBot) -> None:
    session.follow()
    await until(lambda: session.is_synced and bool(session.labels))
    window = SettingsWindow(session, "vault", session.labels, "volumes")
    window.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    window.show()
    await until(lambda: bool(window.draft.rules))
    gone = []
    window.destroyed.connect(lambda: gone.append("gone"))
    window.close()
    await until(lambda: bool(gone))

    await client.send(calls.VM_VOLUME_EXTEND("vault", "private", 4 * GIB))

    await until(lambda: session.records["vault"].volumes[1].size == 4 * GIB)
