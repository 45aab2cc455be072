# SPDX-License-Identifier: GPL-3.0-or-later
"""No letter is the mnemonic of two things in a menu or on what a window shows at once, in any language."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt5.QtCore import QCoreApplication, QTranslator
from PyQt5.QtWidgets import QAbstractButton, QApplication, QLabel, QMenu, QTabBar, QWidget
from pytestqt.qtbot import QtBot
from windows import Clicker, opened_manager

from qubesmanager.ui.session.session import Session
from qubesmanager.ui.session.windows import WINDOWS, OpenWindows
from qubesmanager.ui.widgets.mnemonics import distinct
from scripts import translations

TEXTS = sorted((translations.ROOT / "i18n").glob("*.ts"))
LANGUAGES = ["en", *(path.stem.partition("_")[2] for path in TEXTS)]


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest, qapp: QApplication, tmp_path: Path) -> Iterator[str]:
    """The application speaks it."""
    name = str(request.param)
    translator = QTranslator()
    if name != "en":
        translations.release([path for path in TEXTS if path.stem.endswith(f"_{name}")], tmp_path)
        assert translator.load(f"qubesmanager_{name}", str(tmp_path))
        QCoreApplication.installTranslator(translator)
    yield name
    QCoreApplication.removeTranslator(translator)


@pytest.fixture
async def user(language: str, session: Session, qtbot: QtBot) -> Clicker:
    user = await opened_manager(session, qtbot)
    user.select("work")
    return user


def letter(text: str) -> str:
    """The mnemonic of a text; empty for none."""
    plain = text.replace("&&", "").partition("\t")[0]
    return plain[plain.index("&") + 1].casefold() if "&" in plain[:-1] else ""


def shared(texts: list[str]) -> dict[str, list[str]]:
    by_letter: dict[str, list[str]] = {}
    for text in texts:
        if key := letter(text):
            by_letter.setdefault(key, []).append(text)
    return {key: several for key, several in by_letter.items() if len(several) > 1}


def in_menus(menu: QMenu) -> dict[str, dict[str, list[str]]]:
    """What is shared in the menu and those below it, by their titles."""
    menu.aboutToShow.emit()
    actions = [action for action in menu.actions() if action.isVisible() and not action.isSeparator()]
    twice = {menu.title(): shared([action.text() for action in actions])}
    for action in actions:
        if (below := action.menu()) is not None:
            twice |= in_menus(below)
    return {title: letters for title, letters in twice.items() if letters}


def on_window(window: QWidget, *more: str) -> dict[str, list[str]]:
    """What is shared on what is visible; `more`: the titles of its menus."""
    texts = [button.text() for button in window.findChildren(QAbstractButton) if button.isVisibleTo(window)]
    labels = window.findChildren(QLabel)
    texts += [label.text() for label in labels if label.buddy() is not None and label.isVisibleTo(window)]
    for tabs in window.findChildren(QTabBar):
        if tabs.isVisibleTo(window):
            texts += [tabs.tabText(at) for at in range(tabs.count())]
    return shared([*texts, *more])


async def test_menus_and_the_main_window_share_no_letter(user: Clicker) -> None:
    window = user.window
    bar = window.menuBar()
    assert bar is not None
    window.own["tasks"].setChecked(True)

    titles = [action.text() for action in bar.actions()]
    assert on_window(window, *titles) == {}
    menus = [menu for action in bar.actions() if (menu := action.menu()) is not None]
    assert [twice for menu in menus if (twice := in_menus(menu))] == []


async def test_the_page_of_backups_shares_no_letter(user: Clicker) -> None:
    window = user.window
    window.sidebar.choose("page:backups")
    bar = window.menuBar()
    assert bar is not None

    assert on_window(window, *(action.text() for action in bar.actions())) == {}


@pytest.mark.parametrize("kind", [name for name in WINDOWS if name != "attach"])
async def test_windows_share_no_letter(user: Clicker, kind: str) -> None:
    windows = OpenWindows(user.session)
    names = () if WINDOWS[kind].text else ("work",)

    window = windows.open(kind, names, user.window)

    assert on_window(window) == {}
    windows.close_all()


def test_a_letter_that_is_taken_gives_way_to_a_free_one() -> None:
    assert distinct(["&History", "&Help", "&Hi"]) == ["&History", "H&elp", "H&i"]
    assert distinct(["&A && b", "&A & a", "&Ab"]) == ["&A && b", "A  a", "A&b"]
    assert distinct(["plain", "&B", "&B"]) == ["plain", "&B", "B"]
