# SPDX-License-Identifier: GPL-3.0-or-later
"""A program that shows a table of PyQt5 with so many rows and nothing else, and ends: `_bare_table.py ROWS`."""

import sys
from typing import Any

from PyQt5.QtCore import QAbstractTableModel, QModelIndex, Qt
from PyQt5.QtWidgets import QApplication, QTableView

COLUMNS = 12
_NO_PARENT = QModelIndex()


class Rows(QAbstractTableModel):
    """Texts that are in memory."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._rows = [[f"{row}-{column}" for column in range(COLUMNS)] for row in range(count)]

    # Qt overrides

    def rowCount(self, parent: QModelIndex = _NO_PARENT) -> int:  # noqa: N802 - Qt's name
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: QModelIndex = _NO_PARENT) -> int:  # noqa: N802 - as above
        return 0 if parent.isValid() else COLUMNS

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        return self._rows[index.row()][index.column()] if role == Qt.ItemDataRole.DisplayRole else None


def main(count: int) -> None:
    application = QApplication(sys.argv[:1])
    view = QTableView()
    view.setModel(Rows(count))
    view.resize(1200, 800)
    view.show()
    application.processEvents()
    view.grab()


main(int(sys.argv[1]))
