# SPDX-License-Identifier: GPL-3.0-or-later
"""Editing the policy in its window: cells, text, files; what is shown before it is saved, and what is refused."""

from pathlib import Path

import pytest
from policy_window_fixtures import LATE, USER, checked, policy_folder, write
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QAbstractItemDelegate, QComboBox, QLineEdit, QPushButton, QWidget
from until import until
from windows import click, click_enabled, opened_dialog, press_key, type_text

from qubesmanager.client.client import Client
from qubesmanager.client.live_copy import Lost
from qubesmanager.daemon.local.system import System
from qubesmanager.models.policy_rules import ANSWER, EDGE_ROLE, FROM, LINE, OPTIONS
from qubesmanager.policy.differences import Side
from qubesmanager.transport.base import TransportError
from qubesmanager.ui.policy.changes_pane import SIDE
from qubesmanager.ui.policy.new_file_dialog import NewFileDialog, usable_name
from qubesmanager.ui.policy.policy_window import PolicyWindow
from qubesmanager.ui.policy.saving import FILE
from qubesmanager.ui.session.session import Session, state_folder
from qubesmanager.ui.session.tasks import TaskState
from qubesmanager.ui.widgets.prompts import Question
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import TokenContent

ASK = "qubes.Gpg * @tag:work vault ask default_target=vault"


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Versions are kept in the test's own folder."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "user-state"))


def on_disk(system: System, path: str = "30-user.policy") -> str:
    return (policy_folder(system) / path).read_text(encoding="utf-8")


def editor_of(window: PolicyWindow, number: int, column: int) -> QWidget:
    """Open the editor of a cell."""
    index = window.model.index(window.model.row_of_line(number), column)
    window.table.setCurrentIndex(index)
    window.table.edit(index)
    viewport = window.table.viewport()
    assert viewport is not None
    editors = [
        each for each in viewport.findChildren(QWidget) if isinstance(each, QComboBox) or type(each) is QLineEdit
    ]
    return next(each for each in editors if each.parent() is viewport)


def commit(window: PolicyWindow, editor: QWidget) -> None:
    """Finish an editor as the Return key does."""
    window.table.commitData(editor)
    window.table.closeEditor(editor, QAbstractItemDelegate.EndEditHint.NoHint)


def diff(window: PolicyWindow) -> list[str]:
    items = [window.changes.lines.item(at) for at in range(window.changes.lines.count())]
    return [item.text() for item in items if item is not None and item.data(SIDE) is not Side.KEPT]


def altered(window: PolicyWindow) -> set[tuple[str, str, str]]:
    return {(row.request.source, row.request.target, str(row.after.result)) for row in window.changes.model.rows}


def button(window: PolicyWindow, text: str) -> QPushButton:
    """A button of a bar."""
    buttons = [each for notice in window.errors.notices for each in notice.findChildren(QPushButton)]
    return next(each for each in buttons if each.text() == text)


# -- the table ---------------------------------------------------------------------------------------------------------


async def test_an_answer_is_chosen_and_its_effect_is_shown_before_it_is_saved(
    window: PolicyWindow, system: System
) -> None:
    box = editor_of(window, 3, ANSWER)
    assert isinstance(box, QComboBox)
    box.setCurrentIndex(box.findData("ask"))
    commit(window, box)
    await checked(window)

    assert window.draft.text("30-user.policy").split("\n")[2] == "qubes.Gpg * @anyvm vault ask notify=yes"
    assert diff(window) == ["-qubes.Gpg * @anyvm vault deny notify=yes", "+qubes.Gpg * @anyvm vault ask notify=yes"]
    assert ("personal", "vault", "ask") in altered(window)
    assert window.changes.head.title.text() == "1 unsaved change(s)"
    assert "dom0 keeps its management calls." in window.changes.note_texts()
    assert on_disk(system) == USER
    assert window.model.index(window.model.row_of_line(3), LINE).data(EDGE_ROLE) is True


