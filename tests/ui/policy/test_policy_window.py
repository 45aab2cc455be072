# SPDX-License-Identifier: GPL-3.0-or-later
"""The policy window over a whole daemon: what it shows of the files, and that its tester answers as the engine does."""

import itertools

import pytest
from policy_window_fixtures import USER, write
from PyQt5.QtCore import Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot
from until import until
from windows import Clicker, choose, click, press_key, type_text

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.system import System
from qubesmanager.models.policy_rules import CALL, FROM, LINE, OPTIONS
from qubesmanager.models.row_table import MARK_ROLE, Mark
from qubesmanager.policy.engine import Request
from qubesmanager.ui.policy.files_list import PATH
from qubesmanager.ui.policy.policy_window import PolicyWindow
from qubesmanager.ui.policy.rights_window import RightsWindow
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.side_row import BADGE, COUNT
from qubesmanager.wire import calls
from qubesmanager.wire.policy_files import PolicyFile
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import refusal


def listed(window: PolicyWindow) -> list[tuple[str, str]]:
    """Each file at the side, with its badge or number."""
    return [(str(item.data(0, PATH)), str(item.data(0, BADGE) or item.data(0, COUNT))) for item in window.files.items()]


def cells(window: PolicyWindow, number: int) -> list[str]:
    """The texts of a line in the table."""
    row = window.model.row_of_line(number)
    return [str(window.model.index(row, column).data() or "") for column in range(7)]


async def test_the_files_are_shown_in_their_order_with_what_is_wrong(window: PolicyWindow) -> None:
    assert listed(window) == [("30-user.policy", "1 unreached"), ("50-late.policy", "1 unreached")]
    assert window.windowTitle() == "30-user.policy \N{EN DASH} Policy"


async def test_rules_are_shown_with_words_and_comments_with_their_text(window: PolicyWindow) -> None:
    assert cells(window, 1)[LINE] == "# Keys"
    assert cells(window, 2) == ["2", "qubes.Gpg", "any", "work", "vault", "Ask", "offers vault"]
    assert cells(window, 3)[FROM:] == ["any qube", "vault", "Deny", "notifies the user"]
    assert cells(window, 7)[CALL:] == ["qubes.Filecopy", "any", "any qube", "any qube", "Ask", ""]
    assert [row.line.number for row in window.model.rows] == [1, 2, 3, 4, 6, 7, 8]


async def test_a_hidden_line_names_the_line_that_hides_it(window: PolicyWindow) -> None:
    assert cells(window, 4)[OPTIONS] == "hidden by line 3"
    assert window.model.index(window.model.row_of_line(4), OPTIONS).data(MARK_ROLE) is Mark.WARNING


async def test_a_line_about_a_qube_that_is_gone_is_marked(window: PolicyWindow) -> None:
    index = window.model.index(window.model.row_of_line(8), FROM)

    assert cells(window, 8)[FROM] == "old-mail"
    assert "There is no qube old-mail." in str(index.data(Qt.ItemDataRole.ToolTipRole))
    assert cells(window, 8)[OPTIONS] == "no qube matches"


async def test_a_line_hidden_by_another_file_names_it(window: PolicyWindow) -> None:
    window.show_file("50-late.policy")
    await until(lambda: window.model.path == "50-late.policy")

    assert cells(window, 1)[OPTIONS] == "hidden by 30-user:7"


async def test_the_model_of_rules_is_a_good_model(window: PolicyWindow, qtmodeltester: ModelTester) -> None:
    qtmodeltester.check(window.model)  # type: ignore[no-untyped-call] # of pytest-qt


@pytest.mark.parametrize("files", [{}])
async def test_without_a_file_the_page_says_what_that_means(window: PolicyWindow) -> None:
    assert window.stack.currentWidget() is window.message
    assert window.message.headline.text() == "There is no policy file"


