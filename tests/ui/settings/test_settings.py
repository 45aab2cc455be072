# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings window over a whole daemon: clicks reach the qube, and what others change reaches the window."""

import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDialogButtonBox,
    QLabel,
    QLineEdit,
    QSpinBox,
)
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot
from until import until, until_equal
from windows import choose, choose_default, click, click_enabled, opened_dialog, press_key, type_text

from qubesmanager.client.client import Client
from qubesmanager.client.live_copy import Lost
from qubesmanager.daemon.local.system import System
from qubesmanager.plans.plan import Group
from qubesmanager.transport.base import TransportError
from qubesmanager.ui.actions.plan_dialog import PlanDialog
from qubesmanager.ui.dialogs.clone_dialog import CloneDialog
from qubesmanager.ui.forms.form_page import FormPage
from qubesmanager.ui.forms.volume_size_row import GIB
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.settings.advanced_page import AdvancedPage
from qubesmanager.ui.settings.firewall_page import FirewallPage
from qubesmanager.ui.settings.notes_page import NotesPage
from qubesmanager.ui.settings.properties_page import PropertiesPage
from qubesmanager.ui.settings.rule_dialog import RuleDialog
from qubesmanager.ui.settings.services_page import ServicesPage
from qubesmanager.ui.settings.settings_window import SettingsWindow
from qubesmanager.ui.settings.tags_page import TagsPage
from qubesmanager.ui.widgets.prompts import Question
from qubesmanager.wire import calls

APPLY = QDialogButtonBox.StandardButton.Apply
CANCEL = QDialogButtonBox.StandardButton.Cancel


@pytest.fixture
async def window(session: Session, qtbot: QtBot) -> SettingsWindow:
    session.follow()
    await until(lambda: session.is_synced and bool(session.labels))
    window = SettingsWindow(session, "vault", session.labels)
    qtbot.addWidget(window, before_close_func=lambda _widget: window.draft.discard())
    window.show()
    await until(lambda: bool(window.draft.rules))
    return window


def field(window: SettingsWindow, page: str, name: str) -> object:
    form = window.pages[page]
    assert isinstance(form, FormPage)
    return form.editors["property", name].input


async def apply(window: SettingsWindow) -> None:
    await click_enabled(window.button(APPLY))


async def test_denied_interfaces_are_sent_and_a_wrong_one_is_refused_at_its_field(
    window: SettingsWindow, system: System
) -> None:
    denied = field(window, "advanced", "devices_denied")
    assert isinstance(denied, QLineEdit)

    type_text(denied, "u03")
    assert not window.button(APPLY).isEnabled()
    denied.selectAll()
    type_text(denied, "u03****p0c03**")
    await apply(window)

    await until_equal(lambda: system.runtime.state.qube("vault").value("devices_denied"), "u03****p0c03**")


async def test_apply_is_disabled_until_a_value_differs(window: SettingsWindow) -> None:
    autostart = field(window, "basic", "autostart")
    assert not window.button(APPLY).isEnabled()

    choose(autostart, "yes")
    assert window.button(APPLY).isEnabled()
    choose_default(autostart)

    assert not window.button(APPLY).isEnabled()


async def test_fields_reach_the_qube_and_the_event_comes_back(
    window: SettingsWindow, system: System, qtbot: QtBot
) -> None:
    label = field(window, "basic", "label")
    memory = field(window, "advanced", "memory")
    assert isinstance(label, QComboBox)
    assert isinstance(memory, QSpinBox)
    label.setCurrentIndex(label.findData("green"))
    label.activated.emit(label.currentIndex())
    memory.setValue(512)
    assert "vm.property.Set vault label ← green" in window.preview.toPlainText()

    await apply(window)
    await until(lambda: not window.draft.dirty)

    assert system.runtime.state.qube("vault").value("label") == "green"
    assert system.runtime.state.qube("vault").value("memory") == "512"
    assert not window.button(APPLY).isEnabled()


async def test_a_refused_field_is_marked_with_the_reason(window: SettingsWindow, system: System, qtbot: QtBot) -> None:
    kernel = field(window, "advanced", "kernel")
    form = window.pages["advanced"]
    assert isinstance(kernel, QComboBox)
    assert isinstance(form, FormPage)
    window.tabs.setCurrentWidget(form)
    kernel.setEditText("nosuch")

    await apply(window)
    editor = form.editors["property", "kernel"]
    await until(lambda: not editor.problem.isHidden())

    assert "no kernel nosuch" in editor.problem.text()
    assert window.tabs.currentWidget() is form
    assert system.runtime.state.qube("vault").value("kernel") == ""


