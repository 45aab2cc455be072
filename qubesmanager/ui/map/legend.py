# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lines of the picture mean."""

from PyQt5.QtCore import QSize, Qt
from PyQt5.QtGui import QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import QWidget

from qubesmanager.models.network_layout import Link
from qubesmanager.ui.map.painting import Colors
from qubesmanager.ui.widgets.flow_layout import Flow
from qubesmanager.ui.widgets.labels import plain_label, subdue


class Legend(QWidget):
    """A sample of each line with its words, in as many rows as it needs."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        unit = self.fontMetrics().height() // 4
        layout = Flow(self)
        layout.setContentsMargins(4 * unit, int(1.5 * unit), 4 * unit, int(1.5 * unit))
        for link, text in (
            (Link.LIVE, self.tr("both run")),
            (Link.IDLE, self.tr("one is halted")),
            (Link.AROUND, self.tr("around a firewall")),
            (None, self.tr("not sent yet")),
        ):
            layout.addWidget(_Sample(link, text, self))
        words = plain_label(self.tr("The cube is the label of the qube."), self)
        words.setWordWrap(False)
        subdue(words)
        layout.addWidget(words)


class _Sample(QWidget):
    """One line. `link` is None for an edge that is only proposed."""

    def __init__(self, link: Link | None, text: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._link = link
        self._unit = self.fontMetrics().height() / 4
        words = plain_label(text, self)
        words.setWordWrap(False)
        subdue(words)
        self._room = words.sizeHint()
        words.setGeometry(
            round(9 * self._unit) if self.layoutDirection() == Qt.LayoutDirection.LeftToRight else 0,
            0,
            self._room.width(),
            self._room.height(),
        )

    # Qt overrides

    def sizeHint(self) -> QSize:
        return QSize(self._room.width() + round(13 * self._unit), self._room.height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        colors = Colors(self.palette())
        pen = QPen(colors.accent, 2.4, Qt.PenStyle.DashLine) if self._link is None else colors.edges[self._link]
        is_mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        left = self._room.width() + round(2 * self._unit) if is_mirrored else 0
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(pen)
        middle = self.height() // 2
        painter.drawLine(left, middle, left + round(6.5 * self._unit), middle)
        painter.end()
