# SPDX-License-Identifier: GPL-3.0-or-later
"""Clicks in the whole window, over a whole daemon."""

import asyncio
from pathlib import Path

import pytest
from fakes_hypervisor import FakeHypervisor
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QAbstractButton, QAbstractItemView, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot
from windows import Clicker, add_main_window, press_key, type_text

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.system import System
from qubesmanager.host import programs
from qubesmanager.models.columns import TABLE as COLUMNS
from qubesmanager.models.reason_texts import reason_text
from qubesmanager.plans.new_qube import created
from qubesmanager.rules.actions import why_not_inside
from qubesmanager.rules.facts import HALTED
from qubesmanager.rules.qubes_os import why_not_there
from qubesmanager.ui.actions.making import make_qube
from qubesmanager.ui.actions.plan_dialog import PlanDialog
from qubesmanager.ui.dialogs.clone_dialog import CloneDialog
from qubesmanager.ui.dialogs.create_dialog import CreateDialog
from qubesmanager.ui.dialogs.notes_dialog import NotesDialog
from qubesmanager.ui.dialogs.rename_dialog import RenameDialog
from qubesmanager.ui.dialogs.run_dialog import RunDialog
from qubesmanager.ui.manager import main_window
from qubesmanager.ui.manager.command_palette import CommandPalette
from qubesmanager.ui.manager.main_window import MainWindow
from qubesmanager.ui.manager.property_columns import PropertyColumnsDialog
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.session.tasks import TaskState, load_history
from qubesmanager.ui.widgets.elided_label import OneLine
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import CloneSpec, CreateSpec, DeviceId
from qubesmanager.wire.errors import QubesVMNotStartedError
from qubesmanager.wire.reasons import refusal
from qubesmanager.wire.values import DeviceClass, VmClass

ONE_OF_EACH = ("dom0", "debian-13", "default-dvm", "sys-usb", "work", "personal", "vault", "sys-net")
"""dom0, a halted template, a disposable template, a running disposable, running, (to be) paused, halted, a netvm."""


async def paused(clicker: Clicker, name: str) -> None:
    await clicker.session.client.send(calls.VM_PAUSE(name))
    await clicker.until(lambda: clicker.state(name) == "Paused")


async def test_start_shows_the_qube_running_by_its_event(clicker: Clicker) -> None:
    clicker.select("vault")

    clicker.click("start")
    tasks = await clicker.finished()

    assert [task.state for task in tasks] == [TaskState.DONE]
    await clicker.until(lambda: clicker.state("vault") == "Running")
    assert ["vault", "Running"] in [row[:2] for row in clicker.window.table_text()]


async def test_a_change_by_another_client_is_shown_in_the_window(clicker: Clicker, client: Client) -> None:
    await client.send(calls.VM_START("vault"))

    await clicker.until(lambda: ["vault", "Running"] in [row[:2] for row in clicker.window.table_text()])


@pytest.mark.parametrize("name", ONE_OF_EACH)
async def test_a_disabled_action_names_its_reason_and_an_enabled_one_works(clicker: Clicker, name: str) -> None:
    if name == "personal":
        await paused(clicker, name)
    clicker.select(name)

    for row in clicker.window.actions_of.available():
        facts = clicker.session.facts
        missing_calls = [why_not_there(facts, call) for call in row.calls]
        why = dict(filter(None, row.why_not(facts, [name])))[name] or next(filter(None, missing_calls), None)
        if why is None and row.needs and (missing := programs.missing(row.needs)):
            why = why_not_inside(clicker.session.records[name], missing)
        assert clicker.can(row.id) == (why is None), (row.id, why)
        if why is not None:
            assert reason_text(why).replace("&", "&amp;") in clicker.tip(row.id)


async def test_an_action_that_policy_refused_is_grey_until_the_tags_change(clicker: Clicker, client: Client) -> None:
    refusals = clicker.session.client.refusals
    clicker.select("vault")

    refusals.refused(calls.VM_START("vault"), refusal("qubesd-refused", "admin.vm.Start", "vault"))

    await clicker.until(lambda: not clicker.can("start"))
    assert "The policy does not allow this qube admin.vm.Start on vault." in clicker.tip("start")
    assert clicker.can("clone")
    await client.send(calls.VM_TAG_SET("vault", "mine"))
    await clicker.until(lambda: clicker.can("start"))


