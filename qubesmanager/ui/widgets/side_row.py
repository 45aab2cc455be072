# SPDX-License-Identifier: GPL-3.0-or-later
"""A row of a list at the side of a window: icon and name, and at its end a number, a badge, or an arrow of a group."""

from collections.abc import Callable
from enum import Enum

from PyQt5.QtCore import QModelIndex, QObject, QRect, QSize, Qt
from PyQt5.QtGui import QColor, QIcon, QPainter, QPalette
from PyQt5.QtWidgets import QStyle, QStyledItemDelegate, QStyleOption, QStyleOptionViewItem

from qubesmanager.ui.widgets.badge import badge_width, draw_badge
from qubesmanager.ui.widgets.fonts import scaled
from qubesmanager.ui.widgets.labels import fault_color, info_color, mixed, subdued, warning_color
from qubesmanager.ui.widgets.sections import LINE_SHARE
from qubesmanager.ui.widgets.selection import draw_edge, highlight


class BadgeKind(Enum):
    """What the badge of a row means."""

    INFO = "info"
    WARNING = "warning"
    FAULT = "fault"


_COLORS: dict[BadgeKind, Callable[[QPalette], QColor]] = {
    BadgeKind.INFO: info_color,
    BadgeKind.WARNING: warning_color,
    BadgeKind.FAULT: fault_color,
}

BADGE, KIND, COUNT, IS_HEAD = (Qt.ItemDataRole.UserRole + number for number in range(1, 5))
"""The text of the badge and its `BadgeKind`; the number at the end; whether the row is the headline of a group."""

RAIL_ROW, RAIL_LINE = 9, 3
"""The height of a row and of a dividing line where only icons are shown, in quarters of a line of text."""
MARK = "!"
HEAD_SIZE = 0.92
"""The size of the text of a headline, beside that of other rows."""