async def test_memory_balancing_is_a_tick(window: SettingsWindow, system: System) -> None:
    page, maxmem = window.pages["advanced"], field(window, "advanced", "maxmem")
    assert isinstance(page, AdvancedPage)
    assert isinstance(maxmem, QSpinBox)
    window.tabs.setCurrentWidget(page)
    assert page.balancing.isChecked()

    page.balancing.click()
    assert maxmem.value() == 0
    await apply(window)
    await until(lambda: system.runtime.state.qube("vault").value("maxmem") == "0" and not window.draft.dirty)
    page.balancing.click()
    assert page.balancing.isChecked()
    await apply(window)

    await until(lambda: system.runtime.state.qube("vault").value("maxmem") != "0")


async def test_the_size_of_the_private_storage_is_on_the_basic_page(window: SettingsWindow, system: System) -> None:
    page = window.pages["basic"]
    assert isinstance(page, FormPage)
    (row,) = page.sizes.values()
    present = system.runtime.state.qube("vault").volumes["private"].size
    row.box.setValue(1)
    assert "only grow" in row.problem.text()
    assert not window.draft.dirty
    row.box.setValue(present / GIB + 1)

    await apply(window)
    await until(lambda: system.runtime.state.qube("vault").volumes["private"].size == present + GIB)
    await until(lambda: not window.draft.dirty)
    assert page.refuse(("volume", "private"), "The pool is full.")
    assert row.problem.text() == "The pool is full."


async def test_an_impossible_value_is_marked_before_it_is_sent(window: SettingsWindow, client: Client) -> None:
    form = window.pages["advanced"]
    memory, maxmem = field(window, "advanced", "memory"), field(window, "advanced", "maxmem")
    assert isinstance(form, FormPage)
    assert isinstance(memory, QSpinBox)
    assert isinstance(maxmem, QSpinBox)
    maxmem.setValue(2000)
    memory.setValue(3000)
    assert "above the maximum" in form.editors["property", "memory"].problem.text()
    assert not window.button(APPLY).isEnabled()
    assert "maximum" in window.button(APPLY).toolTip()

    maxmem.setValue(5000)

    assert window.button(APPLY).isEnabled()
    assert [step.request.argument for step in window.draft.steps()] == ["memory", "maxmem"]


async def test_a_bypass_of_the_firewall_is_reported_before_it_is_sent(
    window: SettingsWindow, session: Session, client: Client
) -> None:
    await client.send(calls.VM_PROPERTY_SET("vault", "netvm", "sys-firewall"))
    await until(lambda: session.records["vault"].value("netvm") == "sys-firewall")
    form, netvm = window.pages["basic"], field(window, "basic", "netvm")
    assert isinstance(form, FormPage)
    assert isinstance(netvm, QComboBox)

    netvm.activated.emit(netvm.findData("sys-net"))

    assert form.editors["property", "netvm"].problem.text() == "Its network would go around sys-firewall."
    assert window.button(APPLY).isEnabled()


async def test_a_change_elsewhere_of_an_edited_field_asks_before_anything_is_sent(
    window: SettingsWindow, client: Client, system: System
) -> None:
    form, memory = window.pages["advanced"], field(window, "advanced", "memory")
    assert isinstance(form, FormPage)
    assert isinstance(memory, QSpinBox)
    memory.setValue(512)

    await client.send(calls.VM_PROPERTY_SET("vault", "memory", "600"))
    await client.send(calls.VM_TAG_SET("vault", "elsewhere"))
    await until(lambda: "elsewhere" in window.draft.record.tags)

    assert ("property", "memory") in window.draft.conflicts
    assert memory.value() == 512
    assert window.merges.isVisible()
    assert "edited here: Initial memory." in window.merges.text.text()
    assert form.editors["property", "memory"].problem.text() == "Changed elsewhere meanwhile; there it is 600."
    assert not window.button(APPLY).isEnabled()
    click(window.merges.mine)
    assert window.button(APPLY).isEnabled()
    await apply(window)

    await until(lambda: not window.draft.dirty)
    assert system.runtime.state.qube("vault").value("memory") == "512"


