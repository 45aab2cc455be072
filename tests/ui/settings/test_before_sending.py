# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings before anything is sent: faults on other pages, changes in words, defaults as choices, restarts."""

import time

import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QApplication, QComboBox, QDialogButtonBox, QSpinBox
from pytestqt.qtbot import QtBot
from until import until
from windows import Clicker, choose, choose_default, click, click_enabled, opened_settings, press_key, type_text

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.system import System
from qubesmanager.models.restart_watch import RestartWatch
from qubesmanager.models.vm_table import BADGE_ROLE
from qubesmanager.ui.dialogs.create_dialog import CreateDialog
from qubesmanager.ui.forms.form_page import FormPage
from qubesmanager.ui.forms.number_box import NumberBox
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.session.windows import OpenWindows
from qubesmanager.ui.settings.firewall_page import FirewallPage
from qubesmanager.ui.settings.settings_window import SettingsWindow
from qubesmanager.ui.widgets.side_pages import FAULT_BADGE
from qubesmanager.wire import calls
from qubesmanager.wire.firewall import parse_rule

APPLY, OK = QDialogButtonBox.StandardButton.Apply, QDialogButtonBox.StandardButton.Ok
MINUTES = 5


@pytest.fixture
async def window(session: Session, qtbot: QtBot) -> SettingsWindow:
    return await opened_settings(session, qtbot, "work", "basic")


def editor(window: SettingsWindow, page: str, name: str) -> object:
    form = window.pages[page]
    assert isinstance(form, FormPage)
    return form.editors["property", name].input


def rows(window: SettingsWindow) -> list[tuple[str, str, str, str]]:
    """The changes as the foot shows them."""
    table = window.foot.changes
    cells = [[table.index(row, column).data() for column in range(4)] for row in range(table.rowCount())]
    return [(name, now, then, when) for name, now, then, when in cells]


def type_number(box: object, text: str) -> None:
    assert isinstance(box, QSpinBox)
    box.selectAll()
    line = box.lineEdit()
    assert line is not None
    type_text(line, text)
    press_key(line, Qt.Key.Key_Return)


async def test_a_page_is_made_when_it_is_first_shown_and_its_faults_are_known_before(window: SettingsWindow) -> None:
    assert window.tabs.made == {"basic"}

    window.draft.edit(("property", "vcpus"), "0")
    window.draft.edit(("feature", "service.cups"), "1")

    assert not window.button(OK).isEnabled()
    assert (window.tabs.badge("advanced"), window.tabs.badge("services")) == (FAULT_BADGE, "1")
    assert window.foot.problem.text() == "Advanced, VCPUs: The number of vcpus is between 1 and 128."
    assert window.tabs.made == {"basic"}

    click(window.foot.jump)
    assert window.tabs.current() == "advanced"
    assert window.tabs.made == {"basic", "advanced"}
    vcpus = editor(window, "advanced", "vcpus")
    assert isinstance(vcpus, QSpinBox)
    assert vcpus.value() == 0
    assert vcpus.isVisible()


async def test_a_refused_edit_makes_its_page_and_shows_the_reason_there(window: SettingsWindow) -> None:
    window.draft.edit(("property", "kernel"), "nosuch")
    window.show_page("notes")

    await click_enabled(window.button(APPLY))
    await until(lambda: window.tabs.current() == "advanced")

    form = window.pages["advanced"]
    assert isinstance(form, FormPage)
    assert "nosuch" in form.editors["property", "kernel"].problem.text()


async def test_zero_vcpus_is_a_fault_that_is_named_at_the_foot_of_another_page_and_jumped_to(
    window: SettingsWindow,
) -> None:
    vcpus = editor(window, "advanced", "vcpus")
    type_number(vcpus, "0")
    window.show_page("notes")

    assert not window.button(OK).isEnabled()
    assert not window.button(APPLY).isEnabled()
    assert window.tabs.badge("advanced") == FAULT_BADGE
    assert window.foot.problem.text() == "Advanced, VCPUs: The number of vcpus is between 1 and 128."
    click(window.foot.jump)
    assert window.tabs.currentWidget() is window.pages["advanced"]
    assert isinstance(vcpus, QSpinBox)
    assert QApplication.focusWidget() in {vcpus, vcpus.lineEdit(), None}

    type_number(vcpus, "3")
    assert window.button(APPLY).isEnabled()
    assert window.tabs.badge("advanced") == "1"
    assert window.foot.jump.isHidden()


