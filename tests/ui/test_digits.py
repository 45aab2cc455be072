# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers on screen: all of them as the locale writes them, the counts of sentences too."""

import re
from collections.abc import Iterator

import pytest
from PyQt5.QtCore import QCoreApplication, QLocale, Qt
from PyQt5.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot
from windows import Clicker, leave_out, opened_manager

from qubesmanager.models.texts import clock_text, number_text
from qubesmanager.ui.actions.plan_dialog import PlanDialog
from qubesmanager.ui.manager.tasks_panel import took_text
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.shell.app import EnglishTexts

LATIN = re.compile("[0-9]")
NAMES = re.compile(r"[a-z]+-[0-9]+|dom0")
"""Names of qubes have the digits that they have."""


@pytest.fixture
def arabic(qapp: QApplication) -> Iterator[None]:
    """The digits of Egypt, and English texts."""
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.Arabic, QLocale.Country.Egypt))
    translator = EnglishTexts()
    qapp.installTranslator(translator)
    yield
    qapp.removeTranslator(translator)
    QLocale.setDefault(before)


@pytest.fixture
async def clicker(arabic: None, session: Session, qtbot: QtBot) -> Clicker:
    return await opened_manager(session, qtbot)


def latin(texts: list[str]) -> list[str]:
    return [text for text in texts if LATIN.search(NAMES.sub("", text))]


def labels(widget: QWidget) -> list[str]:
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisible()]


@pytest.mark.usefixtures("arabic")
def test_a_count_in_a_sentence_has_the_digits_of_other_numbers() -> None:
    sentence = QCoreApplication.translate("Any", "%n qube(s) selected", "", 25)

    assert sentence == f"{number_text(25)} qubes selected"
    assert not LATIN.search(sentence)
    assert took_text(125) == f"{number_text(2)}:{number_text(0)}{number_text(5)} min"


def test_minutes_and_seconds_have_two_digits() -> None:
    assert clock_text(65) == "1:05"
    assert clock_text(600) == "10:00"


async def test_the_window_and_a_plan_have_digits_of_one_kind(clicker: Clicker) -> None:
    window = clicker.window
    status = window.statusBar()
    assert status is not None
    clicker.select("work", "personal")

    assert latin(labels(status)) == []
    sidebar = window.sidebar
    texts = [str(item.data(0, Qt.ItemDataRole.AccessibleTextRole)) for item in sidebar._items()]
    assert texts
    assert latin([text.rpartition(", ")[2] for text in texts]) == []

    clicker.click("shutdown")
    dialog = await clicker.dialog(PlanDialog)
    leave_out(dialog, "work")
    assert latin([*labels(dialog), dialog.yes.text(), dialog.windowTitle()]) == []
    dialog.reject()
