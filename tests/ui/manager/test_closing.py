# SPDX-License-Identifier: GPL-3.0-or-later
"""Closing the main window asks once about all that would be lost."""

import asyncio

from PyQt5.QtWidgets import QApplication, QLabel
from windows import Clicker

from qubesmanager.backup.errors import BackupError
from qubesmanager.plans.plan import PROPERTY
from qubesmanager.ui.session.tasks import AtClose
from qubesmanager.ui.settings import open_settings
from qubesmanager.ui.settings.multi_window import MultiWindow
from qubesmanager.ui.settings.settings_window import SettingsWindow
from qubesmanager.ui.widgets.prompts import Question


def asked(question: Question) -> str:
    return "\n".join(label.text() for label in question.findChildren(QLabel))


async def test_unsaved_settings_and_what_is_running_are_asked_about_once(clicker: Clicker) -> None:
    window, session = clicker.window, clicker.session
    closed: list[bool] = []
    window.closed.connect(lambda: closed.append(True))
    single = open_settings(session, ("vault",))
    several = open_settings(session, ("work", "personal"))
    assert isinstance(single, SettingsWindow)
    assert isinstance(several, MultiWindow)
    for settings in (single, several):
        settings.show()
        settings.draft.edit((PROPERTY, "label"), "green")
    session.tasks.start("Restore it", asyncio.sleep(3600), at_close=AtClose.CANCELLED)
    session.tasks.start("Back up: nightly", asyncio.sleep(3600), at_close=AtClose.CONTINUES)
    session.tasks.start("Start work", asyncio.sleep(3600))

    window.close()
    question = await clicker.dialog(Question)
    text = asked(question)
    assert f"{single.windowTitle()}: the changes are not applied." in text
    assert f"{several.windowTitle()}: the changes are not applied." in text
    assert "Restore it: it is cancelled." in text
    assert "Back up: nightly: it continues without the window" in text
    assert "Start work" not in text
    question.reject()
    await clicker.until(lambda: window._asking is not None and window._asking.done())
    assert single.isVisible()
    assert closed == []

    window.close()
    clicker.press((await clicker.dialog(Question)).yes)
    await clicker.until(lambda: closed == [True])
    assert not single.isVisible()
    assert not several.isVisible()
    assert not any(isinstance(each, Question) and each.isVisible() for each in QApplication.topLevelWidgets())


async def test_what_follows_a_backup_survives_the_window(clicker: Clicker) -> None:
    """As the computer that is shut down after it. The window ends the program once that has happened."""
    window, session = clicker.window, clicker.session
    closed: list[bool] = []
    window.closed.connect(lambda: closed.append(True))
    complete, happened = asyncio.Event(), asyncio.Event()

    async def back_up() -> None:
        await complete.wait()
        happened.set()

    session.tasks.start("Back up: nightly", back_up(), at_close=AtClose.AWAITED)

    window.close()
    question = await clicker.dialog(Question)
    assert "Back up: nightly: this program stays in the background for it." in asked(question)
    clicker.press(question.yes)
    await clicker.until(lambda: not window.isVisible())
    assert closed == []
    assert not happened.is_set()
    complete.set()

    await clicker.until(lambda: closed == [True])
    assert happened.is_set()


async def test_a_window_that_is_shown_again_meanwhile_stays(clicker: Clicker) -> None:
    window, session = clicker.window, clicker.session
    closed: list[bool] = []
    window.closed.connect(lambda: closed.append(True))
    complete = asyncio.Event()

    async def back_up() -> None:
        await complete.wait()

    task = session.tasks.start("Back up: nightly", back_up(), at_close=AtClose.AWAITED)
    window.close()
    clicker.press((await clicker.dialog(Question)).yes)
    await clicker.until(lambda: not window.isVisible())

    window.show()
    complete.set()
    await clicker.until(lambda: task.done() and not session.tasks.running)

    assert closed == []
    assert window.isVisible()


async def test_what_the_question_names_as_cancelled_is_cancelled_when_the_program_stays(clicker: Clicker) -> None:
    window, session = clicker.window, clicker.session
    complete, never = asyncio.Event(), asyncio.Event()

    async def wait(event: asyncio.Event) -> None:
        await event.wait()

    session.tasks.start("Back up: nightly", wait(complete), at_close=AtClose.AWAITED)
    clone = session.tasks.start("Clone", wait(never), at_close=AtClose.CANCELLED)
    window.close()
    question = await clicker.dialog(Question)
    assert "Clone: it is cancelled." in asked(question)
    clicker.press(question.yes)

    await clicker.until(clone.cancelled)
    assert [entry.title for entry in session.tasks.running] == ["Back up: nightly"]
    complete.set()


async def test_the_window_is_needed_again_when_what_the_program_stayed_for_failed(clicker: Clicker) -> None:
    window, session = clicker.window, clicker.session
    signals: list[str] = []
    window.closed.connect(lambda: signals.append("closed"))
    window.needed.connect(lambda: signals.append("needed"))
    complete = asyncio.Event()

    async def back_up() -> None:
        await complete.wait()
        raise BackupError("The disk is full.")

    session.tasks.start("Back up: nightly", back_up(), at_close=AtClose.AWAITED)
    window.close()
    clicker.press((await clicker.dialog(Question)).yes)
    await clicker.until(lambda: not window.isVisible())
    complete.set()

    await clicker.until(lambda: signals == ["needed"] and not session.tasks.running)
    assert any("The disk is full." in label.text() for label in window.errors.findChildren(QLabel))


async def test_nothing_to_lose_asks_nothing(clicker: Clicker) -> None:
    closed: list[bool] = []
    clicker.window.closed.connect(lambda: closed.append(True))
    settings = open_settings(clicker.session, ("vault",))
    settings.show()

    clicker.window.close()

    assert closed == [True]
    settings.close()
