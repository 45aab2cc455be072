# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialog that names a query, so that it is listed in the sidebar."""

from collections.abc import Sequence

from PyQt5.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLineEdit, QWidget

from qubesmanager.models.query import parse
from qubesmanager.ui.widgets.button_box import button_box
from qubesmanager.ui.widgets.labels import problem_label, show_problem


class SaveViewDialog(QDialog):
    """Asks for the name; a view of that name is replaced, and the dialog shows it."""

    def __init__(self, parent: QWidget, query: str, taken: Sequence[str]) -> None:
        super().__init__(parent)
        self._taken = taken
        self.setWindowTitle(self.tr("Save this view"))
        form = QFormLayout(self)
        self.name = QLineEdit(self)
        self.name.setMaxLength(60)
        self.query = QLineEdit(query, self)
        form.addRow(self.tr("&Name:"), self.name)
        form.addRow(self.tr("&Filter:"), self.query)
        self.problem = problem_label(self)
        form.addRow("", self.problem)
        buttons = button_box(self, QDialogButtonBox.StandardButton.Cancel)
        self.save = buttons.addButton(QDialogButtonBox.StandardButton.Save)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form.addRow(buttons)
        self.name.textChanged.connect(self._check)
        self.query.textChanged.connect(self._check)
        self.name.setFocus()
        self._check()
        self.resize(420, self.sizeHint().height())

    def _check(self) -> None:
        error = parse(self.query.text()).error
        replaced = self.tr("The view of that name is replaced.") if self.name.text().strip() in self._taken else None
        show_problem(self.problem, error or replaced)
        if self.save is not None:
            self.save.setEnabled(bool(self.name.text().strip() and self.query.text().strip()) and not error)