async def test_an_option_that_the_answer_does_not_have_goes_with_it(window: PolicyWindow) -> None:
    box = editor_of(window, 2, ANSWER)
    assert isinstance(box, QComboBox)
    box.setCurrentIndex(box.findData("deny"))
    commit(window, box)
    await checked(window)

    assert window.draft.text("30-user.policy").split("\n")[1] == "qubes.Gpg * @tag:work vault deny"


async def test_a_source_is_completed_from_qubes_tags_and_classes(window: PolicyWindow) -> None:
    box = editor_of(window, 4, FROM)
    assert isinstance(box, QComboBox)
    words = {box.itemText(at) for at in range(box.count())}
    assert {"work", "vault", "@anyvm", "*", "@tag:work", "@type:AppVM"} <= words
    assert "@default" not in words

    box.setEditText("@tag:work")
    commit(window, box)
    await checked(window)

    assert "qubes.Gpg * @tag:work vault allow" in window.draft.text("30-user.policy").split("\n")


async def test_options_are_typed_and_a_wrong_one_is_shown_at_its_line(window: PolicyWindow) -> None:
    line = editor_of(window, 4, OPTIONS)
    assert isinstance(line, QLineEdit)
    type_text(line, "default_target=work")
    commit(window, line)
    await checked(window)

    assert window.text.errors == {4: "allow has no option 'default_target'; it has target, user, notify, autostart."}
    assert not window.changes.save.isEnabled()
    assert "30-user.policy:4: allow has no option" in window.changes.why_not.text()
    assert "qrexec would deny every call" in window.changes.note_texts()[-1]


async def test_a_new_rule_denies_until_it_is_edited(window: PolicyWindow) -> None:
    window.table.select_number(2)
    window.actions_of["new"].trigger()
    await checked(window)

    assert window.draft.text("30-user.policy").split("\n")[2] == "qubes.Gpg * @anyvm @anyvm deny"
    assert window.table.current_number() == 3
    assert window.model.index(window.model.row_of_line(3), LINE).data(EDGE_ROLE) is False


async def test_rules_are_duplicated_moved_removed_and_undone(window: PolicyWindow) -> None:
    window.table.select_number(2)
    window.actions_of["duplicate"].trigger()
    await checked(window)
    assert window.draft.text("30-user.policy").split("\n")[1:3] == [ASK, ASK]

    window.actions_of["down"].trigger()
    await checked(window)
    assert window.draft.text("30-user.policy").split("\n")[3] == ASK

    window.actions_of["remove"].trigger()
    await checked(window)
    assert window.draft.text("30-user.policy") == USER

    for _ in range(3):
        window.actions_of["undo"].trigger()
    await checked(window)
    assert window.draft.text("30-user.policy") == USER
    assert not window.actions_of["undo"].isEnabled()


async def test_a_newly_allowed_call_is_named_in_words_and_leads_to_the_tester(window: PolicyWindow) -> None:
    window.draft.edit("30-user.policy", USER.replace(ASK, f"{ASK}\nqubes.Gpg * personal vault allow"))
    await checked(window)

    assert window.changes.note_texts()[0] == "personal may call qubes.Gpg on vault without being asked."
    window.changes.chosen.emit(window.changes.model.rows[0])
    await until(lambda: window.tester.answer.text() == "Allow" and not window.tester.is_asking)
    assert window.tester.basis.text() == "checked with the unsaved changes"


# -- the text ----------------------------------------------------------------------------------------------------------


async def test_an_error_is_marked_at_its_line_while_it_is_typed(window: PolicyWindow) -> None:
    window.actions_of["text"].trigger()
    window.text.go_to(8)
    press_key(window.text, Qt.Key.Key_End)
    type_text(window.text, " perhaps")
    await until(lambda: 8 in window.text.errors)
    assert "An option is key=value" in window.text.errors[8]

    for _ in " perhaps":
        press_key(window.text, Qt.Key.Key_Backspace)

    await until(lambda: not window.text.errors and not window.has_edits())
    assert window.text.current_number() == 8


# -- saving ------------------------------------------------------------------------------------------------------------


