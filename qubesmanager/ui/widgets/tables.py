# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of whole rows, as all windows beside the main one show them."""

from collections.abc import Mapping

from PyQt5.QtCore import QAbstractItemModel, Qt
from PyQt5.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView, QTreeView, QWidget

from qubesmanager.ui.widgets.fonts import in_units

HEADER_PADDING = "QHeaderView::section { padding: 4px 4px; }"
"""Without it a title stands flush against the edge, and right-aligned ones against the next."""


def row_table(model: QAbstractItemModel, title: str, stretched: int, parent: QWidget | None = None) -> QTableView:
    """A calm table over the model; `title` is its accessible name, the column `stretched` takes what is left over."""
    table = QTableView(parent)
    table.setModel(model)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setShowGrid(False)
    table.setTabKeyNavigation(False)
    table.setWordWrap(False)
    table.setAccessibleName(title)
    # A header without sections yet counts as false, so it is compared with None.
    if (header := table.horizontalHeader()) is not None:
        header.setStyleSheet(HEADER_PADDING)
        header.setSectionResizeMode(stretched, QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.Alignment() | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
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
