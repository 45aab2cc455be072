# SPDX-License-Identifier: GPL-3.0-or-later
"""A cell that says how full something is: a bar of the palette's colours behind the text's line, and the text."""

from PyQt5.QtCore import QModelIndex, QRect, QRectF, QSize, Qt
from PyQt5.QtGui import QPainter, QPalette
from PyQt5.QtWidgets import QStyle, QStyleOptionViewItem

from qubesmanager.models.volume_table import USAGE_ROLE
from qubesmanager.ui.widgets.row_delegate import RowDelegate
from qubesmanager.ui.widgets.selection import highlight

WIDTH, LEAST_WIDTH = 64, 16
HEIGHT = 8
GAP = 8
USUAL_TEXT = "888.8 MiB (88 %)"


class UsageDelegate(RowDelegate):
    """Draws the bar left of the text where the index has a `USAGE_ROLE`."""

    # Qt overrides

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        full = index.data(USAGE_ROLE)
        if painter is None or full is None:
            super().paint(painter, option, index)
            return
        inner = QStyleOptionViewItem(option)
        self.initStyleOption(inner, index)
        text, inner.text = inner.text, ""
        widget = option.widget
        if style := widget.style():
            style.drawControl(QStyle.ControlElement.CE_ItemViewItem, inner, painter, widget)
        width = _width(option)
        bar = QRect(option.rect.left() + GAP, option.rect.center().y() - HEIGHT // 2 + 1, width, HEIGHT)
        self._bar(painter, QStyle.visualRect(option.direction, option.rect, bar), full, option)
        side = QStyle.visualAlignment(option.direction, Qt.Alignment() | Qt.AlignmentFlag.AlignLeft)
        painter.setPen(option.palette.color(QPalette.ColorRole.Text))
        painter.drawText(
            QStyle.visualRect(option.direction, option.rect, option.rect.adjusted(2 * GAP + width, 0, -GAP, 0)),
            int(side | Qt.AlignmentFlag.AlignAbsolute | Qt.AlignmentFlag.AlignVCenter),
            option.fontMetrics.elidedText(
                text, Qt.TextElideMode.ElideRight, max(0, option.rect.width() - 3 * GAP - width)
            ),
        )

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        size = super().sizeHint(option, index)
        return QSize(size.width() + WIDTH + 3 * GAP, size.height())

    @staticmethod
    def _bar(painter: QPainter, area: QRect, full: float, option: QStyleOptionViewItem) -> None:
        edge = option.palette.color(QPalette.ColorRole.Text)
        edge.setAlpha(110)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(edge)
        painter.drawRoundedRect(QRectF(area).adjusted(0.5, 0.5, -0.5, -0.5), 2, 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(highlight())
        inside = QRectF(area).adjusted(1.5, 1.5, -1.5, -1.5)
        if full > 0:
            wide = max(1.0, inside.width() * full)
            if option.direction == Qt.LayoutDirection.RightToLeft:
                inside.setLeft(inside.right() - wide)
            inside.setWidth(wide)
            painter.drawRoundedRect(inside, 1, 1)
        painter.restore()


def _width(option: QStyleOptionViewItem) -> int:
    """The width of the bar: one for the whole column, and narrower before the usual text would be cut."""
    room = option.rect.width() - 3 * GAP - option.fontMetrics.horizontalAdvance(USUAL_TEXT)
    return max(LEAST_WIDTH, min(WIDTH, room))
