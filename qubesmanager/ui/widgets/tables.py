# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of whole rows, as all windows beside the main one show them."""

from collections.abc import Mapping

from PyQt5.QtCore import QAbstractItemModel, QItemSelectionModel, QModelIndex, Qt
from PyQt5.QtGui import QResizeEvent
from PyQt5.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView, QTreeView, QWidget

from qubesmanager.ui.widgets.flat_header import put_flat_header
from qubesmanager.ui.widgets.fonts import in_units
from qubesmanager.ui.widgets.row_delegate import RowDelegate

LEAST = 40
"""Units of the font that the stretched column keeps in a narrow table; the other columns give way."""


class RowsView(QTableView):
    """A table whose rows can be selected in every direction of reading, and whose stretched column stays readable."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._widths: dict[int, int] = {}
        self._is_fitting = False

    def keep_widths(self) -> None:
        """Keep in mind each width that is set from now on, by the program or by the user."""
        if (header := self.horizontalHeader()) is not None:
            header.sectionResized.connect(self._resized)

    def _resized(self, column: int, _before: int, width: int) -> None:
        header = self.horizontalHeader()
        if not self._is_fitting and header is not None and not _stretches(header, column) and width:
            self._widths[column] = width

    def _fit(self) -> None:
        """Make the columns as wide as they were set, or narrower by the same share where the stretched one needs it."""
        header, viewport = self.horizontalHeader(), self.viewport()
        if header is None or viewport is None or not any(_stretches(header, each) for each in range(header.count())):
            return
        shown = {column: width for column, width in self._widths.items() if not header.isSectionHidden(column)}
        room = viewport.width() - in_units(self, LEAST)
        share = min(1.0, max(0, room) / max(1, sum(shown.values())))
        self._is_fitting = True
        for column, width in shown.items():
            header.resizeSection(column, max(header.minimumSectionSize(), int(width * share)))
        self._is_fitting = False

    # Qt overrides

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        self._fit()
        super().resizeEvent(event)

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
    table.keep_widths()
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


def _stretches(header: QHeaderView, column: int) -> bool:
    return header.sectionResizeMode(column) == QHeaderView.ResizeMode.Stretch


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
