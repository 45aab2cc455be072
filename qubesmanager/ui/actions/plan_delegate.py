# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the rows of a plan: cubes, states and marks; the heads of groups with less prominent text behind the title."""

from collections.abc import Callable

from PyQt5.QtCore import QModelIndex, QRect, QSize, Qt
from PyQt5.QtGui import QFontMetrics, QPainter, QPalette
from PyQt5.QtWidgets import QApplication, QStyle, QStyleOptionViewItem, QWidget

from qubesmanager.models.plan_table import (
    BOLD_ROLE,
    COLUMN_ROLE,
    HEAD_ROLE,
    MARK_ROLE,
    QUIET_ROLE,
    ROW_ROLE,
    Head,
    PlanColumn,
    PlanMark,
)
from qubesmanager.plans.plan import Fate, Group, Row, Value
from qubesmanager.ui.icons import icon, label_icon, state_icon, tinted_icon
from qubesmanager.ui.widgets.cell_icon import put_icon
from qubesmanager.ui.widgets.labels import subdued, warning_color
from qubesmanager.ui.widgets.row_delegate import RowDelegate
from qubesmanager.ui.widgets.selection import draw_edge
from qubesmanager.wire.values import PowerState


class PlanDelegate(RowDelegate):
    """`color_of` gives the colour of a qube's label (`0xRRGGBB`) by its name."""

    def __init__(self, color_of: Callable[[str], str], parent: QWidget) -> None:
        super().__init__(parent)
        self._color_of = color_of

    # Qt overrides

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        size = super().sizeHint(option, index)
        return QSize(size.width(), round(option.fontMetrics.height() * 7 / 4))

    def initStyleOption(self, option: QStyleOptionViewItem | None, index: QModelIndex) -> None:
        super().initStyleOption(option, index)
        if option is None:
            return
        row, column = index.data(ROW_ROLE), index.data(COLUMN_ROLE)
        if not isinstance(row, Row):
            option.font.setBold(True)
            return
        option.font.setBold(bool(index.data(BOLD_ROLE)))
        if index.data(QUIET_ROLE):
            for role in (QPalette.ColorRole.Text, QPalette.ColorRole.HighlightedText):
                option.palette.setColor(role, subdued(option.palette))
        self._add_icon(option, row, column, index.data(MARK_ROLE))

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        super().paint(painter, option, index)
        head = index.data(HEAD_ROLE)
        if painter is not None and index.column() == 0:
            draw_edge(painter, option)
        if not isinstance(head, Head) or painter is None:
            return
        rect = self.beside_title(option, index)
        painter.save()
        painter.setFont(option.font)
        painter.setPen(subdued(option.palette))
        text = option.fontMetrics.elidedText(head.quiet, Qt.TextElideMode.ElideRight, max(0, rect.width()))
        side = QStyle.visualAlignment(option.direction, Qt.Alignment() | Qt.AlignmentFlag.AlignLeft)
        painter.drawText(rect, int(side | Qt.AlignmentFlag.AlignAbsolute | Qt.AlignmentFlag.AlignVCenter), text)
        painter.restore()

    def beside_title(self, option: QStyleOptionViewItem, index: QModelIndex) -> QRect:
        """The room after the title of a group, in the direction of reading; empty for a row without a title."""
        head, style = index.data(HEAD_ROLE), QApplication.style()
        if not isinstance(head, Head) or style is None:
            return QRect()
        drawn = QStyleOptionViewItem(option)
        self.initStyleOption(drawn, index)
        rect = style.subElementRect(QStyle.SubElement.SE_ItemViewItemText, drawn, drawn.widget)
        title = QFontMetrics(drawn.font).horizontalAdvance(head.title)
        gap = 2 * option.fontMetrics.height() // 4 + 6
        text = QStyle.visualRect(option.direction, option.rect, rect)  # as if it ran from left to right
        text.setLeft(text.left() + title + gap)
        text.setRight(option.rect.right())
        return QStyle.visualRect(option.direction, option.rect, text)

    def _add_icon(self, option: QStyleOptionViewItem, row: Row, column: object, mark: object) -> None:
        if column is PlanColumn.QUBE:
            picture = icon("policy") if row.group is Group.POLICY else label_icon(self._color_of(row.qube))
        elif column is PlanColumn.STATE:
            picture = state_icon(row.state)
        elif column is PlanColumn.NOW and not isinstance(row.now, PowerState):
            return
        elif column is PlanColumn.NOW or column is PlanColumn.THEN:
            value: Value = row.now if column is PlanColumn.NOW or row.is_left_out else row.then
            if isinstance(value, PowerState):
                picture = state_icon(value)
            elif value is Fate.REMOVED:
                picture = icon("remove")
            else:
                return
        elif isinstance(mark, PlanMark):
            picture = tinted_icon(mark.value, warning_color)
        else:
            return
        put_icon(option, picture, option.fontMetrics.height())