@pytest.mark.parametrize("files", [{"30-user.policy": USER, "My notes.policy": "# mine\n"}])
async def test_a_name_that_qrexec_does_not_take_is_named(window: PolicyWindow) -> None:
    assert ("My notes.policy", "bad name") in listed(window)
    assert "My notes.policy has a letter or blank" in window.errors.notices[0].text
    assert "denied" in window.tester.sentence.text()


async def test_what_another_program_mends_is_no_longer_a_problem(window: PolicyWindow, system: System) -> None:
    write(system, "40-bad.policy", "qubes.Gpg * work\n")
    window.watch.ask()
    await until(lambda: window.errors.notices)
    assert "40-bad.policy:1: The line ends before its target." in window.errors.notices[0].text

    write(system, "40-bad.policy", "")
    window.watch.ask()

    await until(lambda: not window.errors.notices)


async def test_a_file_of_run_hides_its_namesake(
    window: PolicyWindow, system: System, tmp_path_factory: pytest.TempPathFactory
) -> None:
    hiding = tmp_path_factory.mktemp("run")
    (hiding / "30-user.policy").write_text("qubes.Gpg * work vault allow\n")
    system.policies.hiding = hiding

    window.watch.ask()

    await until(lambda: len(listed(window)) == 3)
    assert listed(window) == [("30-user.policy", "1"), ("50-late.policy", "2"), ("30-user.policy", "hidden")]


# -- the tester --------------------------------------------------------------------------------------------------------


async def test_the_tester_answers_as_the_engine_does(window: PolicyWindow) -> None:
    tester, checks = window.tester, window.watch.checks
    assert checks is not None
    for source, service, target in itertools.product(
        ("work", "personal", "vault"), ("qubes.Gpg", "qubes.Filecopy", "other"), ("vault", "work", "@default")
    ):
        tester.choose(source, service, "", target)
        request = Request(service, "+", source, target)
        await until(lambda: not tester.is_asking)

        assert tester.explanation is not None
        assert tester.request() == request
        decision = checks.engine.decide(request, checks.info)
        assert tester.explanation.decision == decision
        assert tester.answer.text().casefold() == decision.result


async def test_the_tester_says_which_line_decides_and_why_others_do_not(window: PolicyWindow) -> None:
    window.tester.choose("personal", "qubes.Gpg", "", "vault")

    await until(lambda: window.tester.answer.text() == "Deny" and window.tester.decided.text().endswith("30-user:3"))
    rows = [(row.rule.place.line, row.why) for row in window.tester.model.rows]
    assert rows == [
        (2, "other source: work, not personal"),
        (3, "decides"),
        (4, "matches, but comes later"),
    ]
    assert "Without it, 30-user:4 decides." in window.tester.hint.text()


async def test_typing_another_call_asks_again(window: PolicyWindow) -> None:
    tester = window.tester
    choose(tester.source, "work")
    choose(tester.target, "vault")
    tester.service.setEditText("")
    editor = tester.service.lineEdit()
    assert editor is not None
    type_text(editor, "qubes.Unknown")

    await until(lambda: tester.answer.text() == "Deny" and "No rule fits" in tester.sentence.text())
    assert not tester.decided.isVisible()


async def test_the_deciding_line_is_shown_by_its_link(window: PolicyWindow) -> None:
    window.tester.choose("dom0", "qubes.VMShell", "", "work")
    await until(lambda: window.tester.decided.text().endswith("50-late:2"))

    click(window.tester.decided)

    await until(lambda: window.table.current_number() == 2 and window.model.path == "50-late.policy")


async def test_a_tag_of_a_qube_changes_the_answer(window: PolicyWindow, client: Client) -> None:
    window.tester.choose("untrusted", "qubes.Gpg", "", "vault")
    await until(lambda: window.tester.answer.text() == "Deny" and window.tester.request().source == "untrusted")

    await client.send(calls.VM_TAG_SET("untrusted", "work"))

    await until(lambda: window.tester.answer.text() == "Ask")


# -- finding, text, rights ---------------------------------------------------------------------------------------------