async def test_a_change_elsewhere_may_replace_an_edit(window: SettingsWindow, client: Client) -> None:
    memory = field(window, "advanced", "memory")
    page = window.pages["notes"]
    assert isinstance(memory, QSpinBox)
    assert isinstance(page, NotesPage)
    memory.setValue(512)
    page.text.setPlainText("mine")

    await client.send(calls.VM_PROPERTY_SET("vault", "memory", "600"))
    await client.send(calls.VM_NOTES_SET("vault", payload="theirs"))
    await until(lambda: len(window.draft.conflicts) == 2)
    click(window.merges.theirs)

    assert memory.value() == 600
    assert page.text.toPlainText() == "theirs"
    assert not window.draft.dirty
    assert window.merges.isHidden()


async def test_a_change_elsewhere_is_merged_and_marked(window: SettingsWindow, client: Client) -> None:
    form, memory = window.pages["advanced"], field(window, "advanced", "memory")
    assert isinstance(form, FormPage)
    assert isinstance(memory, QSpinBox)
    assert memory.text() == "Default (400 MiB)"

    await client.send(calls.VM_PROPERTY_SET("vault", "memory", "600"))
    await client.send(calls.VM_TAG_SET("vault", "elsewhere"))
    await client.send(calls.VM_FIREWALL_INSERT_RULE("vault", 0, "action=drop dst4=10.0.0.0/8"))
    await until(lambda: len(window.draft.merged) == 3)

    assert memory.value() == 600
    assert form.editors["property", "memory"].problem.text() == "Changed elsewhere meanwhile; it was 400."
    assert window.merges.text.text() == "Changed elsewhere meanwhile: Initial memory, the firewall, the tag elsewhere."
    click(window.merges.dismiss)
    assert window.merges.isHidden()
    assert form.editors["property", "memory"].problem.isHidden()


async def test_a_change_sent_from_this_window_is_not_marked(window: SettingsWindow, system: System) -> None:
    memory, page = field(window, "advanced", "memory"), window.pages["firewall"]
    assert isinstance(memory, QSpinBox)
    assert isinstance(page, FirewallPage)
    memory.setValue(512)
    click(page.buttons["all"])
    window.draft.edit(("tag", "here"), "")

    await apply(window)
    await until(lambda: not window.draft.dirty and "here" in window.draft.record.tags)

    assert window.draft.merged == {}
    assert window.merges.isHidden()


async def test_a_qube_that_another_client_renames_is_followed(window: SettingsWindow, client: Client) -> None:
    window.draft.edit(("property", "autostart"), "yes")
    await client.send(calls.VM_PROPERTY_SET("vault", "name", "elsewhere"))
    await until(lambda: window.draft.record.name == "elsewhere")

    assert window.tabs.isEnabled()
    assert window.notice.isHidden()
    assert [step.request.dest for step in window.draft.steps()] == ["elsewhere"]


async def test_a_removed_qube_is_reported_as_removed(window: SettingsWindow, client: Client) -> None:
    window.draft.edit(("property", "autostart"), "yes")
    await client.send(calls.VM_REMOVE("vault"))
    await until(lambda: not window.notice.isHidden())

    assert window.notice.text() == "This qube is gone."
    assert not window.tabs.isEnabled()
    assert not window.button(APPLY).isEnabled()
    click(window.button(CANCEL))
    assert not window.isVisible()


async def test_nothing_is_asked_about_a_qube_that_is_gone(window: SettingsWindow, client: Client) -> None:
    window.draft.edit(("property", "memory"), "700")
    await client.send(calls.VM_PROPERTY_SET("vault", "memory", "800"))
    await until(window.merges.mine.isVisible)
    assert "edited here: Initial memory." in window.merges.text.text()

    await client.send(calls.VM_REMOVE("vault"))
    await until(lambda: not window.notice.isHidden())

    assert not window.merges.isVisible()


async def test_a_rename_is_sent_last_and_the_window_follows_it(
    window: SettingsWindow, system: System, qtbot: QtBot
) -> None:
    name = field(window, "basic", "name")
    assert isinstance(name, QLineEdit)
    name.selectAll()
    type_text(name, "safe")
    choose(field(window, "basic", "autostart"), "yes")
    assert window.draft.steps()[-1].request.argument == "name"

    await apply(window)
    await until(lambda: "safe" in system.runtime.state.qubes and window.draft.record.name == "safe")

    assert system.runtime.state.qube("safe").flag("autostart")
    assert window.windowTitle().endswith("safe")


