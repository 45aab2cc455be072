# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages of a window by keys: Ctrl+PageDown and Ctrl+PageUp, whatever has the focus and whatever pages lie in a page."""

from typing import Any

from PyQt5.QtCore import Qt
from PyQt5.QtGui import QKeySequence
from PyQt5.QtWidgets import QShortcut, QTabWidget, QWidget

from qubesmanager.ui.widgets.side_pages import SidePages


def page_keys(tabs: QTabWidget | SidePages[Any], window: QWidget) -> None:
    """Let the keys turn the pages of this window."""

    def turn(by: int) -> None:
        tabs.setCurrentIndex((tabs.currentIndex() + by) % tabs.count())

    for key, by in ((Qt.Key.Key_PageDown, 1), (Qt.Key.Key_PageUp, -1)):
        shortcut = QShortcut(QKeySequence(Qt.KeyboardModifier.ControlModifier | key), window)
        shortcut.activated.connect(lambda by=by: turn(by))
