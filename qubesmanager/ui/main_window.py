# SPDX-License-Identifier: GPL-3.0-or-later
"""The manager's window."""

from PyQt5.QtCore import pyqtSignal
from PyQt5.QtGui import QCloseEvent
from PyQt5.QtWidgets import QMainWindow, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from qubesmanager.client.follow import Lost
from qubesmanager.ui.error_bar import ErrorBar
from qubesmanager.ui.session import Session
from qubesmanager.wire.records import VmRecord


class MainWindow(QMainWindow):
    """All qubes, live. Signals: `closed()`."""

    closed = pyqtSignal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.setWindowTitle(self.tr("Qubes Manager"))
        self.errors = ErrorBar(self)
        self.table = QTableWidget(0, 3, self)
        self.table.setHorizontalHeaderLabels([self.tr("Name"), self.tr("State"), self.tr("Class")])
        middle = QWidget(self)
        layout = QVBoxLayout(middle)
        layout.addWidget(self.errors)
        layout.addWidget(self.table)
        self.setCentralWidget(middle)
        self.resize(1280, 720)
        session.put.connect(self._put)
        session.gone.connect(self._gone)
        session.lost.connect(self._lost)
        session.tasks.failed.connect(self._failed)

    def table_text(self) -> list[list[str]]:
        """What the table shows, the header first."""
        columns = range(self.table.columnCount())
        header = [item.text() if (item := self.table.horizontalHeaderItem(at)) else "" for at in columns]
        rows = range(self.table.rowCount())
        return [header, *([self._cell(row, column) for column in columns] for row in rows)]

    def _cell(self, row: int, column: int) -> str:
        item = self.table.item(row, column)
        return item.text() if item else ""

    def _put(self, records: tuple[VmRecord, ...]) -> None:
        for record in records:
            row = self._row(record.name)
            for column, text in enumerate((record.name, str(record.state), str(record.klass))):
                self.table.setItem(row, column, QTableWidgetItem(text))

    def _row(self, name: str) -> int:
        for row in range(self.table.rowCount()):
            if self._cell(row, 0) == name:
                return row
        self.table.setRowCount(self.table.rowCount() + 1)
        return self.table.rowCount() - 1

    def _gone(self, names: tuple[str, ...]) -> None:
        for name in names:
            self.table.removeRow(self._row(name))

    def _lost(self, lost: Lost) -> None:
        self.errors.show_notice(str(lost.error))

    def _failed(self, title: str, error: Exception) -> None:
        self.errors.show_notice(f"{title}: {error}")

    # Qt overrides

    def closeEvent(self, event: QCloseEvent | None) -> None:
        super().closeEvent(event)
        self.closed.emit()