async def test_rules_are_added_moved_and_removed_in_few_calls(
    window: SettingsWindow, system: System, qtbot: QtBot
) -> None:
    page = window.pages["firewall"]
    assert isinstance(page, FirewallPage)
    window.tabs.setCurrentWidget(page)
    page.views.setCurrentWidget(page.full)
    click(page.buttons["add"])
    await until(
        lambda: any(isinstance(widget, RuleDialog) and widget.isVisible() for widget in QApplication.topLevelWidgets())
    )
    dialog = next(
        widget for widget in QApplication.topLevelWidgets() if isinstance(widget, RuleDialog) and widget.isVisible()
    )
    type_text(dialog.destination, "example.org")
    dialog.proto.setCurrentIndex(dialog.proto.findData("tcp"))
    type_text(dialog.ports, "443")
    dialog.accept()
    await until(lambda: page.model.rowCount() == 2)

    await apply(window)
    await until(lambda: not window.draft.dirty)

    assert [text for _id, text in system.runtime.state.qube("vault").rules] == [
        "action=accept dsthost=example.org proto=tcp dstports=443-443",
        "action=accept",
    ]
    page.table.selectRow(1)
    click(page.buttons["remove"])
    assert len(window.draft.steps()) == 1
    page.destination.setText("example.net")
    click(page.ask)
    assert "dropped" in page.verdict.text()


async def test_an_invalid_rule_cannot_be_accepted(window: SettingsWindow, qtbot: QtBot) -> None:
    dialog = RuleDialog(None, window)
    qtbot.addWidget(dialog)
    button = dialog.buttons.button(QDialogButtonBox.StandardButton.Ok)
    assert button is not None
    assert button.isEnabled()

    type_text(dialog.destination, "not a host")

    assert not button.isEnabled()
    assert dialog.problem.text()


@pytest.fixture
def tags(window: SettingsWindow) -> TagsPage:
    page = window.pages["tags"]
    assert isinstance(page, TagsPage)
    window.tabs.setCurrentWidget(page)
    return page


async def test_tags_are_chips_and_created_by_is_protected(
    window: SettingsWindow, tags: TagsPage, system: System
) -> None:
    type_text(tags.tag, "important")
    click(tags.add_tag)
    type_text(tags.tag, "created-by-me")
    click(tags.add_tag)
    assert "created-by-" in tags.tag_problem.text()
    await apply(window)
    await until(lambda: "important" in system.runtime.state.qube("vault").tags and not window.draft.dirty)
    click(tags.chips.chips["created-by-dom0"])
    assert not window.draft.dirty

    click(tags.chips.chips["important"])
    assert "important" not in tags.chips.chips
    await apply(window)

    await until(lambda: "important" not in system.runtime.state.qube("vault").tags)


async def test_a_new_tag_is_completed_from_those_of_other_qubes(tags: TagsPage) -> None:
    completer = tags.tag.completer()
    assert completer is not None
    completer.setCompletionPrefix("wor")

    assert completer.currentCompletion() == "work"


async def test_features_are_edited_in_place_and_say_where_they_come_from(
    window: SettingsWindow, tags: TagsPage, system: System, client: Client
) -> None:
    template = system.runtime.state.qube("vault").value("template")
    await client.send(calls.VM_FEATURE_SET(template, "os", "Linux"))
    await until(lambda: tags.model.row_of("os") >= 0)

    def row(name: str) -> list[str]:
        at = tags.model.row_of(name)
        return [str(tags.model.index(at, column).data()) for column in range(3)]

    assert row("os") == ["os", "Linux", f"template {template}"]
    tags.table.selectRow(tags.model.row_of("os"))
    assert not tags.remove_feature.isEnabled()
    assert tags.model.setData(tags.model.index(tags.model.row_of("os"), 1), "BSD")
    type_text(tags.feature, "service.cups")
    click(tags.add_feature)
    assert "their own page" in tags.feature_problem.text()
    tags.feature.clear()
    type_text(tags.feature, "gui")
    click(tags.add_feature)
    assert row("gui") == ["gui", "1", "edited"]

    await apply(window)
    await until(lambda: not window.draft.dirty)
    assert dict(system.runtime.state.qube("vault").features).items() >= {"os": "BSD", "gui": "1"}.items()
    assert row("os") == ["os", "BSD", "own"]
    tags.table.selectRow(tags.model.row_of("os"))
    click(tags.remove_feature)
    assert row("os") == ["os", "Linux", f"template {template}"]
    await apply(window)

    await until(lambda: "os" not in system.runtime.state.qube("vault").features)


