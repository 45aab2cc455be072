# SPDX-License-Identifier: GPL-3.0-or-later
"""Badges: a word in a rounded frame, in the colour of what it means."""

from collections.abc import Callable

from PyQt5.QtCore import QRect, QRectF, QSize, Qt
from PyQt5.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent, QPalette
from PyQt5.QtWidgets import QLabel, QSizePolicy, QStyle, QWidget

from qubesmanager.ui.widgets.fonts import scaled

SHARE = 0.85
"""The size of the text of a badge, beside that of text."""


def badge_font(font: QFont) -> QFont:
    """The font of a badge beside text of this font."""
    return scaled(font, SHARE)


def badge_width(text: str, font: QFont) -> int:
    """Pixels that a badge takes beside text of this font."""
    metrics = QFontMetrics(badge_font(font))
    return max(metrics.height() + 3, metrics.horizontalAdvance(text) + metrics.height())


def draw_badge(painter: QPainter, area: QRect, text: str, color: QColor, direction: Qt.LayoutDirection) -> None:
    """Draw it at the end of the area, in the middle of its height."""
    painter.save()
    width, font = badge_width(text, painter.font()), badge_font(painter.font())
    painter.setFont(font)
    height = QFontMetrics(font).height() + 3
    right = QRect(area.right() - width + 1, area.center().y() - height // 2 + 1, width, height)
    place = QStyle.visualRect(direction, area, right)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    ground, line = QColor(color), QColor(color)
    ground.setAlphaF(0.12)
    line.setAlphaF(0.55)
    painter.setPen(line)
    painter.setBrush(ground)
    painter.drawRoundedRect(QRectF(place).adjusted(0.5, 0.5, -0.5, -0.5), height / 2, height / 2)
    painter.setPen(color)
    painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()


class Badge(QLabel):
    """A badge as a widget. `color` gives its colour in a palette."""

    def __init__(self, text: str, color: Callable[[QPalette], QColor], parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._color = color
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    # Qt overrides

    def sizeHint(self) -> QSize:
        return QSize(badge_width(self.text(), self.font()), self.fontMetrics().height() + 4)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        draw_badge(painter, self.rect(), self.text(), self._color(self.palette()), self.layoutDirection())
        painter.end()