async def test_new_qubes_are_put_into_the_menus_where_the_program_is(
    clicker: Clicker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clicker.window.operations.announce(("vault",))
    assert not clicker.session.tasks.running
    record = tmp_path / "arguments"
    program = tmp_path / "qvm-appmenus"
    program.write_text(f'#!/bin/sh\necho "$@" > {record}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    clicker.window.operations.announce(("vault",))

    await clicker.until(record.exists)
    await clicker.finished()
    assert record.read_text() == "--quiet --init --update vault\n"


async def test_the_global_settings_of_qubes_os_are_offered_where_qubesd_answers(
    clicker: Clicker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    action = clicker.window.own["qubes_settings"]
    assert not action.isVisible()
    monkeypatch.setattr(main_window, "runs_qubes_os", lambda _facts: True)
    monkeypatch.setenv("PATH", str(tmp_path))

    clicker.window._follow_changes()

    assert action.isVisible()
    assert not action.isEnabled()
    assert "qubes-global-config or qubes-global-settings" in action.toolTip()

    # The program would open the settings of this computer.
    clicker.session.connection = "ssh:elsewhere"
    clicker.window._look_at_qubes_os()
    assert not action.isVisible()


LIFE = {
    "start": ("vault", "Running"),
    "pause": ("work", "Paused"),
    "unpause": ("personal", "Running"),
    "shutdown": ("work", "Halted"),
    "restart": ("work", "Running"),
}


@pytest.mark.parametrize("action", LIFE)
@pytest.mark.parametrize("name", ONE_OF_EACH)
async def test_each_life_action_that_is_possible_ends_in_its_state(clicker: Clicker, action: str, name: str) -> None:
    if name == "personal":
        await paused(clicker, name)
    clicker.select(name)
    if not clicker.can(action):
        assert clicker.tip(action).count("<br>")
        return

    clicker.click(action)
    if name == "sys-net":  # running qubes use its network
        clicker.press((await clicker.dialog(PlanDialog)).yes)
    tasks = await clicker.finished()

    assert {task.state for task in tasks} == {TaskState.DONE}, [task.detail for task in tasks]
    await clicker.until(lambda: clicker.state(name) == LIFE[action][1])


async def test_kill_asks_first_and_cancel_is_the_default(clicker: Clicker) -> None:
    clicker.select("work")

    clicker.click("kill")
    dialog = await clicker.dialog(PlanDialog)
    assert not dialog.yes.isDefault()
    clicker.press(dialog.yes)

    await clicker.until(lambda: clicker.state("work") == "Halted")


async def test_shutting_a_netvm_down_offers_those_that_use_it_first(clicker: Clicker) -> None:
    clicker.select("sys-net")

    clicker.click("shutdown")
    dialog = await clicker.dialog(PlanDialog)
    order = dialog.chosen
    clicker.press(dialog.yes)
    await clicker.until(lambda: clicker.state("sys-net") == "Halted")

    assert order[-2:] == ["sys-firewall", "sys-net"]
    assert {"work", "personal"} < set(order)
    assert all(clicker.session.records[name].state in HALTED for name in order)


async def test_a_qube_that_does_not_halt_in_time_offers_kill_wait_and_leave(
    clicker: Clicker, system: System, hypervisor: FakeHypervisor
) -> None:
    await clicker.session.client.send(calls.VM_PROPERTY_SET("work", "shutdown_timeout", "1"))
    hypervisor.ignores_shutdown.add(system.runtime.state.qubes["work"].uuid)
    clicker.select("work")

    clicker.click("shutdown")
    await clicker.finished()
    await clicker.until(lambda: bool(clicker.window.errors.notices))
    notice = clicker.window.errors.notices[0]
    buttons = {button.text(): button for button in notice.findChildren(QPushButton)}

    assert list(buttons) == ["Kill work", "Wait", "Leave it running"]
    clicker.press(buttons["Kill work"])
    await clicker.until(lambda: clicker.state("work") == "Halted")
    assert not clicker.window.errors.notices


async def test_a_refusal_is_shown_without_a_dialog_and_stays_in_the_history(
    clicker: Clicker, system: System, hypervisor: FakeHypervisor, tmp_path: Path
) -> None:
    hypervisor.start_errors[system.runtime.state.qubes["vault"].uuid] = QubesVMNotStartedError(
        "vault: <b>no</b> memory left."
    )
    clicker.select("vault")

    clicker.click("start")
    await clicker.finished()

    texts = [notice.text for notice in clicker.window.errors.notices]
    assert len(texts) == 1
    assert "<b>no</b> memory left" in texts[0]
    await clicker.session.tasks.cancel_all()
    assert [(entry.title, entry.state) for entry in load_history(tmp_path / "tasks.json")] == [
        ("Start vault", TaskState.FAILED)
    ]


async def test_creating_checks_the_name_while_it_is_typed(clicker: Clicker) -> None:
    clicker.click("create")
    dialog = await clicker.dialog(CreateDialog)

    assert not dialog.yes.isEnabled()
    for typed, problem in (("work", "already"), ("9x", "letter"), ("none", "reserved"), ("a b", "only letters")):
        dialog.name.clear()
        type_text(dialog.name, typed)
        assert problem in dialog.name_problem.text(), typed
        assert not dialog.yes.isEnabled()
    dialog.reject()


async def test_creating_checks_the_size_against_what_the_pool_has_free(clicker: Clicker) -> None:
    clicker.window.operations.create()
    dialog = await clicker.dialog(CreateDialog)
    type_text(dialog.name, "large")
    assert dialog.yes.isEnabled()

    dialog._offers.pools[dialog.pool.currentData()] = 3 << 30
    dialog.private_size.setValue(4)
    assert "only 3.0 GiB free" in dialog.size_problem.text()
    assert not dialog.yes.isEnabled()

    dialog.private_size.setValue(3)
    assert dialog.yes.isEnabled()
    dialog.reject()


async def test_creating_carries_out_all_that_was_asked_for(clicker: Clicker) -> None:
    clicker.click("create")
    dialog = await clicker.dialog(CreateDialog)
    assert dialog.template.currentText() == "fedora-43"
    type_text(dialog.name, "fresh")
    dialog.label.setCurrentText("green")
    dialog.netvm.setCurrentIndex(dialog.netvm.findData("sys-net"))
    type_text(dialog.tags, "work, new")
    dialog.private_size.setValue(4.0)
    dialog.start.setChecked(True)

    clicker.press(dialog.yes)
    await clicker.until(lambda: clicker.state("fresh") == "Running")
    tasks = await clicker.finished()

    record = clicker.session.records["fresh"]
    assert {task.state for task in tasks} == {TaskState.DONE}
    assert record.klass is VmClass.APP
    assert (record.value("label"), record.value("netvm")) == ("green", "sys-net")
    assert {"work", "new"} < record.tags
    assert next(volume.size for volume in record.volumes if volume.name == "private") == 4 << 30


async def test_a_refused_setting_takes_the_new_qube_back(clicker: Clicker) -> None:
    new = created("fresh", "AppVM", "red", "debian-13", properties={"netvm": "vault"})

    clicker.session.tasks.start("Create fresh", make_qube(clicker.session, new))
    tasks = await clicker.finished()

    assert tasks[0].state is TaskState.FAILED
    assert "removed again" in tasks[0].detail
    await clicker.until(lambda: clicker.state("fresh") == "gone")


async def test_cloning_offers_a_free_name_and_makes_a_copy(clicker: Clicker) -> None:
    clicker.select("vault")

    clicker.click("clone")
    dialog = await clicker.dialog(CloneDialog)
    assert dialog.name.text() == "vault-2"
    clicker.press(dialog.yes)

    await clicker.until(lambda: "vault-2" in clicker.session.records)
    assert clicker.session.records["vault-2"].notes == clicker.session.records["vault"].notes


async def test_removing_wants_the_name_typed(clicker: Clicker) -> None:
    clicker.select("vault")

    clicker.click("remove")
    dialog = await clicker.dialog(PlanDialog)
    assert not dialog.yes.isEnabled()
    type_text(dialog.typed, "vault")
    clicker.press(dialog.yes)

    await clicker.until(lambda: clicker.state("vault") == "gone")
    assert "vault" not in [row[0] for row in clicker.window.table_text()]


async def test_removing_what_is_used_lists_the_users_and_offers_to_move_them(clicker: Clicker) -> None:
    client = clicker.session.client
    await client.send(calls.VM_CLONE("debian-13", payload=CloneSpec("base")))
    await client.send(calls.VM_CREATE("base", "AppVM", CreateSpec("on-base", "red")))
    await clicker.until(lambda: "on-base" in clicker.session.records)
    clicker.select("base")

    clicker.click("remove")
    dialog = await clicker.dialog(PlanDialog)
    assert not dialog.yes.isEnabled()
    assert [row.qube for row in dialog.plan.rows] == ["base", "on-base"]
    dialog.choice.setCurrentIndex(dialog.choice.findData("debian-13"))
    assert dialog.chosen == ["on-base", "base"]
    type_text(dialog.typed, "base")
    clicker.press(dialog.yes)

    await clicker.until(lambda: clicker.state("base") == "gone")
    assert clicker.session.records["on-base"].value("template") == "debian-13"


async def test_removing_several_qubes_orders_them_by_dependency_and_asks_for_their_number(clicker: Clicker) -> None:
    await clicker.session.client.send(calls.VM_CLONE("debian-13", payload=CloneSpec("base")))
    await clicker.session.client.send(calls.VM_CREATE("base", "AppVM", CreateSpec("on-base", "red")))
    await clicker.until(lambda: "on-base" in clicker.session.records)
    clicker.select("base", "on-base")

    clicker.click("remove")
    dialog = await clicker.dialog(PlanDialog)
    lines = [row.qube for row in dialog.plan.changes]
    type_text(dialog.typed, "2")
    clicker.press(dialog.yes)

    assert lines == ["on-base", "base"]
    await clicker.until(lambda: clicker.state("base") == "gone")


async def test_f2_renames_with_everything_that_refers_to_the_qube(clicker: Clicker) -> None:
    clicker.select("default-dvm")

    press_key(clicker.window.view, Qt.Key.Key_F2)
    dialog = await clicker.dialog(RenameDialog)
    type_text(dialog.edit, "throwaway")
    # It is the template of a running disposable, so the daemon may refuse; nothing in between.
    clicker.press(dialog.yes)
    tasks = await clicker.finished()

    if tasks[-1].state is TaskState.DONE:
        await clicker.until(lambda: clicker.session.records["sys-usb"].value("template") == "throwaway")
    else:
        assert clicker.session.records["sys-usb"].value("template") == "default-dvm"


async def test_notes_are_plain_text_and_come_back_by_the_event(clicker: Clicker) -> None:
    clicker.select("vault")

    clicker.click("notes")
    dialog = await clicker.dialog(NotesDialog)
    dialog.edit.setPlainText("<b>not bold</b>")
    dialog.accept()

    await clicker.until(lambda: clicker.session.records["vault"].notes == "<b>not bold</b>")


async def test_the_filter_shows_what_fits_and_escape_shows_all(clicker: Clicker) -> None:
    window = clicker.window
    before = len(window.table_text())
    clicker.click("find")

    type_text(window.query, "netvm:sys-firewall state:running")
    await clicker.until(lambda: {row[0] for row in window.table_text()[1:]} == {"work", "personal"})
    press_key(window.query, Qt.Key.Key_Escape)
    if popup := window.query.completer().popup():  # type: ignore[union-attr]  # it was set
        popup.hide()
    window.query.set_query("")

    assert len(window.table_text()) == before


async def test_a_filter_without_a_match_offers_to_clear_it(clicker: Clicker) -> None:
    window = clicker.window
    window.query.set_query("no-such-qube")
    await clicker.until(window.page.button.isVisible)

    clicker.press(window.page.button)

    await clicker.until(lambda: window.stack.currentWidget() is window.view)


async def test_several_at_once_need_one_confirmation(clicker: Clicker) -> None:
    clicker.select("work", "personal", "vault")

    clicker.click("shutdown")
    dialog = await clicker.dialog(PlanDialog)
    assert dialog.chosen == ["personal", "work"]
    clicker.press(dialog.yes)

    await clicker.until(lambda: clicker.state("work") == clicker.state("personal") == "Halted")


async def test_the_palette_finds_actions_and_qubes(clicker: Clicker) -> None:
    clicker.select("vault")
    clicker.click("palette")
    palette = await clicker.dialog(CommandPalette)

    type_text(palette.edit, "start vau")
    press_key(palette.edit, Qt.Key.Key_Return)

    await clicker.until(lambda: clicker.state("vault") == "Running")


async def test_the_palette_opens_once_and_again_after_it_closed(clicker: Clicker) -> None:
    clicker.click("palette")
    clicker.click("palette")
    palettes = clicker.window.findChildren(CommandPalette)
    assert len(palettes) == 1

    palettes[0].close()
    clicker.click("palette")

    assert [palette.isVisible() for palette in clicker.window.findChildren(CommandPalette)].count(True) == 1


async def test_a_tick_asks_for_the_change_and_shows_it_when_it_came(clicker: Clicker) -> None:
    window = clicker.window
    column = window.model.column_named("include_in_backups")
    index = window.filter.index_of("work", column)
    before = window.session.records["work"].flag("include_in_backups")

    window.filter.setData(
        index, Qt.CheckState.Unchecked if before else Qt.CheckState.Checked, Qt.ItemDataRole.CheckStateRole
    )

    await clicker.until(lambda: window.session.records["work"].flag("include_in_backups") is not before)


async def test_views_are_saved_and_chosen_again(clicker: Clicker) -> None:
    sidebar = clicker.window.sidebar
    sidebar.save_view("Working", "tag:work")

    sidebar.choose("view:Working")

    await clicker.until(lambda: {row[0] for row in clicker.window.table_text()[1:]} == {"work"})
    assert clicker.window.query.text() == "tag:work"


async def test_closing_cancels_what_runs_and_nothing_is_left(clicker: Clicker) -> None:
    clicker.session.tasks.start("Wait for ever", asyncio.sleep(3600))

    await clicker.session.tasks.cancel_all()

    assert [entry.state for entry in clicker.session.tasks.entries] == [TaskState.CANCELLED]


async def test_every_control_has_a_name_for_a_screen_reader(clicker: Clicker) -> None:
    for kind in (QAbstractItemView, QLineEdit):
        for widget in clicker.window.findChildren(kind):
            if widget.isVisibleTo(clicker.window):
                assert widget.accessibleName(), widget
    for button in clicker.window.findChildren(QAbstractButton):
        if button.isVisibleTo(clicker.window) and button.parent() is not None and button.objectName() == "":
            assert button.accessibleName() or button.text() or button.toolTip() or button.size().width() < 40, button


async def test_any_property_becomes_a_column_and_stays_one(clicker: Clicker, session: Session, qtbot: QtBot) -> None:
    clicker.click("properties")
    dialog = await clicker.dialog(PropertyColumnsDialog)
    type_text(dialog.search, "kernelo")
    assert dialog.item("default_user").isHidden()
    dialog.item("kernelopts").setCheckState(Qt.CheckState.Checked)
    dialog.item("qrexec_timeout").setCheckState(Qt.CheckState.Checked)
    dialog.accept()
    await clicker.until(lambda: "kernelopts" in clicker.window.table_text()[0])

    header, *rows = clicker.window.table_text()
    work = next(row for row in rows if row[0] == "work")
    assert work[header.index("qrexec_timeout")] == session.records["work"].value("qrexec_timeout")
    clicker.window.filter.sort(len(COLUMNS))
    clicker.window.close()
    again = MainWindow(session)
    add_main_window(qtbot, again)
    assert again.table_text()[0][-2:] == ["kernelopts", "qrexec_timeout"]

    again.model.set_properties([])
    assert "kernelopts" not in again.table_text()[0]


async def test_the_printed_table_has_the_usual_columns_whatever_the_user_chose(clicker: Clicker) -> None:
    window = clicker.window
    before = window.printed_table()
    assert before == window.table_text()

    window.view.setColumnHidden(1, True)
    window.view.setColumnHidden(next(at for at, column in enumerate(COLUMNS) if not column.shown), False)
    window.view.header().moveSection(0, 2)
    window.model.set_properties(["kernelopts"])

    assert window.table_text()[0] != before[0]
    assert window.printed_table() == before


async def test_a_command_is_run_in_the_qube_by_the_installed_program(
    clicker: Clicker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clicker.select("work")
    if programs.missing(programs.RUN):
        assert not clicker.can("run")
        reasons = ("Nothing answers on the channel of work", "Not installed here: qvm-run")  # over Qubes OS the second
        assert any(reason in clicker.tip("run") for reason in reasons)
    program = tmp_path / "qvm-run"
    program.write_text('#!/bin/sh\necho "$*" >> "${0%/*}/said"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    clicker.select("work", "vault")

    clicker.click("run")
    dialog = await clicker.dialog(RunDialog)
    assert not dialog.yes.isEnabled()
    type_text(dialog.edit, "xterm")
    clicker.press(dialog.yes)
    tasks = await clicker.finished()

    assert {task.state for task in tasks} == {TaskState.DONE}, [task.detail for task in tasks]
    assert sorted((tmp_path / "said").read_text().splitlines()) == ["--quiet -- vault xterm", "--quiet -- work xterm"]


async def test_the_output_of_a_failed_updater_is_shown(
    clicker: Clicker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "qubes-vm-update"
    program.write_text("#!/bin/sh\necho no network for $3\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    clicker.select("debian-13")

    clicker.click("update")
    await clicker.finished()

    assert ["no network for debian-13" in notice.text for notice in clicker.window.errors.notices] == [True]


async def test_down_in_the_filter_applies_the_typed_query_at_once(clicker: Clicker) -> None:
    window = clicker.window
    clicker.click("find")
    window.query.set_query("no-such-qube")
    window._follow_changes()
    assert window.stack.currentWidget() is window.page

    window.query.clear()
    type_text(window.query, "tag:net")
    press_key(window.query, Qt.Key.Key_Down)

    assert window.stack.currentWidget() is window.view
    assert {row[0] for row in window.table_text()[1:]} == {"sys-net", "sys-firewall"}
    assert window.selected() == ["sys-firewall"]


async def test_a_restart_starts_only_after_the_event_that_it_halted(
    clicker: Clicker, system: System, hypervisor: FakeHypervisor
) -> None:
    seen: list[str] = []
    clicker.session.put.connect(
        lambda records: seen.extend(str(record.state) for record in records if record.name == "work")
    )
    clicker.select("work")

    clicker.click("restart")
    await clicker.finished()
    await clicker.until(lambda: clicker.state("work") == "Running")

    assert seen.index("Halted") < seen.index("Running")
    hypervisor.ignores_shutdown.add(system.runtime.state.qubes["work"].uuid)
    await clicker.session.client.send(calls.VM_PROPERTY_SET("work", "shutdown_timeout", "1"))
    clicker.click("restart")
    await clicker.until(lambda: bool(clicker.window.errors.notices))
    assert clicker.session.tasks.entries[-1].state is TaskState.FAILED
    assert clicker.state("work") != "Halted"
    assert clicker.window.isEnabled()
    clicker.select("vault")
    clicker.click("start")  # nothing modal is in the way
    await clicker.until(lambda: clicker.state("vault") == "Running")


async def test_in_a_narrow_window_the_buttons_are_icons_and_the_filter_is_in_sight(clicker: Clicker) -> None:
    window = clicker.window
    window.show()
    words, icons = Qt.ToolButtonStyle.ToolButtonTextBesideIcon, Qt.ToolButtonStyle.ToolButtonIconOnly
    for width, style in ((1600, words), (850, icons), (1600, words)):
        window.resize(width, 600)
        await clicker.until(lambda style=style: window.toolbar.toolButtonStyle() == style)  # type: ignore[misc]
        await clicker.until(window.query.isVisible)


async def test_a_name_without_room_is_shortened_in_its_middle_and_whole_in_the_tooltip(clicker: Clicker) -> None:
    label = OneLine()
    label.resize(80, 20)
    label.setText("sys-<b>net</b>-of-the-office")

    assert "…" in label.shown()
    assert label.shown().startswith("sys")
    assert label.toolTip() == "<qt>sys-&lt;b&gt;net&lt;/b&gt;-of-the-office</qt>"
    label.resize(800, 20)
    assert label.shown() == label.text()


async def test_internal_qubes_are_listed_and_counted_on_request(clicker: Clicker, client: Client) -> None:
    await client.send(calls.VM_FEATURE_SET("vault", "internal", "1"))
    await clicker.until(lambda: "vault" not in [row[0] for row in clicker.window.table_text()])

    clicker.window.own["internal"].trigger()

    assert "vault" in [row[0] for row in clicker.window.table_text()]


async def test_a_prohibited_start_is_grey_with_its_rationale(clicker: Clicker, client: Client) -> None:
    clicker.select("vault")
    assert clicker.can("start")

    await client.send(calls.VM_FEATURE_SET("vault", "prohibit-start", "Being upgraded"))

    await clicker.until(lambda: not clicker.can("start"))
    assert "Being upgraded" in clicker.tip("start")
    with pytest.raises(QubesVMNotStartedError, match="Being upgraded"):
        await client.send(calls.VM_START("vault"))


async def test_a_device_that_is_asked_for_is_attached_by_a_button(clicker: Clicker, client: Client) -> None:
    assign = calls.VM_DEVICE_ASSIGN.of(DeviceClass.BLOCK)
    await client.send(assign("vault", DeviceId("dom0", "sdb"), {"mode": "ask-to-attach"}))

    await client.send(calls.VM_START("vault"))
    await clicker.until(lambda: bool(clicker.window.errors.notices))

    (notice,) = clicker.window.errors.notices
    assert notice.text.startswith("Attach ")
    assert notice.text.endswith(" to vault?")
    (attach,) = [button for button in notice.findChildren(QPushButton) if button.text() == "&Attach"]
    attach.click()
    await clicker.until(lambda: any(device.attached for device in clicker.session.records["vault"].devices))