async def test_a_refused_tag_is_reported_next_to_the_tags(window: SettingsWindow, tags: TagsPage) -> None:
    assert tags.refuse(("tag", "important"), "It is not allowed.")

    assert tags.tag_problem.text() == "important: It is not allowed."


async def test_the_features_keep_qts_contract(tags: TagsPage, qtmodeltester: ModelTester) -> None:
    tags.model.set("gui", "1")
    tags.model.set("os", "Linux")

    qtmodeltester.check(tags.model, force_py=True)  # type: ignore[no-untyped-call] # not annotated there


@pytest.fixture
def services(window: SettingsWindow) -> ServicesPage:
    page = window.pages["services"]
    assert isinstance(page, ServicesPage)
    window.tabs.setCurrentWidget(page)
    return page


def tick_and_source(page: ServicesPage, name: str) -> tuple[object, str]:
    """The tick of a service, and who set it."""
    at = page.model.row_of(name)
    state = page.model.index(at, 0).data(Qt.ItemDataRole.CheckStateRole)
    return state, str(page.model.index(at, 2).data())


def tick(page: ServicesPage, name: str) -> None:
    """Press Space on the row, as a user does."""
    page.table.selectRow(page.model.row_of(name))
    press_key(page.table, Qt.Key.Key_Space)


async def test_services_are_ticked_and_show_where_they_are_set(
    window: SettingsWindow, services: ServicesPage, system: System
) -> None:
    assert tick_and_source(services, "cups") == (Qt.CheckState.Unchecked, "not set")
    tick(services, "cups")
    assert tick_and_source(services, "cups") == (Qt.CheckState.Checked, "edited")
    type_text(services.name, "my-own")
    click(services.add)

    await apply(window)
    await until(lambda: not window.draft.dirty)

    assert system.runtime.state.qube("vault").features["service.cups"] == "1"
    assert system.runtime.state.qube("vault").features["service.my-own"] == "1"
    assert tick_and_source(services, "cups") == (Qt.CheckState.Checked, "this qube")
    services.table.selectRow(services.model.row_of("cups"))
    click(services.reset)
    await apply(window)
    await until(lambda: "service.cups" not in system.runtime.state.qube("vault").features)
    assert "service.my-own" in system.runtime.state.qube("vault").features
    assert services.refuse(("feature", "service.cups"), "It is not allowed.")
    assert services.problem.text() == "service.cups: It is not allowed."


async def test_a_service_that_the_template_has_is_turned_off_here(
    window: SettingsWindow, services: ServicesPage, client: Client, system: System
) -> None:
    template = system.runtime.state.qube("vault").value("template")
    await client.send(calls.VM_FEATURE_SET(template, "service.crond", "1"))
    await until(lambda: tick_and_source(services, "crond")[1] != "not set")
    assert tick_and_source(services, "crond") == (Qt.CheckState.Checked, f"template {template}")

    tick(services, "crond")
    await apply(window)

    await until(lambda: system.runtime.state.qube("vault").features.get("service.crond") == "")


async def test_the_services_keep_qts_contract(services: ServicesPage, qtmodeltester: ModelTester) -> None:
    qtmodeltester.check(services.model, force_py=True)  # type: ignore[no-untyped-call] # not annotated there


async def test_any_property_is_edited_with_its_help_beside_it(
    window: SettingsWindow, system: System, qtbot: QtBot
) -> None:
    page = window.pages["properties"]
    assert isinstance(page, PropertiesPage)
    window.tabs.setCurrentWidget(page)
    page.select("default_user")
    await until(lambda: "commands run" in page.help.text())
    assert page.editor is not None
    assert isinstance(page.editor.input, QLineEdit)
    page.editor.input.selectAll()
    type_text(page.editor.input, "alice")

    await apply(window)
    await until(lambda: not window.draft.dirty)
    assert system.runtime.state.qube("vault").value("default_user") == "alice"
    await click_enabled(page.editor.reset)
    await apply(window)

    await until(lambda: system.runtime.state.qube("vault").value("default_user") == "user")


