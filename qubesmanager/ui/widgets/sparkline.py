# SPDX-License-Identifier: GPL-3.0-or-later
"""A small graph of the last minutes."""

from collections.abc import Callable, Sequence

from PyQt5.QtCore import QPointF, QSize, Qt
from PyQt5.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PyQt5.QtWidgets import QSizePolicy, QWidget

from qubesmanager.models.stats_history import Values, stretches

HEIGHT = 44
PLACES = 60


def draw_line(painter: QPainter, points: Sequence[QPointF]) -> None:
    """A line without a gap. One point is a dot."""
    painter.drawPolyline(QPolygonF(points))
    if len(points) == 1:
        painter.drawPoint(points[0])


def draw_filled_line(
    painter: QPainter, points: Sequence[QPointF], bottom: float, pen: QPen, strength: int = 70
) -> None:
    """`draw_line` with this pen, filled down to `bottom` with this strength, from 0 to 255."""
    below = QColor(pen.color())
    below.setAlpha(strength)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(below)
    ends = QPointF(points[0].x(), bottom), QPointF(points[-1].x(), bottom)
    painter.drawPolygon(QPolygonF([ends[0], *points, ends[1]]))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(pen)
    draw_line(painter, points)


class Graph(QWidget):
    """Values from the left (old) to the right (now), as a filled line from 0 to `top`, in the palette's `color`.

    The line has a gap where values are missing.
    """

    def __init__(self, color: Callable[[QPalette], QColor], parent: QWidget) -> None:
        super().__init__(parent)
        self._color = color
        self._values: tuple[int | None, ...] = ()
        self._top = 1
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_values(self, values: Values, top: int, spoken: str) -> None:
        """The values, the highest there can be, and what a screen reader says of them."""
        self._values = tuple(values)
        self._top = max(1, top)
        self.setAccessibleName(spoken)
        self.update()

    # Qt overrides

    def sizeHint(self) -> QSize:
        return QSize(200, HEIGHT)

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width, height = self.width(), self.height()
        painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Base))
        grid = QColor(self.palette().color(QPalette.ColorRole.Mid))
        grid.setAlpha(90)
        painter.setPen(QPen(grid, 1))
        painter.drawRect(0, 0, width - 1, height - 1)
        painter.drawLine(0, height // 2, width, height // 2)
        if len(self._values) > 1:
            step = (width - 2) / (PLACES - 1)
            left = width - 1 - step * (len(self._values) - 1)
            color = self._color(self.palette())
            for first, values in stretches(self._values):
                line = [
                    QPointF(left + step * at, height - 2 - (height - 5) * min(1.0, value / self._top))
                    for at, value in enumerate(values, first)
                ]
                draw_filled_line(painter, line, height - 1, QPen(color, 1.5))
        painter.end()
