# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialog of a question of the policy: shown by the tray program, armed after a while, answered, taken away."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from PyQt5.QtCore import QEvent, Qt
from PyQt5.QtGui import QKeyEvent
from PyQt5.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from until import until
from windows import click, press_key

from qubesmanager.daemon.local.system import System
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.tray import policy_question
from qubesmanager.ui.tray.policy_question import PolicyQuestionDialog
from qubesmanager.ui.tray.policy_questions import PolicyQuestions
from qubesmanager.wire import calls
from qubesmanager.wire.errors import PermissionDenied
from qubesmanager.wire.events import PolicyQuestion
from qubesmanager.wire.framing import Header

RULES = "mgmt1.vm.Start * laptop vault ask target=dom0\nmgmt1.vm.Kill * laptop @anyvm ask target=dom0\n"


@pytest.fixture
async def questions(
    session: Session, system: System, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[PolicyQuestions]:
    monkeypatch.setattr(policy_question, "ARMING", 20)
    _write_rules(system)
    made = PolicyQuestions(session, session)
    made.follow()
    await until(lambda: system.questions.is_shown)
    yield made
    made.close()


def _write_rules(system: System) -> None:
    folder = system.runtime.places.policy
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "30-test.policy").write_text(RULES)


async def admit(session: Session, service: str, target: str) -> str:
    return await session.client.send(calls.POLICY_ADMIT("dom0", payload=Header(service, "", "laptop", "name", target)))


async def _refusal(session: Session, service: str, target: str) -> str:
    with pytest.raises(PermissionDenied) as refused:
        await admit(session, service, target)
    return str(refused.value)


async def _shown(questions: PolicyQuestions) -> PolicyQuestionDialog:
    await until(lambda: questions.dialog is not None and questions.dialog.isVisible())
    assert questions.dialog is not None
    return questions.dialog


async def _armed(questions: PolicyQuestions) -> PolicyQuestionDialog:
    dialog = await _shown(questions)

    def is_armed() -> bool:
        # A dialog before it, which is closed only now, gives another window the keys.
        if not dialog.isActiveWindow():
            dialog.activateWindow()
        return dialog.is_armed

    await until(is_armed)
    return dialog


async def test_a_call_is_allowed_once_and_asked_about_again(questions: PolicyQuestions, session: Session) -> None:
    for _ in range(2):
        async with asyncio.TaskGroup() as group:
            asking = group.create_task(admit(session, "mgmt1.vm.Start", "vault"))
            dialog = await _armed(questions)
            assert dialog.allow.isEnabled()
            click(dialog.allow)
        assert asking.result() == "vault"
        await until(lambda: questions.dialog is None)


async def test_several_questions_are_shown_one_after_the_other(questions: PolicyQuestions, session: Session) -> None:
    async with asyncio.TaskGroup() as group:
        first = group.create_task(_refusal(session, "mgmt1.vm.Start", "vault"))
        await _shown(questions)
        second = group.create_task(_refusal(session, "mgmt1.vm.Kill", "work"))
        click((await _armed(questions)).deny)
        await until(lambda: questions.dialog is not None and questions.dialog.question.call == "mgmt1.vm.Kill")
        click((await _armed(questions)).deny)
    assert "does not allow" in first.result()
    assert "does not allow" in second.result()


async def test_a_question_whose_time_is_over_is_taken_away(
    questions: PolicyQuestions, session: Session, system: System
) -> None:
    system.questions.seconds = 0.3
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(_refusal(session, "mgmt1.vm.Start", "vault"))
        await until(lambda: questions.dialog is not None or asking.done())
    await until(lambda: questions.dialog is None)
    assert "did not answer" in asking.result()


def _dialog(qtbot: QtBot, choices: str = "dom0", default: str = "", seconds: int = 60) -> PolicyQuestionDialog:
    question = PolicyQuestion(1, "laptop", "mgmt1.vm.Start", "<b>vault</b>", choices, default, "a.policy:1", seconds)
    dialog = PolicyQuestionDialog(question)
    qtbot.addWidget(dialog)
    return dialog


async def test_nothing_answers_before_the_dialog_was_in_front_for_a_while(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy_question, "ARMING", 1_000_000)
    dialog = _dialog(qtbot)
    dialog.show()
    assert not dialog.is_armed
    assert not dialog.allow.isEnabled()
    assert not dialog.deny.isEnabled()

    for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space, Qt.Key.Key_Escape):
        press_key(dialog, key)
        press_key(dialog.choices, key)

    assert dialog.isVisible()
    assert dialog.result() == 0


async def test_text_that_goes_on_does_not_allow_the_call(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_question, "ARMING", 10)
    dialog = _dialog(qtbot)
    dialog.show()
    dialog.activateWindow()
    await until(dialog.allow.isEnabled)

    dialog.choices.setFocus()
    seen = []
    for _ in range(6):
        press_key(dialog.focusWidget() or dialog, Qt.Key.Key_Tab)
        seen.append(dialog.focusWidget())

    assert dialog.deny in seen
    assert dialog.allow not in seen


def test_the_list_of_choices_takes_no_key_before_the_dialog_is_armed(qtbot: QtBot) -> None:
    dialog = _dialog(qtbot, "dvm vault", "dvm")

    QApplication.sendEvent(
        dialog.choices, QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Down, Qt.KeyboardModifier.NoModifier)
    )

    assert dialog.choices.currentRow() == 0


def test_a_long_call_does_not_widen_the_dialog(qtbot: QtBot) -> None:
    usual = _dialog(qtbot)
    call = f"mgmt1.vm.Start+{'a' * 255}"
    dialog = PolicyQuestionDialog(PolicyQuestion(1, "laptop", call, "vault", "dom0", "", "a.policy:1", 60))
    qtbot.addWidget(dialog)

    assert dialog.minimumSizeHint().width() <= usual.minimumSizeHint().width() * 1.5


async def test_leaving_the_front_disarms_the_dialog(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_question, "ARMING", 10)
    dialog, other = _dialog(qtbot), _dialog(qtbot)
    dialog.show()
    dialog.activateWindow()
    await until(dialog.allow.isEnabled)

    other.show()
    other.activateWindow()

    await until(lambda: not dialog.allow.isEnabled() and not dialog.deny.isEnabled())


async def test_one_of_several_choices_has_to_be_chosen(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_question, "ARMING", 10)
    dialog = _dialog(qtbot, "dvm vault")
    dialog.show()
    dialog.activateWindow()
    await until(dialog.deny.isEnabled)
    assert not dialog.allow.isEnabled()

    dialog.choices.setCurrentRow(1)
    click(dialog.allow)

    assert dialog.choice == "vault"
    assert not dialog.isVisible()


def test_the_choice_that_the_rule_offers_first_is_selected(qtbot: QtBot) -> None:
    dialog = _dialog(qtbot, "dvm vault", "vault")

    item = dialog.choices.currentItem()
    assert item is not None
    assert item.text() == "vault"


async def test_the_dialog_denies_by_itself(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_question, "SECOND", 5)
    dialog = _dialog(qtbot, seconds=2)
    dialog.show()

    await until(lambda: not dialog.isVisible())

    assert dialog.choice == ""