async def test_a_property_has_an_editor_of_its_type_and_says_where_its_default_comes_from(
    window: SettingsWindow, system: System
) -> None:
    page = window.pages["properties"]
    assert isinstance(page, PropertiesPage)
    window.tabs.setCurrentWidget(page)
    page.select("guivm")
    await until(lambda: page.editor is not None and isinstance(page.editor.input, QComboBox))
    page.select("backup_timestamp")
    assert page.editor is not None
    assert isinstance(page.editor.input, QSpinBox)
    page.select("qid")
    assert page.editor is not None
    assert not page.editor.input.isEnabled()

    def source(name: str) -> str:
        return str(page.sheet.index(page.sheet.row_of(name), 2).data())

    template = system.runtime.state.qube("vault").value("template")
    assert source("vcpus") == f"default, from {template}"
    assert source("guivm") == "own"
    assert source("audiovm") == "default, from the system's default_audiovm"
    assert source("qid") == "computed"
    assert source("autostart") == "default"
    page.select("guivm")
    await until(lambda: page.editor is not None and "from default_guivm" in page.editor.hint.text())
    page.search.setText("guivm own")
    assert page.filter.rowCount() == 1


async def test_closing_with_edits_asks(window: SettingsWindow, qtbot: QtBot) -> None:
    choose(field(window, "basic", "autostart"), "yes")

    click(window.button(CANCEL))
    await until(
        lambda: any(isinstance(widget, Question) and widget.isVisible() for widget in QApplication.topLevelWidgets())
    )

    assert window.isVisible()
    question = next(
        widget for widget in QApplication.topLevelWidgets() if isinstance(widget, Question) and widget.isVisible()
    )
    click(question.yes)
    await until(lambda: not window.isVisible())


async def test_notes_reach_the_qube_and_the_event_comes_back(
    window: SettingsWindow, session: Session, system: System
) -> None:
    page = window.pages["notes"]
    assert isinstance(page, NotesPage)
    window.tabs.setCurrentWidget(page)
    page.text.selectAll()
    type_text(page.text, "for letters")

    await apply(window)
    await until(lambda: not window.draft.dirty)

    assert system.runtime.state.qube("vault").notes == "for letters"
    assert session.records["vault"].notes == "for letters"


async def test_changes_sent_before_a_refusal_stay_and_are_reported(
    window: SettingsWindow, system: System, client: Client
) -> None:
    kernel = field(window, "advanced", "kernel")
    assert isinstance(kernel, QComboBox)
    choose(field(window, "basic", "autostart"), "yes")
    window.tabs.setCurrentWidget(window.pages["advanced"])
    kernel.setEditText("nosuch")
    window.draft.edit(("tag", "later"), "")

    await apply(window)
    await until(lambda: not window.notice.isHidden())

    assert "1 change(s) before it were made and stay." in window.notice.text()
    assert window.notice.text().startswith("Kernel was refused")
    assert system.runtime.state.qube("vault").flag("autostart")
    assert "later" not in system.runtime.state.qube("vault").tags
    # The first change is still in the draft until its event has come.
    await until_equal(lambda: [step.key for step in window.draft.steps()], [("property", "kernel"), ("tag", "later")])


async def test_the_property_sheet_keeps_qts_contract(window: SettingsWindow, qtmodeltester: ModelTester) -> None:
    page = window.pages["properties"]
    assert isinstance(page, PropertiesPage)

    qtmodeltester.check(page.filter, force_py=True)  # type: ignore[no-untyped-call] # not annotated there
    qtmodeltester.check(page.sheet, force_py=True)  # type: ignore[no-untyped-call] # not annotated there


async def test_the_firewall_table_keeps_qts_contract(window: SettingsWindow, qtmodeltester: ModelTester) -> None:
    page = window.pages["firewall"]
    assert isinstance(page, FirewallPage)

    qtmodeltester.check(page.model, force_py=True)  # type: ignore[no-untyped-call] # not annotated there


async def test_the_qube_is_cloned_and_removed_from_its_settings(
    window: SettingsWindow, client: Client, system: System, qtbot: QtBot
) -> None:
    assert window.identity.klass.text() == "App qube"
    click(window.identity.clone)
    await until(
        lambda: any(isinstance(widget, CloneDialog) and widget.isVisible() for widget in QApplication.topLevelWidgets())
    )
    asked = next(
        widget for widget in QApplication.topLevelWidgets() if isinstance(widget, CloneDialog) and widget.isVisible()
    )
    asked.name.setText("safe")
    asked.accept()
    await until(lambda: "safe" in system.runtime.state.qubes)

    await client.send(calls.VM_START("vault"))
    await until(lambda: not window.identity.remove.isEnabled())

    assert "shut it down" in window.identity.remove.toolTip()


