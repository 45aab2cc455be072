# SPDX-License-Identifier: GPL-3.0-or-later
"""A button that looks like a link: a flat text in the colour of links."""

from PyQt5.QtCore import Qt
from PyQt5.QtGui import QPalette
from PyQt5.QtWidgets import QPushButton, QWidget

from qubesmanager.ui.widgets.labels import info_color
from qubesmanager.ui.widgets.palette_colors import put_colors


class LinkButton(QPushButton):
    """It can be reached by keys as any button."""

    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(text, parent)
        self.setFlat(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        put_colors(self, {QPalette.ColorRole.ButtonText: info_color})
