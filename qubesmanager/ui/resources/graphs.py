# SPDX-License-Identifier: GPL-3.0-or-later
"""The graphs of the page: shares of the memory as one bar, and a value over the last hour."""

from collections.abc import Callable, Sequence

from PyQt5.QtCore import QPointF, QRectF, QSize, Qt
from PyQt5.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPalette, QPen
from PyQt5.QtWidgets import QSizePolicy, QWidget

from qubesmanager.models.resources import STEP
from qubesmanager.ui.widgets.fonts import scaled
from qubesmanager.ui.widgets.labels import blended, memory_color, subdued
from qubesmanager.ui.widgets.sparkline import draw_filled_line

STRENGTHS = (1.0, 0.82, 0.66, 0.52, 0.40, 0.28)
"""How much of the colour each part of the bar has; further parts have the last."""
HOUR = 3600
GAP = 2.5 * STEP
"""Seconds between two points from which nothing is drawn between them."""


def share_color(palette: QPalette, at: int) -> QColor:
    """The colour of a part of the bar of memory, the largest first."""
    base = palette.color(QPalette.ColorRole.Base)
    return blended(memory_color(palette), base, STRENGTHS[min(at, len(STRENGTHS) - 1)])


class ShareBar(QWidget):
    """Parts of a whole, the first at the beginning; what is left over is calm ground."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._parts: tuple[float, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def put(self, parts: Sequence[float], said: str) -> None:
        """The parts, each from 0.0 to 1.0, and the same in words."""
        self._parts = tuple(parts)
        self.setAccessibleName(said)
        self.update()

    # Qt overrides

    def sizeHint(self) -> QSize:
        return QSize(200, self.fontMetrics().height() + 2)

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect())
        shape = QPainterPath()
        shape.addRoundedRect(area, 3, 3)
        text, base = (self.palette().color(role) for role in (QPalette.ColorRole.Text, QPalette.ColorRole.Base))
        painter.fillPath(shape, blended(text, base, 0.14))
        painter.setClipPath(shape)
        at = 0.0
        for number, part in enumerate(self._parts):
            wide = min(part, 1.0 - at) * area.width()
            left = at * area.width()
            if self.layoutDirection() == Qt.LayoutDirection.RightToLeft:
                left = area.width() - left - wide
            painter.fillRect(QRectF(left, 0, wide, area.height()), share_color(self.palette(), number))
            painter.fillRect(QRectF(left + wide - 1, 0, 1, area.height()), base)
            at += part
        painter.end()


class HourGraph(QWidget):
    """A value over the last hour, now at the right edge, as a filled line from 0 to `top`."""

    def __init__(self, color: Callable[[QPalette], QColor], parent: QWidget) -> None:
        super().__init__(parent)
        self._color = color
        self._points: tuple[tuple[float, float], ...] = ()
        self._top = 1.0
        self._tick = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def put(self, points: Sequence[tuple[float, float]], top: float, tick: str, said: str) -> None:
        """Seconds ago and values, oldest first; the highest there can be, as a number and in words."""
        self._points = tuple(points)
        self._top = max(top, 1e-9)
        self._tick = tick
        self.setAccessibleName(said)
        self.update()

    # Qt overrides

    def sizeHint(self) -> QSize:
        return QSize(200, 19 * self.fontMetrics().height() // 4)

    def minimumSizeHint(self) -> QSize:
        return QSize(60, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        roles = QPalette.ColorRole
        text, base = self.palette().color(roles.Text), self.palette().color(roles.Base)
        area = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(blended(text, base, 0.15))
        painter.setBrush(base)
        painter.drawRoundedRect(area, 3, 3)
        painter.setPen(blended(text, base, 0.10))
        painter.drawLine(QPointF(area.left(), area.center().y()), QPointF(area.right(), area.center().y()))
        self._line(painter, area.adjusted(1, 4, -1, -1))
        if self._tick:
            painter.setFont(scaled(self.font(), 0.85))
            painter.setPen(subdued(self.palette()))
            edge = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignAbsolute)
            painter.drawText(area.adjusted(4, 3, -8, 0), edge, self._tick)
        painter.end()

    def _line(self, painter: QPainter, area: QRectF) -> None:
        pen = QPen(self._color(self.palette()), 1.4)
        for part in _without_gaps(self._points):
            points = [
                QPointF(
                    area.right() - area.width() * min(ago / HOUR, 1.0),
                    area.bottom() - area.height() * min(value / self._top, 1.0),
                )
                for ago, value in part
            ]
            draw_filled_line(painter, points, area.bottom(), pen, 50)


def _without_gaps(points: Sequence[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """The points in parts: between two parts there were no statistics for longer than `GAP` seconds."""
    parts: list[list[tuple[float, float]]] = []
    for point in points:
        if not parts or parts[-1][-1][0] - point[0] > GAP:
            parts.append([])
        parts[-1].append(point)
    return parts
