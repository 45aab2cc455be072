# SPDX-License-Identifier: GPL-3.0-or-later
"""Cells of whole rows: the row is what is selected, so no cell has a frame around it."""

from PyQt5.QtCore import QModelIndex
from PyQt5.QtGui import QPainter
from PyQt5.QtWidgets import QAbstractItemView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from qubesmanager.ui.widgets.selection import fill_edge


class RowDelegate(QStyledItemDelegate):
    """Draws cells without the frame of the focus.

    The selection of the row shows where the keyboard is. A row that has it and is not selected begins with an edge.
    """

    # Qt overrides

    def initStyleOption(self, option: QStyleOptionViewItem | None, index: QModelIndex) -> None:
        super().initStyleOption(option, index)
        if option is not None:
            option.state = QStyle.State(option.state) & ~QStyle.State(QStyle.StateFlag.State_HasFocus)

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        is_selected = option.state & QStyle.StateFlag.State_Selected
        super().paint(painter, option, index)
        if painter is not None and index.column() == 0 and not is_selected and _has_keyboard(option, index):
            fill_edge(painter, option.rect, option.direction)


def _has_keyboard(option: QStyleOptionViewItem, index: QModelIndex) -> bool:
    """Whether the keyboard is in the row of the cell."""
    view = option.widget
    if not isinstance(view, QAbstractItemView) or not view.hasFocus():
        return False
    current = view.currentIndex()
    return current.row() == index.row() and current.parent() == index.parent()
