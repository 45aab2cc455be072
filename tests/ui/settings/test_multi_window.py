# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of several qubes at once, over a whole daemon."""

import pytest
from PyQt5.QtWidgets import QComboBox, QDialogButtonBox, QSpinBox
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot
from until import until
from windows import Clicker, choose, click, click_enabled, opened_dialog, type_text

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.system import System
from qubesmanager.models.reason_texts import reason_text
from qubesmanager.models.shared_draft import MIXED
from qubesmanager.plans.plan import PROPERTY, Plan, RowKey, undo
from qubesmanager.ui.actions.plan_dialog import PlanDialog
from qubesmanager.ui.forms.form_page import FormPage
from qubesmanager.ui.session import session as session_module
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.session.windows import OpenWindows
from qubesmanager.ui.settings import multi_window
from qubesmanager.ui.settings.multi_window import MultiWindow
from qubesmanager.ui.settings.settings_window import SettingsWindow
from qubesmanager.ui.settings.shared_tags import SharedTags
from qubesmanager.ui.widgets import turns
from qubesmanager.wire import calls
from qubesmanager.wire.reason import Reason

APPLY = QDialogButtonBox.StandardButton.Apply


@pytest.fixture
async def window(session: Session, client: Client, qtbot: QtBot) -> MultiWindow:
    await client.send(calls.VM_PROPERTY_SET("vault", "memory", "600"))
    await client.send(calls.VM_PROPERTY_SET("work", "autostart", "yes"))
    session.follow()
    await until(lambda: session.is_synced and bool(session.labels))
    window = MultiWindow(session, ("vault", "work"))
    qtbot.addWidget(window, before_close_func=lambda _widget: window.draft.discard())
    window.show()
    return window


def field(window: MultiWindow, page: str, name: str) -> object:
    form = window.pages[page]
    assert isinstance(form, FormPage)
    return form.editors["property", name].input


async def test_different_values_are_shown_as_several_values(window: MultiWindow) -> None:
    memory, autostart = field(window, "advanced", "memory"), field(window, "basic", "autostart")
    label = field(window, "basic", "label")
    assert isinstance(memory, QSpinBox)
    assert isinstance(autostart, QComboBox)
    assert isinstance(label, QComboBox)

    assert memory.text() == "several values"
    assert autostart.currentText() == "several values"
    assert label.currentText() == "several values"
    assert isinstance(basic := window.pages["basic"], FormPage)
    assert ("property", "name") not in basic.editors
    assert not window.foot.button(APPLY).isEnabled()


async def test_an_edit_shows_what_it_changes_of_each_and_reaches_all(window: MultiWindow, system: System) -> None:
    memory = field(window, "advanced", "memory")
    assert isinstance(memory, QSpinBox)
    memory.setValue(600)
    assert [(row.qube, row.before, row.after) for row in window.model.rows] == [("work", "800", "600")]
    memory.setValue(700)
    assert [(row.qube, row.before, row.after) for row in window.model.rows] == [
        ("vault", "600", "700"),
        ("work", "800", "700"),
    ]

    await click_enabled(window.foot.button(APPLY))
    await until(lambda: not window.draft.dirty)

    assert {system.runtime.state.qube(name).value("memory") for name in ("vault", "work")} == {"700"}
    await until(lambda: window.model.rows == ())


async def test_an_edit_is_taken_back_by_leaving_each_as_it_is(window: MultiWindow) -> None:
    label = field(window, "basic", "label")
    assert isinstance(label, QComboBox)
    label.activated.emit(label.findData("green"))
    assert window.draft.dirty

    label.activated.emit(label.findData(MIXED))

    assert not window.draft.dirty


async def test_a_refusal_of_one_stops_its_calls_and_not_the_others(
    window: MultiWindow, session: Session, client: Client, system: System
) -> None:
    await session.tasks.cancel_all()  # what the window knows is old now
    await client.send(calls.VM_PROPERTY_SET("work", "maxmem", "2000"))
    memory = field(window, "advanced", "memory")
    assert isinstance(memory, QSpinBox)
    memory.setValue(3000)
    choose(field(window, "advanced", "debug"), "yes")

    await click_enabled(window.foot.button(APPLY))
    await until(lambda: not window.notice.isHidden())

    assert "work, Initial memory" in window.notice.text()
    assert system.runtime.state.qube("vault").value("memory") == "3000"
    assert system.runtime.state.qube("work").value("memory") == "800"
    assert not system.runtime.state.qube("work").flag("debug")
    assert system.runtime.state.qube("vault").flag("debug")


@pytest.mark.usefixtures("translated")
async def test_a_refusal_is_shown_in_the_language_of_the_user(
    window: MultiWindow, session: Session, client: Client
) -> None:
    await session.tasks.cancel_all()  # what the window knows is old now
    await client.send(calls.VM_PROPERTY_SET("work", "maxmem", "2000"))
    memory = field(window, "advanced", "memory")
    assert isinstance(memory, QSpinBox)
    memory.setValue(3000)

    await click_enabled(window.foot.button(APPLY))
    await until(lambda: not window.notice.isHidden())

    assert reason_text(Reason("memory-above-maximum", 3000, 2000)) in window.notice.text()


