# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes of windows: none is larger than the screen."""

from PyQt5.QtCore import QSize
from PyQt5.QtGui import QGuiApplication

FRAME = QSize(16, 48)
"""Room for what the window manager draws around a window."""


def fitting(size: QSize) -> QSize:
    """The size, or what of it fits on the screen with the frame of a window."""
    screen = QGuiApplication.primaryScreen()
    return size if screen is None else size.boundedTo(screen.availableSize() - FRAME)
