# SPDX-License-Identifier: GPL-3.0-or-later
"""The system-wide settings over a whole daemon: clicks reach it, and what others change reaches the window."""

import pytest
from PyQt5.QtWidgets import QComboBox, QDialogButtonBox, QSpinBox
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot
from until import until
from windows import click, click_enabled, opened_dialog, type_text

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.core import system_properties
from qubesmanager.daemon.local.system import System
from qubesmanager.ui.forms.editors import FieldEditor
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.system.label_dialog import LabelDialog
from qubesmanager.ui.system.system_window import SystemWindow
from qubesmanager.ui.widgets.prompts import Question
from qubesmanager.wire import calls

APPLY = QDialogButtonBox.StandardButton.Apply
OK = QDialogButtonBox.StandardButton.Ok
CANCEL = QDialogButtonBox.StandardButton.Cancel


@pytest.fixture
async def window(session: Session, qtbot: QtBot) -> SystemWindow:
    session.follow()
    await until(lambda: session.is_synced and bool(session.labels))
    window = SystemWindow(session)

    def forget(_widget: object) -> None:
        if window.draft is not None:
            window.draft.discard()

    qtbot.addWidget(window, before_close_func=forget)
    window.show()
    await until(lambda: window.form is not None and bool(editor(window, "stats_interval").hint.text()))
    return window


def editor(window: SystemWindow, name: str) -> FieldEditor:
    assert window.form is not None
    return window.form.editors["property", name]


async def test_each_property_of_the_system_has_a_field_with_its_help(window: SystemWindow) -> None:
    assert window.form is not None
    assert {name for _kind, name in window.form.editors} == set(system_properties.TABLE)
    for name, row in system_properties.TABLE.items():
        assert editor(window, name).hint.text() == row.help


async def test_a_long_help_has_the_room_that_it_needs(window: SystemWindow, qtbot: QtBot) -> None:
    field = editor(window, "check_updates_vm")
    qtbot.wait(1)  # the form has measured its rows

    field.explain("A long explanation of what this is for, which takes more than one line. " * 3)

    await until(lambda: field.hint.height() >= field.hint.heightForWidth(field.hint.width()) > 3 * 15)


async def test_fields_are_sent_to_the_system_and_a_reset_restores_the_default(
    window: SystemWindow, system: System
) -> None:
    seconds = editor(window, "default_shutdown_timeout").input
    assert isinstance(seconds, QSpinBox)
    await until(seconds.isVisible)
    assert not window.foot.button(APPLY).isEnabled()
    seconds.setValue(90)
    assert window.foot.preview.toPlainText() == "property.Set dom0 default_shutdown_timeout ← 90"

    await click_enabled(window.foot.button(APPLY))
    await until(lambda: system.runtime.state.system("default_shutdown_timeout") == "90")
    await until(lambda: window.draft is not None and not window.draft.dirty)
    seconds.setValue(1)
    seconds.stepDown()
    await click_enabled(window.foot.button(APPLY))

    await until(lambda: system.runtime.state.system("default_shutdown_timeout") == "60")
    await until(lambda: seconds.text() == "Default (60 s)")


async def test_a_refused_property_is_marked_with_the_reason(window: SystemWindow, system: System) -> None:
    seconds = editor(window, "stats_interval").input
    assert isinstance(seconds, QSpinBox)
    seconds.setMinimum(0)  # as if the daemon had narrower limits than the window
    seconds.setValue(0)

    click(window.foot.button(OK))

    await until(lambda: "between" in editor(window, "stats_interval").problem.text())
    assert window.isVisible()


async def test_a_property_that_another_client_sets_is_shown(window: SystemWindow, client: Client) -> None:
    pool = editor(window, "default_netvm").input
    assert isinstance(pool, QComboBox)

    await client.send(calls.PROPERTY_SET("dom0", "default_netvm", "sys-net"))

    await until(lambda: pool.currentData() == "sys-net")
    assert window.draft is not None
    assert not window.draft.dirty


async def test_a_property_that_another_client_sets_too_asks_which_to_keep(
    window: SystemWindow, system: System, client: Client
) -> None:
    seconds = editor(window, "default_shutdown_timeout").input
    assert isinstance(seconds, QSpinBox)
    assert window.merges is not None
    seconds.setValue(90)

    await client.send(calls.PROPERTY_SET("dom0", "default_shutdown_timeout", "80"))
    await until(window.merges.isVisible)
    assert not window.foot.button(APPLY).isEnabled()
    click(window.merges.mine)
    await click_enabled(window.foot.button(APPLY))

    await until(lambda: system.runtime.state.system("default_shutdown_timeout") == "90")


async def test_closing_with_edits_asks(window: SystemWindow) -> None:
    seconds = editor(window, "stats_interval").input
    assert isinstance(seconds, QSpinBox)
    seconds.setValue(9)

    click(window.foot.button(CANCEL))
    question = await opened_dialog(Question)
    assert window.isVisible()
    click(question.yes)

    await until(lambda: not window.isVisible())


async def test_a_label_is_made_and_removed(window: SystemWindow, system: System) -> None:
    page = window.labels
    window.tabs.setCurrentWidget(page)
    click(page.make)
    asked = await opened_dialog(LabelDialog)
    type_text(asked.name, "Teal")
    assert "small letters" in asked.problem.text()
    asked.name.setText("teal")
    asked.color.setText("#008080")
    asked.accept()
    await until(lambda: page.filter.shown_row("teal") >= 0)
    assert system.runtime.state.labels["teal"] == "0x008080"

    page.table.selectRow(page.filter.shown_row("teal"))
    click(page.remove)
    click((await opened_dialog(Question)).yes)

    await until(lambda: page.filter.shown_row("teal") < 0)
    assert "teal" not in system.runtime.state.labels


async def test_a_label_that_qubes_have_is_not_removed_and_they_are_named(window: SystemWindow, system: System) -> None:
    page = window.labels
    label = system.runtime.state.qube("vault").value("label")

    page.table.selectRow(page.filter.shown_row(label))

    assert not page.remove.isEnabled()
    assert "vault" in page.note.text()


async def test_a_label_that_the_system_needs_stays_and_the_refusal_is_shown(
    window: SystemWindow, client: Client, system: System
) -> None:
    page = window.labels
    for name, qube in list(system.runtime.state.qubes.items()):
        if qube.value("label") == "red":
            await client.send(calls.VM_PROPERTY_SET(name, "label", "gray"))
    window.tabs.setCurrentWidget(page)
    await until(lambda: page.model.rows[page.model.row_of("red")].users == ())
    page.table.selectRow(page.filter.shown_row("red"))

    click(page.remove)
    click((await opened_dialog(Question)).yes)

    await until(lambda: "default of new qubes" in window.notice.text())


async def test_the_labels_keep_qts_contract(window: SystemWindow, qtmodeltester: ModelTester) -> None:
    qtmodeltester.check(window.labels.model, force_py=True)  # type: ignore[no-untyped-call] # not annotated there