class SideRowDelegate(QStyledItemDelegate):
    """Draws rows of `height` quarters of a line of text. `is_rail`: only icons, and lines instead of headlines."""

    def __init__(self, height: float, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._height = height
        self.is_rail = False

    # Qt overrides

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        unit = option.fontMetrics.height() / 4
        if self.is_rail:
            height = (RAIL_LINE if index.row() else 0) if index.data(IS_HEAD) else RAIL_ROW
            return QSize(round(RAIL_ROW * unit), round(height * unit))
        size = super().sizeHint(option, index)
        above = 2 if index.data(IS_HEAD) and index.row() else 0
        return QSize(round(size.width() + 14 * unit), round((self._height + above) * unit))

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        if painter is None:
            return
        row = QStyleOptionViewItem(option)
        self.initStyleOption(row, index)
        painter.save()
        if row.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(row.rect, row.palette.color(QPalette.ColorRole.Highlight))
            draw_edge(painter, row)
        if self.is_rail:
            self._draw_on_rail(painter, row, index)
        elif index.data(IS_HEAD):
            self._draw_head(painter, row)
        else:
            self._draw_row(painter, row, index)
        window = row.widget.window()
        by_keys = window is not None and window.testAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange)
        if by_keys and row.state & QStyle.StateFlag.State_HasFocus:  # a click shows by itself where it went
            painter.setPen(highlight())
            painter.drawRect(row.rect.adjusted(0, 0, -1, -1))
        painter.restore()

    def _draw_on_rail(self, painter: QPainter, row: QStyleOptionViewItem, index: QModelIndex) -> None:
        """The icon in the middle, with a dot for a badge; a thin line for a headline that is not the first."""
        unit, whole = _unit(row), row.rect
        if index.data(IS_HEAD):
            if index.row():
                roles = QPalette.ColorRole
                painter.setPen(mixed(row.palette, roles.WindowText, roles.Window, LINE_SHARE))
                middle = whole.center().y()
                painter.drawLine(whole.left() + unit, middle, whole.right() - unit, middle)
            return
        side = row.fontMetrics.height()
        place = QRect(0, 0, side, side)
        place.moveCenter(whole.center())
        enabled = bool(row.state & QStyle.StateFlag.State_Enabled)
        row.icon.paint(painter, place, mode=QIcon.Mode.Normal if enabled else QIcon.Mode.Disabled)
        if index.data(BADGE):
            kind = index.data(KIND)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(_COLORS[kind if isinstance(kind, BadgeKind) else BadgeKind.INFO](row.palette))
            dot = QRect(place.right() - unit // 2, place.top() - unit, 2 * unit, 2 * unit)
            painter.drawEllipse(QStyle.visualRect(row.direction, whole, dot))

    def _draw_row(self, painter: QPainter, row: QStyleOptionViewItem, index: QModelIndex) -> None:
        unit, side, whole = _unit(row), row.fontMetrics.height(), row.rect
        enabled = bool(row.state & QStyle.StateFlag.State_Enabled)
        place = QRect(whole.left() + 3 * unit, whole.top() + (whole.height() - side) // 2, side, side)
        mode = QIcon.Mode.Normal if enabled else QIcon.Mode.Disabled
        row.icon.paint(painter, QStyle.visualRect(row.direction, whole, place), mode=mode)
        right = self._draw_end(painter, row, index)
        words = QRect(whole)
        words.setLeft(place.right() + 2 * unit)
        words.setRight(right - unit)
        group = QPalette.ColorGroup.Active if enabled else QPalette.ColorGroup.Disabled
        painter.setPen(row.palette.color(group, QPalette.ColorRole.WindowText))
        _draw_text(painter, row, words, row.text or "")

    def _draw_end(self, painter: QPainter, row: QStyleOptionViewItem, index: QModelIndex) -> int:
        """What is at the end of the row. Returns where that begins, as if the row ran from left to right."""
        whole = row.rect.adjusted(0, 0, -2 * _unit(row), 0)
        if badge := index.data(BADGE):
            kind = index.data(KIND)
            color = _COLORS[kind if isinstance(kind, BadgeKind) else BadgeKind.INFO](row.palette)
            painter.setFont(row.font)
            place = QStyle.visualRect(row.direction, row.rect, whole)
            text = fitting_badge(row, str(badge))
            draw_badge(painter, place, text, color, row.direction)
            return whole.right() - badge_width(text, row.font)
        if count := index.data(COUNT):
            text = str(count)
            painter.setPen(subdued(row.palette))
            width = row.fontMetrics.horizontalAdvance(text)
            area = QRect(whole.right() - width, whole.top(), width + 1, whole.height())
            _draw_text(painter, row, area, text)
            return area.left()
        return whole.right()

    def _draw_head(self, painter: QPainter, row: QStyleOptionViewItem) -> None:
        unit, whole = _unit(row), row.rect
        line = round(self._height * unit)
        area = QRect(whole.left() + 3 * unit, whole.bottom() - line + 1, whole.width() - 10 * unit, line)
        painter.setFont(scaled(row.font, HEAD_SIZE, bold=True))
        painter.setPen(subdued(row.palette))
        _draw_text(painter, row, area, row.text or "")
        arrow = QStyleOption()
        side = 2 * unit
        place = QRect(whole.right() - 5 * unit, area.center().y() - side // 2, side, side)
        arrow.rect = QStyle.visualRect(row.direction, whole, place)
        arrow.palette = row.palette
        arrow.state = row.state
        style = row.widget.style()
        is_open = bool(row.state & QStyle.StateFlag.State_Open)
        closed = (
            QStyle.PrimitiveElement.PE_IndicatorArrowLeft
            if row.direction == Qt.LayoutDirection.RightToLeft
            else QStyle.PrimitiveElement.PE_IndicatorArrowRight
        )
        if style is not None:
            style.drawPrimitive(QStyle.PrimitiveElement.PE_IndicatorArrowDown if is_open else closed, arrow, painter)


def fitting_badge(row: QStyleOptionViewItem, badge: str) -> str:
    """The badge; only a mark where the name would be cut beside it. The tooltip has the words."""
    taken = 8 * _unit(row) + row.fontMetrics.height() + row.fontMetrics.horizontalAdvance(row.text or "")
    if taken + badge_width(badge, row.font) <= row.rect.width():
        return badge
    return MARK


def _unit(row: QStyleOptionViewItem) -> int:
    return max(1, round(row.fontMetrics.height() / 4))


def _draw_text(painter: QPainter, row: QStyleOptionViewItem, area: QRect, text: str) -> None:
    """The text from the beginning of the area, elided where it has no room."""
    align = QStyle.visualAlignment(row.direction, Qt.Alignment() | Qt.AlignmentFlag.AlignLeft)
    painter.drawText(
        QStyle.visualRect(row.direction, row.rect, area),
        int(align) | int(Qt.AlignmentFlag.AlignVCenter),
        painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, max(0, area.width() + 1)),
    )