async def test_removing_a_template_that_is_used_lists_its_users(
    window: SettingsWindow, session: Session, qtbot: QtBot
) -> None:
    template_window = SettingsWindow(session, session.records["vault"].value("template"), session.labels)
    qtbot.addWidget(template_window)

    click(template_window.identity.remove)
    dialog = await opened_dialog(PlanDialog)

    assert not dialog.plan.changes
    assert "vault" in {row.qube for row in dialog.plan.rows if row.group is Group.MOVE}
    dialog.reject()


async def test_taking_the_network_from_a_running_qube_is_shown_first(
    session: Session, system: System, qtbot: QtBot, window: SettingsWindow
) -> None:
    other_window = SettingsWindow(session, "work", session.labels)
    qtbot.addWidget(other_window, before_close_func=lambda _widget: other_window.draft.discard())
    other_window.show()
    undoable: list[str] = []
    session.undoable.connect(lambda text, _plan, _done: undoable.append(text))
    other_window.draft.edit(("property", "netvm"), "")

    await click_enabled(other_window.button(APPLY))
    dialog = await opened_dialog(PlanDialog)
    assert dialog.plan.losing == ("work",)
    assert system.runtime.state.qube("work").value("netvm") == "sys-firewall"
    click(dialog.yes)

    await until(lambda: system.runtime.state.qube("work").value("netvm") == "")
    await until(lambda: bool(undoable))
    assert window.isVisible()


async def test_only_the_calls_that_were_shown_are_sent(
    session: Session, system: System, qtbot: QtBot, window: SettingsWindow
) -> None:
    other_window = SettingsWindow(session, "work", session.labels)
    qtbot.addWidget(other_window, before_close_func=lambda _widget: other_window.draft.discard())
    other_window.show()
    other_window.draft.edit(("property", "netvm"), "")
    await click_enabled(other_window.button(APPLY))
    dialog = await opened_dialog(PlanDialog)
    shown = [step.text() for step in dialog.plan.steps]

    click(dialog.yes)
    other_window.draft.edit(("property", "label"), "orange")
    await until(lambda: system.runtime.state.qube("work").value("netvm") == "")
    await until(other_window.foot.isEnabled)

    assert len(shown) == 1
    assert system.runtime.state.qube("work").value("label") != "orange"
    assert other_window.draft.is_edited(("property", "label"))
    assert window.isVisible()


async def test_no_two_things_on_a_page_have_the_same_mnemonic(window: SettingsWindow) -> None:
    shared: dict[str, dict[str, list[str]]] = {}
    for name, page in window.pages.items():
        window.tabs.setCurrentWidget(page)
        by_letter: dict[str, list[str]] = {}
        widgets: list[QLabel | QAbstractButton] = [*window.findChildren(QAbstractButton)]
        widgets += [label for label in window.findChildren(QLabel) if label.buddy() is not None]
        for widget in widgets:
            if not widget.isVisible():
                continue
            text = widget.text().replace("&&", "")
            if "&" in text:
                by_letter.setdefault(text[text.index("&") + 1].casefold(), []).append(text)
        if twice := {letter: texts for letter, texts in by_letter.items() if len(texts) > 1}:
            shared[name] = twice

    assert shared == {}


async def test_dom0_has_neither_firewall_nor_devices_nor_volumes_and_keeps_its_name(
    window: SettingsWindow, session: Session, system: System, qtbot: QtBot
) -> None:
    dom0_window = SettingsWindow(session, "dom0", session.labels, "devices")
    qtbot.addWidget(dom0_window)
    dom0_window.show()
    page = dom0_window.pages["basic"]
    assert isinstance(page, FormPage)

    assert not {"firewall", "devices", "volumes"} & set(dom0_window.pages)
    assert not page.editors["property", "name"].isEnabled()
    dom0_window.draft.edit(("tag", "host"), "")
    click(dom0_window.button(APPLY))
    await until(lambda: "host" in system.runtime.state.qube("dom0").tags)