async def test_the_changes_are_in_words_and_the_calls_behind_a_triangle(window: SettingsWindow) -> None:
    choose(editor(window, "basic", "autostart"), "yes")
    type_number(editor(window, "advanced", "memory"), "900")
    window.draft.edit(("tag", "mine"), "")
    window.draft.edit(("volume", "private"), str(3 << 30))

    assert rows(window) == [
        ("Start with the system", "Default (no)", "yes", "now"),
        ("Initial memory", "800 MiB", "900 MiB", "after a restart"),
        ("The tag mine", "does not exist", "there", "now"),
        ("Private storage", "2.0 GiB", "3.0 GiB", "now; it cannot shrink later"),
    ]
    assert window.foot.show_changes.text() == "4 change(s)"
    assert not window.foot.preview.isVisible()
    click(window.foot.show_preview)
    assert window.foot.preview.isVisible()
    assert "vm.property.Set work autostart ← yes" in window.foot.preview.toPlainText()
    click(window.foot.back)
    assert not window.draft.dirty
    assert not window.foot.table.isVisible()


async def test_the_default_is_a_choice_in_the_box_and_says_what_it_is(window: SettingsWindow, system: System) -> None:
    memory, netvm = editor(window, "advanced", "memory"), editor(window, "basic", "netvm")
    assert isinstance(memory, NumberBox)
    assert isinstance(netvm, QComboBox)
    assert netvm.currentText() == "Default (sys-firewall)"
    choose(netvm, "sys-net")
    choose_default(netvm)
    assert not window.draft.dirty
    assert memory.text() == "800 MiB"

    memory.setValue(0)
    memory.stepDown()
    assert memory.text() == "Default (400 MiB)"
    assert rows(window) == [("Initial memory", "800 MiB", "Default (400 MiB)", "after a restart")]
    await click_enabled(window.button(APPLY))
    await until(lambda: not window.draft.dirty)

    assert system.runtime.state.qube("work").own.get("memory") is None
    memory.stepUp()
    assert memory.text() == "401 MiB"


async def test_an_edit_is_taken_back_beside_its_field(window: SettingsWindow) -> None:
    window.show_page("advanced")
    form = window.pages["advanced"]
    assert isinstance(form, FormPage)
    field = form.editors["property", "memory"]
    type_number(field.input, "900")
    assert field.was.text() == "was 800 MiB"

    click(field.was)

    assert not window.draft.dirty
    assert field.was.isHidden()


async def test_full_access_for_a_while_counts_from_when_it_is_applied(
    window: SettingsWindow, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = window.pages["firewall"]
    assert isinstance(page, FirewallPage)
    window.show_page("firewall")
    click(page.buttons["all"])
    assert ("Firewall rule", "\u2013", "accept anywhere, any, for 5 minute(s)", "now") in rows(window)
    later = time.time() + 3600
    with monkeypatch.context() as patched:
        patched.setattr(time, "time", lambda: later)

        await click_enabled(window.button(APPLY))
        await until(lambda: not window.draft.dirty)

    rule = parse_rule(system.runtime.state.qube("work").rules[0][1])
    assert rule.expire == int(later) + MINUTES * 60
    assert window.draft.durations == {}


async def test_a_change_that_needs_a_restart_is_marked_in_the_settings_the_table_and_the_inspector(
    clicker: Clicker, client: Client
) -> None:
    session, main = clicker.session, clicker.window
    windows = OpenWindows(session)
    window = windows.open("settings", ("work",))
    assert isinstance(window, SettingsWindow)
    clicker.select("work")
    cell = main.filter.index_of("work")
    assert main.filter.data(cell, BADGE_ROLE) == ""

    await client.send(calls.VM_PROPERTY_SET("work", "maxmem", "5000"))
    await clicker.until(lambda: main.filter.data(cell, BADGE_ROLE) == "restart")
    assert not window.head.badge.isHidden()
    assert "Takes effect after a restart: Maximum memory." in window.head.state.text()
    assert window.head.restart.isEnabled()
    await clicker.until(main.inspector.restart.isVisible)
    kept = RestartWatch(session.restarts.text())
    kept.put(session.records["work"])
    assert kept.needed(session.records["work"]) == ("maxmem",)

    await client.send(calls.VM_PROPERTY_SET("work", "maxmem", "6000"))
    await clicker.until(lambda: main.filter.data(cell, BADGE_ROLE) == "")
    await clicker.until(lambda: not main.inspector.restart.isVisible())
    windows.close_all()


async def test_a_qube_that_was_just_created_is_not_shown_as_changed_elsewhere(clicker: Clicker) -> None:
    windows = OpenWindows(clicker.session)
    opened: list[SettingsWindow] = []

    def open_it(name: str, names: tuple[str, ...]) -> None:
        window = windows.open(name, names)
        assert isinstance(window, SettingsWindow)
        opened.append(window)

    clicker.session.window_wanted.connect(open_it)
    clicker.click("create")
    dialog = await clicker.dialog(CreateDialog)
    type_text(dialog.name, "fresh")
    dialog.tags.setText("mine, yours")
    dialog.open_settings.setChecked(True)
    clicker.press(dialog.yes)

    await clicker.until(lambda: bool(opened))
    await clicker.finished()
    assert opened[0].draft.record.tags >= {"mine", "yours"}
    assert opened[0].draft.merged == {}
    assert opened[0].merges.isHidden()
    windows.close_all()
