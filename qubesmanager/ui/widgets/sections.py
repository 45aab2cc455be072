# SPDX-License-Identifier: GPL-3.0-or-later
"""The sections of a page: a line with a head, less prominent words behind it, and what belongs to it at the end."""

from PyQt5.QtGui import QColor, QPalette
from PyQt5.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from qubesmanager.ui.widgets.labels import embolden, mixed, plain_label, subdue
from qubesmanager.ui.widgets.palette_colors import put_colors

LINE_SHARE = 0.15
"""How much of the text's colour is in a dividing line."""


class Section(QWidget):
    """The line above a table. `note` is behind the head; the widgets given are at the end."""

    def __init__(self, title: str, beside: tuple[QWidget, ...], after: tuple[QWidget, ...], parent: QWidget) -> None:
        super().__init__(parent)
        unit = self.fontMetrics().height() // 4
        row = QHBoxLayout(self)
        row.setContentsMargins(3 * unit, unit, 3 * unit, unit)
        row.setSpacing(2 * unit)
        self.title = plain_label(title, self)
        self.title.setWordWrap(False)
        embolden(self.title)
        self.note: QLabel = plain_label("", self)
        self.note.setWordWrap(False)
        subdue(self.note)
        row.addWidget(self.title)
        for widget in beside:
            row.addWidget(widget)
        row.addWidget(self.note)
        row.addStretch(1)
        for widget in after:
            row.addWidget(widget)
        self.setMinimumHeight(9 * unit)


def hairline(parent: QWidget) -> QFrame:
    """A dividing line."""
    line = QFrame(parent)
    line.setFrameShape(QFrame.Shape.HLine)
    line.setFrameShadow(QFrame.Shadow.Plain)
    put_colors(line, {QPalette.ColorRole.WindowText: line_color})
    return line


def line_color(palette: QPalette) -> QColor:
    """The colour of a dividing line."""
    return mixed(palette, QPalette.ColorRole.WindowText, QPalette.ColorRole.Window, LINE_SHARE)
