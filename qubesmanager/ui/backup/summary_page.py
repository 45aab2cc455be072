# SPDX-License-Identifier: GPL-3.0-or-later
"""The third page of the restore wizard: where the volumes go, whether they fit, and all that will happen as a list."""

from PyQt5.QtCore import pyqtSignal
from PyQt5.QtWidgets import QComboBox, QFormLayout, QPlainTextEdit, QVBoxLayout, QWidget

from qubesmanager.models.columns import size_text
from qubesmanager.models.restore_table import RestoreTable
from qubesmanager.ui.create_dialog import Offers, chosen
from qubesmanager.ui.prompts import plain_label, problem_label, show_problem


class SummaryPage(QWidget):
    """Signal `changed()`: another pool."""

    changed = pyqtSignal()

    def __init__(self, model: RestoreTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._offers = Offers()
        self.pool = QComboBox(self)
        self.pool.currentIndexChanged.connect(self._chosen)
        self.room = plain_label("", self)
        self.problem = problem_label(self)
        self.summary = QPlainTextEdit(self)
        self.summary.setReadOnly(True)
        self.summary.setTabChangesFocus(True)
        self.summary.setAccessibleName(self.tr("What will happen"))
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(self.tr("&Pool:"), self.pool)
        form.addRow("", self.room)
        form.addRow("", self.problem)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.summary, 1)
        layout.addWidget(
            plain_label(self.tr("All of them appear at once, at the end, and nothing that exists is touched."))
        )
        model.changed.connect(self.refresh)

    @property
    def wanted_pool(self) -> str:
        """Empty for the usual one."""
        pool = chosen(self.pool)
        return "" if pool == self._offers.system.get("default_pool") else pool

    @property
    def fits(self) -> bool:
        return self._model.needed <= self._free

    @property
    def _free(self) -> int:
        return self._offers.pools.get(chosen(self.pool), 0)

    def put(self, offers: Offers) -> None:
        """The pools there are, with what is free in each."""
        before = chosen(self.pool) or offers.system.get("default_pool", "")
        self._offers = offers
        self.pool.clear()
        for pool, free in offers.pools.items():
            self.pool.addItem(self.tr("{0} ({1} free)").format(pool, size_text(free) or "0"), pool)
        self.pool.setCurrentIndex(max(0, self.pool.findData(before)))
        self.refresh()

    def refresh(self) -> None:
        """Say it all anew."""
        needed = size_text(self._model.needed) or "0"
        self.room.setText(self.tr("The chosen qubes take {0} at most.").format(needed))
        problem = "" if self.fits else self.tr("The pool has only {0} free.").format(size_text(self._free) or "0")
        show_problem(self.problem, problem)
        self.problem.setVisible(bool(problem))
        lines = [f"{row.held.name}: {row.fate}" for row in self._model.chosen]
        left = [row.held.name for row in self._model.rows if not row.choice.restored]
        if left:
            lines.append(self.tr("Left out: {0}.").format(", ".join(left)))
        self.summary.setPlainText("\n".join(lines))

    def _chosen(self, *_: object) -> None:
        self.refresh()
        self.changed.emit()
