# SPDX-License-Identifier: GPL-3.0-or-later
"""The wizards fit on small screens in large fonts; a page that needs more room scrolls, and its fields are reached."""

from collections.abc import Iterator
from functools import partial

import pytest
from PyQt5.QtCore import QRect, Qt
from PyQt5.QtWidgets import QApplication, QWidget
from windows import Clicker, press_key

from qubesmanager.ui.backup.backup_wizard import BackupWizard
from qubesmanager.ui.restore.restore_wizard import RestoreWizard
from qubesmanager.ui.session.windows import OpenWindows
from qubesmanager.ui.widgets.wizard import StepsWindow

LARGE = 1.4
"""The font of a user with weak eyes, as a share of the usual one."""
SMALL_SCREENS = [(1366, 768), (800, 600), (683, 384)]
"""A laptop, the smallest that is supported, and the laptop at 200 %."""
FRAME = 48


@pytest.fixture
def _large_font(qapp: QApplication) -> Iterator[None]:
    usual, font = qapp.font(), qapp.font()
    font.setPointSizeF(usual.pointSizeF() * LARGE)
    qapp.setFont(font)
    yield
    qapp.setFont(usual)


def visible_in(window: StepsWindow, field: QWidget) -> bool:
    """Whether the page is scrolled so that some of the field can be seen."""
    viewport = window.area.viewport()
    assert viewport is not None
    at = field.mapTo(window.area, field.rect().topLeft())
    return viewport.rect().intersects(QRect(at, field.size()))


def _fits(window: StepsWindow) -> bool:
    """Whether the page that is shown needs no scroll bar."""
    bars = (window.area.horizontalScrollBar(), window.area.verticalScrollBar())
    return all(bar is not None and bar.maximum() == 0 for bar in bars)


@pytest.mark.usefixtures("_large_font")
@pytest.mark.parametrize("kind", ["backup", "restore"])
@pytest.mark.parametrize(("width", "height"), SMALL_SCREENS)
async def test_each_page_of_a_wizard_fits_on_a_small_screen(
    clicker: Clicker, kind: str, width: int, height: int
) -> None:
    windows = OpenWindows(clicker.session)
    window = windows.open(kind)
    assert isinstance(window, StepsWindow)
    await clicker.until(window.isVisible)

    needs = []
    for number, page in enumerate(window.pages):
        window.show_step(number)
        window.resize(width, height - FRAME)
        needs.append((type(page).__name__, window.minimumSizeHint(), window.size()))
    windows.close_all()

    assert [
        (page, least)
        for page, least, size in needs
        if least.width() > width or least.height() > height - FRAME or size.width() > width or size.height() > height
    ] == []


@pytest.mark.usefixtures("_large_font")
async def test_the_tab_key_scrolls_to_each_field(clicker: Clicker) -> None:
    windows = OpenWindows(clicker.session)
    window = windows.open("backup")
    assert isinstance(window, BackupWizard)
    await clicker.until(window.isVisible)
    window.show_step(1)
    window.resize(683, 336)
    window.target.when.setFocus(Qt.FocusReason.TabFocusReason)
    window.target.where.setFocus(Qt.FocusReason.TabFocusReason)

    for _ in range(30):
        field = window.focusWidget()
        assert field is not None
        if window.target.isAncestorOf(field):
            assert visible_in(window, field), field
        press_key(field, Qt.Key.Key_Tab)
    windows.close_all()


async def test_a_page_with_room_does_not_scroll(clicker: Clicker) -> None:
    windows = OpenWindows(clicker.session)
    for kind in ("backup", "restore"):
        window = windows.open(kind)
        assert isinstance(window, BackupWizard | RestoreWizard)
        await clicker.until(window.isVisible)
        for number in range(len(window.pages)):
            window.show_step(number)
            await clicker.until(partial(_fits, window))
    windows.close_all()