async def test_saving_writes_the_file_and_offers_the_way_back(window: PolicyWindow, system: System) -> None:
    window.draft.edit("30-user.policy", USER.replace("deny notify=yes", "ask"))
    await until(window.changes.save.isEnabled)
    assert window.changes.save.text() == "Save 1 change(s)"

    click(window.changes.save)
    await until(lambda: not window.has_edits())
    assert on_disk(system) == USER.replace("deny notify=yes", "ask")

    await until(lambda: any(notice.text.startswith("Saved") for notice in window.errors.notices))
    click(button(window, "Undo"))
    assert window.draft.text("30-user.policy") == USER
    await click_enabled(window.changes.save)
    await until(lambda: on_disk(system) == USER and not window.has_edits())


async def test_a_version_that_was_replaced_is_brought_back_later(
    window: PolicyWindow, session: Session, system: System
) -> None:
    window.draft.edit("30-user.policy", LATE)
    await click_enabled(window.changes.save)
    await until(lambda: on_disk(system) == LATE and (state_folder() / FILE).exists())

    other = PolicyWindow(session)
    other.show()
    await until(lambda: other.changes.versions.isEnabled() and other.draft.is_known)
    menu = other.changes.versions.menu()
    assert menu is not None
    menu.actions()[0].trigger()

    assert other.draft.text("30-user.policy") == USER
    other.leave()


async def test_a_change_elsewhere_is_a_conflict_that_keeps_the_edits(
    window: PolicyWindow, client: Client, system: System
) -> None:
    window.draft.edit("30-user.policy", USER + "# mine\n")
    await until(window.changes.save.isEnabled)
    await client.send(calls.POLICY_REPLACE("dom0", "30-user", TokenContent("any", USER + "# theirs\n")))

    click(window.changes.save)
    await until(lambda: "30-user.policy" in window.draft.conflicts)
    assert any("has been changed in the meantime" in notice.text for notice in window.errors.notices)
    assert on_disk(system) == USER + "# theirs\n"
    await checked(window)
    assert not window.changes.save.isEnabled()

    click(button(window, "Keep mine"))
    await click_enabled(window.changes.save)
    await until(lambda: on_disk(system) == USER + "# mine\n")


async def test_the_other_version_of_a_conflict_can_be_taken(window: PolicyWindow, system: System) -> None:
    window.draft.edit("30-user.policy", USER + "# mine\n")
    write(system, "30-user.policy", LATE)
    window.watch.ask()
    await until(lambda: window.draft.conflicts)

    click(button(window, "Take the other version"))

    assert window.draft.text("30-user.policy") == LATE
    assert not window.has_edits()


async def test_edits_stay_while_the_connection_is_lost(window: PolicyWindow, session: Session) -> None:
    window.draft.edit("30-user.policy", USER + "# mine\n")
    await until(window.changes.save.isEnabled)
    session.is_synced = False
    session.lost.emit(Lost(TransportError("The connection was closed."), 8.0))

    assert window.banner.isVisible()
    assert window.changes.why_not.text() == "There is no connection."
    assert not window.changes.save.isEnabled()
    session.is_synced = True
    session.synced.emit()
    await until(window.changes.save.isEnabled)
    assert not window.banner.isVisible()
    assert window.draft.edited() == ["30-user.policy"]


async def test_a_change_that_locks_dom0_out_is_not_sent(window: PolicyWindow) -> None:
    window.draft.edit("30-user.policy", "* * * * deny\n" + USER)
    await checked(window)

    assert not window.changes.save.isEnabled()
    assert window.changes.why_not.text() == "dom0 would lose its own management calls by 30-user:1."


async def test_what_the_daemon_refuses_stays_an_edit(
    window: PolicyWindow, session: Session, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(window), "_why_not_save", lambda *_: "")
    window.draft.edit("30-user.policy", "* * * * deny\n" + USER)

    window.save()
    await until(lambda: session.tasks.entries and session.tasks.entries[-1].state is TaskState.FAILED)

    assert any("would deny dom0 its own management" in notice.text for notice in window.errors.notices)
    assert window.draft.edited() == ["30-user.policy"]
    assert on_disk(system) == USER


