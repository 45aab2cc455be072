# SPDX-License-Identifier: GPL-3.0-or-later
"""A window that is open while the desktop becomes dark looks as one that is opened afterwards."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from PyQt5 import sip
from PyQt5.QtGui import QColor, QGuiApplication, QImage, QPalette
from PyQt5.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot
from until import until
from windows import Clicker, add_main_window, is_quiet

from qubesmanager.ui.icons import icon, state_icon, tinted_icon
from qubesmanager.ui.manager.main_window import MainWindow
from qubesmanager.ui.manager.pages import PAGES
from qubesmanager.ui.resources.graphs import HourGraph, ShareBar
from qubesmanager.ui.session.windows import WINDOWS
from qubesmanager.ui.widgets import palette_colors, turns
from qubesmanager.ui.widgets.badge import Badge
from qubesmanager.ui.widgets.error_bar import Notice
from qubesmanager.ui.widgets.labels import (
    cpu_color,
    memory_color,
    plain_label,
    problem_label,
    redden,
    subdue,
    subdued,
    warning_color,
)
from qubesmanager.ui.widgets.link_button import LinkButton
from qubesmanager.ui.widgets.palette_colors import IconLabel
from qubesmanager.ui.widgets.sections import hairline
from qubesmanager.ui.widgets.selection import TintedSelections
from qubesmanager.ui.widgets.sparkline import Graph
from qubesmanager.wire.values import PowerState

ABOUT_A_QUBE = ("settings", "devices", "attach", "logs", "history", "rights")
SOURCES = Path(__file__).parents[2] / "qubesmanager" / "ui"

ROLES = QPalette.ColorRole


def dark() -> QPalette:
    palette = QPalette(QColor("#31363b"), QColor("#2a2e32"))
    for group in (QPalette.ColorGroup.Active, QPalette.ColorGroup.Inactive, QPalette.ColorGroup.Disabled):
        palette.setColor(group, ROLES.Highlight, QColor("#3daee9"))
        text = QColor("#fcfcfc" if group != QPalette.ColorGroup.Disabled else "#6e7175")
        for role in (ROLES.WindowText, ROLES.Text, ROLES.ButtonText, ROLES.ToolTipText):
            palette.setColor(group, role, text)
        palette.setColor(group, ROLES.Base, QColor("#1b1e20"))
        palette.setColor(group, ROLES.AlternateBase, QColor("#232629"))
        palette.setColor(group, ROLES.ToolTipBase, QColor("#31363b"))
    return palette


@pytest.fixture(autouse=True)
def usual(qapp: QApplication, selections: TintedSelections) -> Iterator[QPalette]:
    flash = qapp.cursorFlashTime()
    qapp.setCursorFlashTime(0)
    yield QGuiApplication.palette()
    qapp.setCursorFlashTime(flash)


def picture(window: QWidget) -> QImage:
    """The window as it is now, without the frame of the widget that has the keyboard, and without a cursor."""
    focused = window.focusWidget()
    if focused is not None:
        focused.clearFocus()
    for line in window.findChildren(QLineEdit):
        line.setReadOnly(True)
    return window.grab().toImage()


def difference(first: QImage, second: QImage) -> str:
    """Empty if they are the same; else the rows of pixels in which they differ."""
    if first == second:
        return ""
    size = first.size()
    if size != second.size():
        return f"{size} and {second.size()}"
    rows = [y for y in range(size.height()) if first.copy(0, y, size.width(), 1) != second.copy(0, y, size.width(), 1)]
    return f"from row {rows[0]} to row {rows[-1]}"


async def compare(open_window: Callable[[], QWidget], light: QPalette) -> None:
    """Open a window, change the palette, open another: once they have read all, they look the same. And back."""
    open_window().close()  # what the session reads only once is read from now on
    for before, after in ((light, dark()), (dark(), light)):
        QApplication.setPalette(before)
        first, probe = open_window(), open_window()
        await until(partial(are_alike, first, probe))
        probe.close()
        QApplication.setPalette(after)
        second = open_window()
        with suppress(TimeoutError):
            await until(partial(are_alike, first, second), 60)
        assert difference(picture(first), picture(second)) == ""
        for window in (first, second):
            window.close()


def are_alike(first: QWidget, second: QWidget) -> bool:
    return is_quiet() and not difference(picture(first), picture(second))


CHANGING = frozenset({"all-devices", "attach", "storage", "system"})
"""Two of these that are open at once are not always alike: they show how full the disk of this machine is, select
a row if the list is there soon enough, or lay out texts that come late."""


@pytest.mark.parametrize("kind", [name for name in WINDOWS if name not in CHANGING])
async def test_a_window_that_is_open_follows_the_desktop(
    clicker: Clicker, usual: QPalette, qtbot: QtBot, kind: str
) -> None:
    def open_window() -> QWidget:
        window = WINDOWS[kind].load()(clicker.session, ("work",) if kind in ABOUT_A_QUBE else ())
        qtbot.addWidget(window)
        window.resize(780, 540)
        window.show()
        return window

    await compare(open_window, usual)


@pytest.mark.parametrize("page", [name for name in PAGES if name != "resources"])
async def test_a_page_that_is_open_follows_the_desktop(
    clicker: Clicker, usual: QPalette, qtbot: QtBot, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without statistics, which move. `test_graphs_icons_and_labels_follow_the_desktop` has the graphs."""
    clicker.window.close()
    monkeypatch.setattr(MainWindow, "_stats", lambda _window, _events: None)

    def open_page() -> QWidget:
        window = MainWindow(clicker.session)
        add_main_window(qtbot, window)
        window.resize(1440, 780)
        window.show()
        window.show_page(page)
        clicker.session.tell_again()
        return window

    await compare(open_page, usual)