async def test_a_refused_rule_shows_the_firewall_with_the_reason(
    window: SettingsWindow, session: Session, client: Client, system: System
) -> None:
    await client.send(calls.VM_FIREWALL_INSERT_RULE("vault", 0, "action=drop dst4=10.0.0.0/8"))
    await until(lambda: len(window.draft.rules) == 2)
    await session.tasks.cancel_all()  # what the window knows is old now
    await client.send(calls.VM_FIREWALL_REMOVE_RULE("vault", window.draft.rules[0].rule_id))
    page = window.pages["firewall"]
    assert isinstance(page, FirewallPage)
    page.model.take(0)

    await apply(window)
    await until(lambda: not page.problem.isHidden())

    assert window.tabs.currentWidget() is page
    assert window.notice.text().startswith("the firewall was refused")


async def test_a_refused_size_is_marked_on_its_page(
    window: SettingsWindow, session: Session, client: Client, system: System
) -> None:
    page = window.pages["basic"]
    assert isinstance(page, FormPage)
    (row,) = page.sizes.values()
    await session.tasks.cancel_all()  # what the window knows is old now
    present = system.runtime.state.qube("vault").volumes["private"].size
    await client.send(calls.VM_VOLUME_EXTEND("vault", "private", present + 4 * GIB))
    row.box.setValue(present / GIB + 1)

    await apply(window)
    await until(lambda: "only grow" in row.problem.text())

    assert window.draft.dirty


async def test_nothing_is_sent_while_the_connection_is_lost(
    window: SettingsWindow, session: Session, client: Client, system: System
) -> None:
    window.draft.edit(("property", "autostart"), "yes")
    session.trouble = Lost(TransportError("The connection was closed."), 8.0)
    session.lost.emit(session.trouble)
    assert "connection is lost" in window.merges.text.text()
    assert not window.button(APPLY).isEnabled()
    await client.send(calls.VM_FIREWALL_INSERT_RULE("vault", 0, "action=drop dst4=10.0.0.0/8"))

    session.trouble = None
    session.synced.emit()
    assert window.button(APPLY).isEnabled()

    await until(lambda: len(window.draft.rules) == 2)


async def test_the_opposites_of_properties_features_tags_rules_and_notes_bring_all_back(
    window: SettingsWindow, session: Session, system: System
) -> None:
    client, draft = session.client, window.draft
    await client.send(calls.VM_FEATURE_SET("vault", "gone", "1"))
    await client.send(calls.VM_TAG_SET("vault", "gone"))
    await until(lambda: "gone" in draft.record.tags and "gone" in draft.record.features)
    qube = system.runtime.state.qube("vault")
    before, rules = qube.record().updated(volumes=()), [row.rule for row in draft.rules]
    draft.edit(("property", "memory"), "700")
    draft.edit(("property", "label"), "green")
    draft.edit(("feature", "gone"), None)
    draft.edit(("feature", "come"), "2")
    draft.edit(("tag", "gone"), None)
    draft.edit(("tag", "come"), "")
    draft.edit(("notes", ""), "Other notes.")
    draft.edit_rules(["action=accept dst4=192.0.2.1/32", *rules[1:], "action=drop dst4=192.0.2.2/32"])
    steps = draft.steps()

    for step in steps:
        await client.send(step.request)
    assert qube.record().updated(volumes=()) != before
    for step in reversed(steps):
        assert step.opposite is not None
        await client.send(step.opposite)

    assert qube.record().updated(volumes=()) == before
    assert [row.rule for row in await client.send(calls.VM_FIREWALL_GET("vault"))] == rules


async def test_a_field_keeps_its_height_when_its_notes_change_while_its_page_is_hidden(
    window: SettingsWindow, client: Client
) -> None:
    window.resize(900, 700)
    window.show_page("advanced")
    memory = field(window, "advanced", "memory")
    form = window.pages["advanced"]
    assert isinstance(memory, QSpinBox)
    assert isinstance(form, FormPage)
    memory.setValue(512)
    await until(memory.isVisible)
    window.show_page("notes")

    await client.send(calls.VM_PROPERTY_SET("vault", "memory", "600"))
    await client.send(calls.VM_PROPERTY_SET("vault", "vcpus", "6"))
    await until(lambda: bool(window.draft.conflicts) and bool(window.draft.merged))
    window.show_page("advanced")

    await until(memory.isVisible)
    inputs = [editor.input for editor in form.editors.values()]
    await until(lambda: all(each.height() >= each.minimumSizeHint().height() for each in inputs))
