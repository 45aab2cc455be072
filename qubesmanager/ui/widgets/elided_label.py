# SPDX-License-Identifier: GPL-3.0-or-later
"""A label of one line that says with an ellipsis where there is no room for all of it."""

from PyQt5.QtCore import QSize, Qt
from PyQt5.QtGui import QPainter, QPaintEvent
from PyQt5.QtWidgets import QLabel, QWidget

from qubesmanager.models.texts import plain_tip


class OneLine(QLabel):
    """Shows plain text, shortened in its middle; the whole of it is in the tooltip, and read to who cannot see it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)

    def shown(self) -> str:
        """The part of the text that fits."""
        return self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, self.width())

    # Qt overrides

    def setText(self, text: str | None) -> None:
        super().setText(text)
        self.setToolTip(plain_tip(text) if text else "")

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().averageCharWidth() * 4, super().minimumSizeHint().height())

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter), self.shown())
