# SPDX-License-Identifier: GPL-3.0-or-later
"""Ticks in tables that are seen on a dark ground too, where the style's own edge is as dark as the ground."""

from PyQt5.QtCore import QModelIndex, QRectF, Qt
from PyQt5.QtGui import QPainter, QPalette
from PyQt5.QtWidgets import QStyle, QStyleOptionViewItem

from qubesmanager.ui.widgets.row_delegate import RowDelegate

EDGE = 110
"""Opacity of the edge, of 255."""


class TickDelegate(RowDelegate):
    """Draws an edge in the text's colour around each tick box."""

    # Qt overrides

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        super().paint(painter, option, index)
        widget = option.widget
        if painter is None or index.data(Qt.ItemDataRole.CheckStateRole) is None:
            return
        styled = QStyleOptionViewItem(option)
        self.initStyleOption(styled, index)
        if (style := widget.style()) is None:
            return
        box = style.subElementRect(QStyle.SubElement.SE_ItemViewItemCheckIndicator, styled, widget)
        color = option.palette.color(QPalette.ColorRole.Text)
        color.setAlpha(EDGE)
        painter.save()
        painter.setPen(color)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5), 1, 1)
        painter.restore()
