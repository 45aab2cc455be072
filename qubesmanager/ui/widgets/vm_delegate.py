# SPDX-License-Identifier: GPL-3.0-or-later
"""How the cells of the qube table are drawn: cube and name, state, ticks, sparklines."""

import time
from collections.abc import Callable

from PyQt5.QtCore import QModelIndex, QObject, QPointF, QRect, QRectF, QSize, Qt
from PyQt5.QtGui import QColor, QPainter, QPalette, QPen
from PyQt5.QtWidgets import QStyle, QStyleOptionViewItem

from qubesmanager.models.columns import Look
from qubesmanager.models.stats_history import LENGTH, History, Values, known_values, stretches
from qubesmanager.models.vm_table import BADGE_ROLE, HISTORY_ROLE, LOOK_ROLE, RECORD_ROLE
from qubesmanager.rules.backups import is_overdue
from qubesmanager.ui.icons import label_icon, state_icon
from qubesmanager.ui.widgets.badge import badge_width, draw_badge
from qubesmanager.ui.widgets.cell_icon import ICON, put_icon
from qubesmanager.ui.widgets.labels import HALF, cpu_color, memory_color, subdued, warning_color
from qubesmanager.ui.widgets.row_delegate import RowDelegate
from qubesmanager.ui.widgets.selection import draw_edge
from qubesmanager.ui.widgets.sparkline import draw_line
from qubesmanager.wire.records import VmRecord

MARGIN = 6
"""Pixels between a cell's edge and what is in it."""

SPARK_WIDTH = 42


class VmDelegate(RowDelegate):
    """Draws each column by its `Look`. `color_of` gives a label's colour, `0xRRGGBB`."""

    def __init__(self, color_of: Callable[[str], str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._color_of = color_of

    # Qt overrides

    def initStyleOption(self, option: QStyleOptionViewItem | None, index: QModelIndex) -> None:
        super().initStyleOption(option, index)
        if option is None:
            return
        look = index.data(LOOK_ROLE)
        if look is Look.LABEL:
            put_icon(option, label_icon(self._color_of(_record(index).value("label"))))
        elif look is Look.STATE:
            put_icon(option, state_icon(_record(index).state))
        elif look is Look.QUIET or (look is Look.NETVM and not _record(index).value("netvm")):
            _color_text(option, subdued(option.palette))
        elif look is Look.BACKUP and is_overdue(_record(index), int(time.time())):
            _color_text(option, warning_color(option.palette))

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        look = index.data(LOOK_ROLE)
        if painter is None:
            return
        badge = index.data(BADGE_ROLE) if look is Look.LABEL else ""
        if badge:
            self._paint_with_badge(painter, option, index, str(badge))
        else:
            super().paint(painter, QStyleOptionViewItem(option), index)
        if look is Look.LABEL:
            draw_edge(painter, option)
        if look is Look.TICK:
            self._frame_tick(painter, option, index)
        if look in {Look.SPARK_CPU, Look.SPARK_MEMORY}:
            history = index.data(HISTORY_ROLE)
            if history is not None and _record(index).running:
                self._spark(painter, option, history, look)

    def _paint_with_badge(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex, badge: str
    ) -> None:
        """The name, elided before the badge at the end of the cell."""
        inner = QStyleOptionViewItem(option)
        self.initStyleOption(inner, index)
        room = inner.rect.width() - badge_width(badge, inner.font) - ICON - 4 * MARGIN
        inner.text = inner.fontMetrics.elidedText(inner.text, Qt.TextElideMode.ElideRight, max(room, ICON))
        style = inner.widget.style()
        if style is not None:
            style.drawControl(QStyle.ControlElement.CE_ItemViewItem, inner, painter, inner.widget)
        painter.save()
        painter.setFont(option.font)
        area = option.rect.adjusted(MARGIN, 0, -MARGIN, 0)
        draw_badge(painter, area, badge, warning_color(option.palette), option.direction)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        size = super().sizeHint(option, index)
        badge = index.data(BADGE_ROLE)
        more = badge_width(str(badge), option.font) + MARGIN if badge else 0
        return QSize(size.width() + 2 * MARGIN + more, max(size.height(), option.fontMetrics.height() + 8))

    def _frame_tick(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Where the table is dark, styles draw the frame of an empty box darker still, so that it cannot be seen."""
        color = option.palette.color(QPalette.ColorRole.Text)
        style = option.widget.style()
        if color.lightness() < HALF or style is None:
            return
        inner = QStyleOptionViewItem(option)
        self.initStyleOption(inner, index)
        box = style.subElementRect(QStyle.SubElement.SE_ItemViewItemCheckIndicator, inner, option.widget)
        color.setAlpha(130)
        painter.save()
        painter.setPen(color)
        painter.drawRect(box.adjusted(0, 0, -1, -1))
        painter.restore()

    @staticmethod
    def _spark(painter: QPainter, option: QStyleOptionViewItem, history: History, look: Look) -> None:
        left = QRect(option.rect.left() + MARGIN, option.rect.top() + 4, SPARK_WIDTH, option.rect.height() - 8)
        area = QStyle.visualRect(option.direction, option.rect, left)
        if look is Look.SPARK_CPU:
            values, top, color = history.cpus, 100, cpu_color(option.palette)
        else:
            values, top = history.memories, max(known_values(history.memories), default=1) * 4 // 3
            color = memory_color(option.palette)
        sparkline(painter, area, values, top, color)


def sparkline(painter: QPainter, area: QRect, values: Values, top: int, color: QColor) -> None:
    """The last values from left to right, the newest at the right edge; `top` is the value of the upper edge."""
    step = area.width() / (LENGTH - 1)
    left = area.right() - step * (len(values) - 1)
    height = max(1, area.height() - 1)
    painter.save()
    painter.setClipRect(QRectF(area).adjusted(-1, -1, 1, 1))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(color, 1.2))
    for first, part in stretches(values):
        points = [
            QPointF(left + at * step, area.bottom() - height * min(1.0, value / max(1, top)))
            for at, value in enumerate(part, first)
        ]
        draw_line(painter, points)
    painter.restore()


def _color_text(option: QStyleOptionViewItem, color: QColor) -> None:
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.HighlightedText):
        option.palette.setColor(role, color)


def _record(index: QModelIndex) -> VmRecord:
    record: VmRecord = index.data(RECORD_ROLE)
    return record