async def test_find_goes_through_the_lines_of_all_files(window: PolicyWindow) -> None:
    type_text(window.search, "filecopy")
    press_key(window.search, Qt.Key.Key_Return)
    await until(lambda: window.table.current_number() == 7)

    press_key(window.search, Qt.Key.Key_Return)

    await until(lambda: window.model.path == "50-late.policy" and window.table.current_number() == 1)


async def test_the_text_is_that_of_the_file(window: PolicyWindow) -> None:
    window.actions_of["text"].trigger()

    assert window.stack.currentWidget() is window.text
    assert window.text.toPlainText() == USER


async def test_a_window_is_opened_at_a_line(window: PolicyWindow) -> None:
    window.begin_with("policy.d/50-late.policy:2")

    await until(lambda: window.model.path == "50-late.policy" and window.table.current_number() == 2)


async def test_what_a_qube_may_do_is_asked_for_by_a_link(window: PolicyWindow, session: Session) -> None:
    asked: list[tuple[str, tuple[str, ...]]] = []
    session.window_wanted.connect(lambda name, names: asked.append((name, names)))
    window.tester.choose("work", "qubes.Gpg", "", "vault")
    await until(lambda: window.tester.rights.text() == "What may work do?")

    click(window.tester.rights)

    assert asked == [("rights", ("work",))]


async def test_the_rights_of_a_qube_are_listed_with_their_lines(window: PolicyWindow, session: Session) -> None:
    rights = RightsWindow(session, "vault")
    rights.show()
    await until(lambda: rights.stack.currentIndex() == 1)

    called = [(right.service, str(right.decision.place)) for right in rights.called.rows]
    assert ("qubes.Gpg", "policy.d/30-user.policy:2") in called
    assert ("qubes.VMShell", "policy.d/50-late.policy:2") in called
    assert {right.service for right in rights.may.rows} == {"qubes.Filecopy"}
    rights.close()


async def test_a_daemon_without_these_calls_is_a_page_with_the_reason(
    session: Session, system: System, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused() -> list[PolicyFile]:
        raise refusal("call-not-in-qubes", "mgmt1.policy.GetAll", Reason("instead-policy"))

    monkeypatch.setattr(system.policies, "files", refused)
    session.follow()
    window = PolicyWindow(session)
    qtbot.addWidget(window)
    window.show()

    await until(lambda: window.message.headline.text() == "The policy cannot be read")
    assert "/etc/qubes/policy.d" in window.message.text.text()
    monkeypatch.undo()
    click(window.message.button)
    await until(lambda: window.draft.is_known)


# -- the ways to it ----------------------------------------------------------------------------------------------------


async def test_the_sidebar_opens_the_window_and_keeps_its_line(clicker: Clicker) -> None:
    asked: list[tuple[str, tuple[str, ...]]] = []
    clicker.session.window_wanted.connect(lambda name, names: asked.append((name, names)))
    sidebar = clicker.window.sidebar
    sidebar.choose("running")
    pages = sidebar.topLevelItem(0)
    assert pages is not None
    lines = [pages.child(at) for at in range(pages.childCount())]
    (line,) = [item for item in lines if item is not None and item.text(0) == "Policy"]

    viewport = sidebar.viewport()
    assert viewport is not None
    click(viewport, sidebar.visualItemRect(line).center())

    assert asked == [("policy", ())]
    assert sidebar.current_key() == "running"


async def test_the_inspector_asks_for_the_rights_of_its_qube(clicker: Clicker) -> None:
    asked: list[tuple[str, tuple[str, ...]]] = []
    clicker.session.window_wanted.connect(lambda name, names: asked.append((name, names)))
    clicker.select("vault")
    await until(clicker.window.inspector.rights.isVisible)

    click(clicker.window.inspector.rights)

    assert asked == [("rights", ("vault",))]


async def test_the_policy_is_a_command_of_the_palette(clicker: Clicker) -> None:
    assert clicker.window.own["window-policy"].text() == "&Policy…"
