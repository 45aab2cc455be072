# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes of windows: in units of the font, and none is larger than the screen."""

from PyQt5.QtCore import QSize
from PyQt5.QtGui import QGuiApplication
from PyQt5.QtWidgets import QWidget

from qubesmanager.ui.widgets.fonts import in_units

FRAME = QSize(16, 48)
"""Room for what the window manager draws around a window."""


def fitting(size: QSize) -> QSize:
    """The size, or what of it fits on the screen with the frame of a window."""
    screen = QGuiApplication.primaryScreen()
    return size if screen is None else size.boundedTo(screen.availableSize() - FRAME)


def resize_in_units(window: QWidget, width: int, height: int = 0) -> None:
    """Make a window so large in quarters of the height of its text, or as large as the screen; height 0: as needed."""
    high = in_units(window, height) if height else window.sizeHint().height()
    window.resize(fitting(QSize(in_units(window, width), high)))


def keep_on_screen(window: QWidget) -> None:
    """Shrink a window that is larger than the screen, as far as its contents let it."""
    if window.isWindow():
        window.resize(fitting(window.size()))
