# SPDX-License-Identifier: GPL-3.0-or-later
"""The second page of the restore wizard: the qubes of the backup, and the choices for each."""

from collections.abc import Callable, Sequence

from PyQt5.QtCore import QEvent, QObject, Qt
from PyQt5.QtGui import QIcon, QKeyEvent
from PyQt5.QtWidgets import QAbstractItemView, QHBoxLayout, QPushButton, QSplitter, QVBoxLayout, QWidget

from qubesmanager.models.restore_draft import RestoreRow
from qubesmanager.models.restore_table import CLASS, FATE, NAME, SIZE, TEMPLATE, RestoreTable
from qubesmanager.models.texts import whole_size_text
from qubesmanager.ui.restore.qube_details import QubeDetails
from qubesmanager.ui.widgets.fonts import unit_of
from qubesmanager.ui.widgets.labels import plain_label
from qubesmanager.ui.widgets.tables import row_table, selected_row, set_widths
from qubesmanager.ui.widgets.wizard import StepPage

_WIDTHS = {NAME: 35, CLASS: 24, SIZE: 20}
"""Widths of columns, in units of the font."""


class QubesPage(StepPage):
    """A table with ticks, and the details of the selected qube beside it."""

    def __init__(self, model: RestoreTable, picture: Callable[[str], QIcon], parent: QWidget | None = None) -> None:
        """`picture` draws a label by its name."""
        super().__init__(parent)
        self.title = self.tr("Its qubes")
        self.model = model
        self.table = row_table(model, self.tr("Qubes of the backup"), FATE, self)
        unit = unit_of(self)
        set_widths(self.table, _WIDTHS)
        self.table.hideColumn(TEMPLATE)  # the details show it
        self.table.setMinimumWidth(40 * unit)
        self.details = QubeDetails(model, picture, self)
        self.details.setMinimumWidth(60 * unit)
        self.all = QPushButton(self.tr("&All that are not here"), self)
        self.none = QPushButton(self.tr("N&one"), self)
        for button in (self.all, self.none):
            button.setToolTip(self.tr("The space bar ticks the selected qubes."))
        self.all.clicked.connect(lambda: model.choose_all(restored=True))
        self.none.clicked.connect(lambda: model.choose_all(restored=False))
        self.total = plain_label("", self)
        self.foreign = plain_label(
            self.tr("This backup was made by another program: a missing part of it could go unnoticed."),
            self,
        )
        self.foreign.hide()
        self.unreadable = plain_label("", self)
        self.unreadable.hide()
        parts = QSplitter(Qt.Orientation.Horizontal, self)
        parts.setChildrenCollapsible(False)
        parts.addWidget(self.table)
        parts.addWidget(self.details)
        parts.setStretchFactor(0, 3)
        parts.setStretchFactor(1, 2)
        foot = QHBoxLayout()
        foot.addWidget(self.all)
        foot.addWidget(self.none)
        foot.addWidget(self.total, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.foreign)
        layout.addWidget(self.unreadable)
        layout.addWidget(parts, 1)
        layout.addLayout(foot)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.table.installEventFilter(self)
        self.details.chosen.connect(model.choose)
        model.changed.connect(self._refresh)
        model.modelReset.connect(self._begin)
        if selection := self.table.selectionModel():
            selection.selectionChanged.connect(lambda *_: self._refresh())

    def put_unreadable(self, names: Sequence[str]) -> None:
        """Name the qubes of the backup that cannot be restored, because their settings make no sense."""
        text = self.tr("The settings of these qubes cannot be read, so they cannot be restored: {0}.")
        self.unreadable.setText(text.format(", ".join(names)))
        self.unreadable.setVisible(bool(names))

    def problem(self) -> str:
        if problems := sum(bool(row.problem) for row in self.model.rows):
            return self.tr("%n problem(s) to look at.", "", problems)
        return "" if self.model.is_ready else self.tr("No qube is chosen.")

    def _selected(self) -> list[RestoreRow]:
        selection = self.table.selectionModel()
        rows = selection.selectedRows() if selection is not None else []
        return [row for index in rows if (row := self.model.rows[index.row()]).possible]

    def _begin(self) -> None:
        """Another backup: begin with its first qube."""
        if self.model.rows:
            self.table.selectRow(0)
        self._refresh()

    def _refresh(self) -> None:
        at = selected_row(self.table)
        self.details.put(self.model.rows[at] if 0 <= at < len(self.model.rows) else None)
        chosen = self.tr("%n qube(s) chosen, {0} at most.", "", len(self.model.chosen))
        self.total.setText(chosen.format(whole_size_text(self.model.needed)))
        self.changed.emit()

    # Qt overrides

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """The space bar ticks all selected qubes, or unticks them if all are ticked."""
        if watched is self.table and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            rows = self._selected()
            if event.key() == Qt.Key.Key_Space and rows:
                restored = not all(row.choice.restored for row in rows)
                self.model.tick({row.stored.name for row in rows}, restored=restored)
                return True
        return super().eventFilter(watched, event)