async def test_of_several_files_all_are_saved_or_none(
    window: PolicyWindow, session: Session, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(window), "_why_not_save", lambda *_: "")
    window.draft.edit("include/new", "work vault allow\n")
    window.draft.edit("30-user.policy", USER + "!include-service a.B * include/new\n")
    window.draft.edit("50-late.policy", "* * * * deny\n")

    window.save()
    await until(lambda: session.tasks.entries and session.tasks.entries[-1].state is TaskState.FAILED)

    assert window.draft.edited() == ["30-user.policy", "50-late.policy", "include/new"]
    assert on_disk(system) == USER
    assert on_disk(system, "50-late.policy") == LATE
    assert not (policy_folder(system) / "include/new").exists()
    assert window.saving.versions.newest_first == ()
    await until(lambda: window.draft.is_known and not window.draft.conflicts)


async def test_an_include_and_the_file_that_names_it_are_saved_together(window: PolicyWindow, system: System) -> None:
    window.draft.edit("30-user.policy", USER + "!include include/more\n")
    window.draft.edit("include/more", "qubes.Gpg * work vault allow\n")

    await click_enabled(window.changes.save)

    await until(lambda: not window.has_edits())
    assert on_disk(system, "include/more") == "qubes.Gpg * work vault allow\n"
    assert on_disk(system).endswith("!include include/more\n")


# -- files -------------------------------------------------------------------------------------------------------------


async def test_a_new_file_is_named_and_shown(window: PolicyWindow, system: System) -> None:
    window.actions_of["new-file"].trigger()
    dialog = await opened_dialog(NewFileDialog)
    type_text(dialog.name, "My file")
    assert "with any other name qrexec denies every call" in dialog.problem.text()
    dialog.name.setText("30-user")
    assert dialog.problem.text() == "There is a file of this name already."
    dialog.name.setText("40-mine")
    dialog.accept()

    await until(lambda: window.model.path == "40-mine.policy")
    await click_enabled(window.changes.save)
    await until((policy_folder(system) / "40-mine.policy").exists)


async def test_an_imported_file_gets_a_name_that_qrexec_takes(window: PolicyWindow, tmp_path: Path) -> None:
    file = tmp_path / "My Notes.policy"
    file.write_text("qubes.Gpg * work vault allow\n")
    window.file_editing.start_import(file)
    dialog = await opened_dialog(NewFileDialog)
    assert dialog.name.text() == "my-notes"

    dialog.accept()

    await until(lambda: window.draft.text("my-notes.policy") == "qubes.Gpg * work vault allow\n")


@pytest.mark.parametrize(
    ("name", "usable"), [("A b.policy", "a-b"), ("..x", "x"), ("/etc/30-é.policy", "30--"), ("", "")]
)
def test_a_usable_name_is_made_of_any(name: str, usable: str) -> None:
    assert usable_name(name) == usable


async def test_a_removed_file_goes_when_it_is_saved(window: PolicyWindow, system: System) -> None:
    window.actions_of["remove-file"].trigger()
    await until(lambda: window.model.path == "50-late.policy")
    assert window.changes.head.title.text() == "1 unsaved change(s)"

    await click_enabled(window.changes.save)

    await until(lambda: not (policy_folder(system) / "30-user.policy").exists())


async def test_closing_with_edits_asks(window: PolicyWindow) -> None:
    window.draft.edit("30-user.policy", "")
    window.close()
    question = await opened_dialog(Question)
    assert window.isVisible()

    click(question.yes)

    await until(lambda: not window.isVisible())


@pytest.mark.parametrize("files", [{"more/x.policy": "# read only\n", "30-user.policy": "!include-dir more\n"}])
async def test_a_file_that_no_call_can_write_is_not_edited(window: PolicyWindow) -> None:
    window.show_file("more/x.policy")
    await until(lambda: window.model.path == "more/x.policy")

    assert window.text.isReadOnly()
    assert not window.actions_of["new"].isEnabled()
    assert window.actions_of["new"].toolTip() == "No call can write this file."