def widgets(parent: QWidget) -> list[QWidget]:
    """One of each kind that derives colours from the palette, side by side."""
    subdued, marked, link = plain_label("Subdued", parent), problem_label(parent), LinkButton("Link", parent)
    marked.setText("Problem")
    subdue(subdued)
    button = QPushButton("Remove", parent)
    redden(button)
    pictures = [IconLabel(parent) for _ in range(3)]
    for label, shown in zip(
        pictures, (icon("start"), tinted_icon("warning", warning_color), state_icon(PowerState.RUNNING)), strict=True
    ):
        label.show_icon(shown, 16)
    graph = Graph(cpu_color, parent)
    graph.show_values((10, 50, 20), 100, "CPU")
    share, hour = ShareBar(parent), HourGraph(memory_color, parent)
    share.put((0.5, 0.2), "Memory")
    hour.put(((100.0, 5.0), (50.0, 8.0)), 10.0, "10", "Memory")
    badge = Badge("restart needed", warning_color, parent)
    notice = Notice("A notice", parent=parent)
    return [subdued, marked, link, button, *pictures, graph, share, hour, badge, notice, hairline(parent)]


def test_graphs_icons_and_labels_follow_the_desktop(qtbot: QtBot, usual: QPalette) -> None:
    def shown() -> QWidget:
        window = QWidget()
        qtbot.addWidget(window)
        column = QVBoxLayout(window)
        for widget in widgets(window):
            column.addWidget(widget)
        window.show()
        return window

    def parts(window: QWidget) -> list[QImage]:
        return [child.grab().toImage() for child in window.children() if isinstance(child, QWidget)]

    window = shown()
    light = parts(window)
    QApplication.setPalette(dark())
    QApplication.processEvents()
    switched, opened = parts(window), parts(shown())

    assert switched == opened
    assert all(before != after for before, after in zip(light, switched, strict=True))
    QApplication.setPalette(usual)
    QApplication.processEvents()
    assert parts(window) == light


@pytest.fixture
def one_in_each_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "SLICE", 0)
    monkeypatch.setattr(palette_colors, "AT_ONCE", 0)


def grey_labels(qtbot: QtBot, number: int = 20) -> list[QLabel]:
    """Grey labels in a window."""
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    labels = [plain_label(f"label {at}", window) for at in range(number)]
    for label in labels:
        subdue(label)
        column.addWidget(label)
    window.show()
    return labels


def follow(labels: list[QLabel]) -> list[QLabel]:
    """Those whose colour is that of the present palette."""
    expected = subdued(QGuiApplication.palette())
    return [label for label in labels if label.palette().color(ROLES.WindowText) == expected]


def take_turns(number: int) -> None:
    """Give widgets their new colours in so many turns."""
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    work = palette_colors._Followers.of(application)._turns
    work._timer.stop()
    for _ in range(number):
        work._run()


@pytest.mark.usefixtures("one_in_each_turn")
def test_many_widgets_follow_in_turns_those_first_that_are_seen(qtbot: QtBot, usual: QPalette) -> None:
    hidden, seen = grey_labels(qtbot), grey_labels(qtbot)
    for label in hidden:
        label.hide()

    QApplication.setPalette(dark())
    assert not follow([*seen, *hidden])
    take_turns(20)

    assert follow(seen)
    assert not follow(hidden)
    qtbot.waitUntil(lambda: len(follow([*seen, *hidden])) == 40)


@pytest.mark.usefixtures("one_in_each_turn")
def test_a_palette_that_comes_before_all_have_followed_counts_for_all(qtbot: QtBot, usual: QPalette) -> None:
    labels = grey_labels(qtbot)
    QApplication.setPalette(dark())
    take_turns(5)

    QApplication.setPalette(usual)

    qtbot.waitUntil(lambda: follow(labels) == labels)


@pytest.mark.usefixtures("one_in_each_turn")
def test_a_widget_that_is_deleted_between_the_turns_is_passed_over(qtbot: QtBot, usual: QPalette) -> None:
    labels = grey_labels(qtbot)
    QApplication.setPalette(dark())
    take_turns(1)

    for label in labels[::2]:
        sip.delete(label)

    qtbot.waitUntil(lambda: follow(labels[1::2]) == labels[1::2])


def test_colours_and_pictures_are_given_to_widgets_in_one_file() -> None:
    """Elsewhere they would be those of the palette that was there when the window was opened."""
    setters = re.compile(r"\.(?:setPalette|setPixmap|setStyleSheet)\(")

    files = {path.name for path in SOURCES.rglob("*.py") if setters.search(path.read_text(encoding="utf-8"))}

    assert files == {"palette_colors.py", "selection.py"}
