# SPDX-License-Identifier: GPL-3.0-or-later
"""The header of tables and trees: flat, short lines between the titles, and the arrow of sorting beside its title."""

from PyQt5.QtCore import QLineF, QPointF, QRect, QRectF, QSize, Qt
from PyQt5.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PyQt5.QtWidgets import QHeaderView, QTableView, QTreeView, QWidget

from qubesmanager.ui.widgets.fonts import bold_font
from qubesmanager.ui.widgets.labels import HALF, blended

PADDING = 4
"""Pixels between a title and the edges of its section: as much as a cell has."""
ARROW = 12
"""Pixels that the arrow of sorting takes beside a title, with its gap."""
LINE = 0.15
"""How much of the text's colour is in a line."""
HIGH = 13
"""Pixels that a header is higher than its text."""


class FlatHeader(QHeaderView):
    """A horizontal header. The sorted column has a bold title; its arrow points up where the least value is first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setSectionsClickable(True)
        self.setHighlightSections(False)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.sortIndicatorChanged.connect(lambda *_: self.resizeSections())
        self.setDefaultAlignment(Qt.Alignment() | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)

    def title(self, section: int) -> str:
        """The title of a section, as the model gives it."""
        model = self.model()
        text = model.headerData(section, Qt.Orientation.Horizontal) if model is not None else None
        return text if isinstance(text, str) else ""

    def needed_width(self, title: str, *, is_sorted: bool = True) -> int:
        """Pixels that a section with this title needs, with the arrow if it is sorted."""
        if not is_sorted:
            return self.fontMetrics().horizontalAdvance(title) + 2 * PADDING + 2
        return QFontMetrics(bold_font(self.font())).horizontalAdvance(title) + 2 * PADDING + ARROW

    def is_sorted(self, section: int) -> bool:
        """Whether the table is sorted by the section, which then has the arrow."""
        return self.isSortIndicatorShown() and self.sortIndicatorSection() == section

    def _line(self) -> QColor:
        palette = self.palette()
        return blended(palette.color(QPalette.ColorRole.WindowText), palette.color(QPalette.ColorRole.Base), LINE)

    def _ground(self) -> QColor:
        """Between window and table; the window's own in dark, where that is the lighter of both."""
        palette = self.palette()
        window, base = (palette.color(role) for role in (QPalette.ColorRole.Window, QPalette.ColorRole.Base))
        return blended(window, base, 0.5) if base.lightness() >= HALF else window

    def _draw_title(self, painter: QPainter, area: QRect, section: int) -> None:
        """The title, elided, and the arrow after it; before it where the title is at the end of the section."""
        model, is_sorted = self.model(), self.is_sorted(section)
        role = Qt.ItemDataRole.TextAlignmentRole
        aligned = model.headerData(section, Qt.Orientation.Horizontal, role) if model is not None else None
        is_number = isinstance(aligned, int) and bool(aligned & int(Qt.AlignmentFlag.AlignRight))
        is_right = is_number != self.isRightToLeft()
        side = Qt.AlignmentFlag.AlignRight if is_right else Qt.AlignmentFlag.AlignLeft
        room = area.adjusted(PADDING, 0, -PADDING, 0)
        font = bold_font(self.font()) if is_sorted else self.font()
        metrics = QFontMetrics(font)
        width = max(0, room.width() - (ARROW if is_sorted else 0))
        text = metrics.elidedText(self.title(section), self.textElideMode(), width)
        painter.setFont(font)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        painter.drawText(room, int(side | Qt.AlignmentFlag.AlignAbsolute | Qt.AlignmentFlag.AlignVCenter), text)
        if is_sorted:
            beside = metrics.horizontalAdvance(text) + ARROW / 2 + 1
            x = room.right() - beside if is_right else room.left() + beside
            self._draw_arrow(painter, QPointF(x, area.center().y() + 0.5))

    def _draw_arrow(self, painter: QPainter, middle: QPointF) -> None:
        up = -1 if self.sortIndicatorOrder() == Qt.SortOrder.AscendingOrder else 1
        points = [middle + QPointF(x, y * up) for x, y in ((-3.5, -2), (0, 2), (3.5, -2))]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.WindowText), 1.5))
        painter.drawPolyline(QPolygonF(points))

    # Qt overrides

    def sizeHint(self) -> QSize:
        # Qt would ask for the size of every section, again after each change of one, to find the same height.
        return QSize(self.length(), self.fontMetrics().height() + HIGH)

    def sectionSizeFromContents(self, section: int) -> QSize:
        width = self.needed_width(self.title(section), is_sorted=self.is_sorted(section))
        return QSize(width, self.fontMetrics().height() + HIGH)

    def paintSection(self, painter: QPainter | None, rect: QRect, section: int) -> None:
        if painter is None or not rect.isValid():
            return
        painter.save()
        painter.fillRect(rect, self._ground())
        self._draw_title(painter, rect, section)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        painter.setPen(self._line())
        area = QRectF(rect)
        painter.drawLine(QLineF(area.left(), area.bottom() - 1, area.right(), area.bottom() - 1))
        if self.sectionPosition(section) + self.sectionSize(section) < self.length():
            edge = area.left() if self.isRightToLeft() else area.right() - 1
            painter.drawLine(QLineF(edge, area.top() + 6, edge, area.bottom() - 7))
        painter.restore()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        super().paintEvent(event)
        viewport = self.viewport()
        if viewport is None or self.length() >= viewport.width():
            return
        # Beyond the last section the style would draw a raised one.
        painter = QPainter(viewport)
        left = 0 if self.isRightToLeft() else self.length()
        rest = QRect(left, 0, viewport.width() - self.length(), viewport.height())
        painter.fillRect(rest, self._ground())
        painter.setPen(self._line())
        painter.drawLine(rest.bottomLeft(), rest.bottomRight())
        painter.end()


def put_flat_header(view: QTableView | QTreeView) -> FlatHeader:
    """Give the view a flat header, which replaces the one that it has."""
    header = FlatHeader(view)
    if isinstance(view, QTableView):
        view.setHorizontalHeader(header)
    else:
        view.setHeader(header)
    return header
