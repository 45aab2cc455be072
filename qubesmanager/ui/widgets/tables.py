# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of whole rows, as all windows beside the main one show them."""

from collections.abc import Mapping

from PyQt5.QtCore import QAbstractItemModel, QItemSelectionModel, QModelIndex, Qt
from PyQt5.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView, QTreeView, QWidget

from qubesmanager.ui.widgets.flat_header import put_flat_header
from qubesmanager.ui.widgets.fonts import in_units
from qubesmanager.ui.widgets.row_delegate import RowDelegate


class RowsView(QTableView):
    """A table whose rows can be selected in every direction of reading."""

    # Qt overrides

    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:
        """Paint the edges of both rows again; Qt paints the two cells."""
        super().currentChanged(current, previous)
        for index in (current, previous):
            self.update(index.siblingAtColumn(0))

    def selectRow(self, row: int) -> None:
        """Make the row the selected and the current one.

        From right to left Qt's own selects nothing if the last column is hidden or outside the view.
        """
        model, selection = self.model(), self.selectionModel()
        if model is not None and selection is not None:
            flags = QItemSelectionModel.SelectionFlags() | QItemSelectionModel.SelectionFlag.ClearAndSelect
            index = model.index(row, 0)
            selection.setCurrentIndex(index, flags | QItemSelectionModel.SelectionFlag.Rows)


def row_table(model: QAbstractItemModel, title: str, stretched: int, parent: QWidget | None = None) -> QTableView:
    """A calm table over the model; `title` is its accessible name, the column `stretched` takes what is left over."""
    table = RowsView(parent)
    header = put_flat_header(table)
    table.setModel(model)
    table.setItemDelegate(RowDelegate(table))
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setShowGrid(False)
    table.setTabKeyNavigation(False)
    table.setWordWrap(False)
    table.setAccessibleName(title)
    header.setSectionResizeMode(stretched, QHeaderView.ResizeMode.Stretch)
    if (vertical := table.verticalHeader()) is not None:
        vertical.hide()
        vertical.setDefaultSectionSize(table.fontMetrics().height() + 9)
    return table


def set_widths(table: QTableView | QTreeView, widths: Mapping[int, float]) -> None:
    """Set the widths of these columns, in units of the font."""
    header = table.horizontalHeader() if isinstance(table, QTableView) else table.header()
    if header is not None:
        for column, width in widths.items():
            header.resizeSection(column, in_units(table, width))


def fit_pane(table: QTableView, widths: Mapping[int, float]) -> None:
    """Let a table fill a pane: without a frame, these widths in units of the font, the last column has the rest."""
    table.setFrameShape(QFrame.Shape.NoFrame)
    if (header := table.horizontalHeader()) is not None:
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(True)
    set_widths(table, widths)


def selected_row(table: QTableView) -> int:
    """-1 where none is selected."""
    selection = table.selectionModel()
    rows = selection.selectedRows() if selection is not None else []
    return rows[0].row() if rows else -1


def selected_rows(table: QTableView) -> list[int]:
    """The selected rows from top to bottom."""
    selection = table.selectionModel()
    return sorted(index.row() for index in selection.selectedRows()) if selection is not None else []


def sortable(table: QTableView) -> None:
    """Let the header sort, by the first column to begin with."""
    table.setSortingEnabled(True)
    table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
