# SPDX-License-Identifier: GPL-3.0-or-later
"""Cells of whole rows: the row is what is selected, so no cell has a frame around it."""

from PyQt5.QtCore import QModelIndex
from PyQt5.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem


class RowDelegate(QStyledItemDelegate):
    """Draws cells without the frame of the focus where the row is selected: that shows where the keyboard is."""

    # Qt overrides

    def initStyleOption(self, option: QStyleOptionViewItem | None, index: QModelIndex) -> None:
        super().initStyleOption(option, index)
        if option is not None and option.state & QStyle.StateFlag.State_Selected:
            option.state = QStyle.State(option.state) & ~QStyle.State(QStyle.StateFlag.State_HasFocus)