async def test_a_net_qube_that_takes_the_network_away_is_shown_first_and_can_be_undone(
    window: MultiWindow, session: Session, system: System
) -> None:
    undone: list[tuple[str, Plan, frozenset[RowKey]]] = []
    session.undoable.connect(lambda *what: undone.append(what))
    netvm = field(window, "basic", "netvm")
    assert isinstance(netvm, QComboBox)
    netvm.activated.emit(netvm.findData(""))
    assert window.draft.dirty

    await click_enabled(window.foot.button(APPLY))
    dialog = await opened_dialog(PlanDialog)
    assert dialog.plan.losing == ("work",)
    click(dialog.yes)
    await until(lambda: not window.draft.dirty)

    assert system.runtime.state.qube("work").value("netvm") == ""
    await until(lambda: bool(undone))
    _text, plan, done = undone[0]
    back = undo(session.facts, plan, done)
    assert [row.refused for row in back.rows] == [None]
    for step in back.steps:
        await session.client.send(step.request)
    assert system.runtime.state.qube("work").value("netvm") == "sys-firewall"


async def test_a_change_elsewhere_of_an_edited_field_asks(window: MultiWindow, client: Client) -> None:
    memory = field(window, "advanced", "memory")
    assert isinstance(memory, QSpinBox)
    memory.setValue(700)

    await client.send(calls.VM_PROPERTY_SET("work", "memory", "900"))
    await until(window.merges.isVisible)
    assert not window.foot.button(APPLY).isEnabled()
    click(window.merges.theirs)

    assert [(row.qube, row.after) for row in window.model.rows] == [("vault", "700")]


async def test_a_tag_is_given_to_all_and_taken_from_all(window: MultiWindow, system: System) -> None:
    page = window.pages["tags"]
    assert isinstance(page, SharedTags)
    window.tabs.setCurrentWidget(page)
    assert page.chips.chips["work"].text() == "work (1 of 2)"
    type_text(page.tag, "work")
    click(page.add)
    assert page.chips.chips["work"].text() == "work"
    assert [window.model.index(0, column).data() for column in range(4)] == [
        "vault",
        "the tag work",
        "does not exist",
        "there",
    ]
    await click_enabled(window.foot.button(APPLY))
    await until(lambda: "work" in system.runtime.state.qube("vault").tags and not window.draft.dirty)

    click(page.chips.chips["work"])
    assert {row.qube for row in window.model.rows} == {"vault", "work"}
    await click_enabled(window.foot.button(APPLY))

    await until(lambda: not any("work" in system.runtime.state.qube(name).tags for name in ("vault", "work")))


async def test_a_removed_qube_is_left_out(window: MultiWindow, client: Client) -> None:
    await client.send(calls.VM_REMOVE("vault"))

    await until(lambda: list(window.draft.drafts) == ["work"])
    assert window.head.names() == ["work"]


@pytest.fixture
def in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two qubes are many, and a turn has one step."""
    for module in (multi_window, session_module):
        monkeypatch.setattr(module, "AT_ONCE", 1)
    monkeypatch.setattr(turns, "SLICE", 0)


def edit(window: MultiWindow, memory: str) -> None:
    """Edit the memory, and take the first step of the list of differences."""
    window.draft.edit((PROPERTY, "memory"), memory)
    window._turns._run()
    assert window._turns._steps is not None


def listed(window: MultiWindow) -> list[tuple[str, str | None]]:
    return [(row.qube, row.after) for row in window.model.rows]


@pytest.mark.usefixtures("in_turns")
async def test_edits_and_changes_elsewhere_while_the_differences_are_listed_are_shown(
    window: MultiWindow, client: Client
) -> None:
    edit(window, "700")
    window.draft.edit((PROPERTY, "memory"), "800")
    await until(lambda: listed(window) == [("vault", "800")])
    edit(window, "900")
    await client.send(calls.VM_PROPERTY_SET("vault", "memory", "900"))

    await until(lambda: listed(window) == [("work", "900")])
    assert window.summary.text() == "1 qube(s) would change:"


@pytest.mark.usefixtures("in_turns")
async def test_a_qube_that_goes_while_the_differences_are_listed_is_left_out(
    window: MultiWindow, client: Client
) -> None:
    edit(window, "700")
    await client.send(calls.VM_REMOVE("vault"))

    await until(lambda: listed(window) == [("work", "700")])


@pytest.mark.usefixtures("in_turns")
async def test_the_window_closes_while_the_differences_are_listed(window: MultiWindow) -> None:
    edit(window, "700")
    window.draft.discard()

    window.close()

    await until(lambda: not window.isVisible())


async def test_several_that_are_selected_share_a_window_and_a_page_can_be_named(clicker: Clicker, qtbot: QtBot) -> None:
    opened = OpenWindows(clicker.session)
    shown: list[object] = []

    def open_it(name: str, names: tuple[str, ...]) -> None:
        shown.append(opened.open(name, names))

    clicker.session.window_wanted.connect(open_it)
    clicker.select("vault", "work")
    clicker.click("settings")
    clicker.session.window_wanted.emit("settings", ("vault", "--page=firewall"))
    clicker.session.window_wanted.emit("settings", ("vault", "--page=notes"))

    several, single, again = shown
    assert isinstance(several, MultiWindow)
    assert isinstance(single, SettingsWindow)
    assert single is again
    assert single.tabs.currentWidget() is single.pages["notes"]
    await until(lambda: bool(single.draft.rules))
    opened.close_all()


async def test_the_differences_keep_qts_contract(window: MultiWindow, qtmodeltester: ModelTester) -> None:
    window.draft.edit(("property", "memory"), "700")

    qtmodeltester.check(window.model, force_py=True)  # type: ignore[no-untyped-call] # not annotated there
