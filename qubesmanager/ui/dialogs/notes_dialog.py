# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialog that edits the notes of a qube."""

from PyQt5.QtGui import QKeySequence
from PyQt5.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QPlainTextEdit,
    QShortcut,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.ui.widgets.button_box import button_box
from qubesmanager.ui.widgets.labels import problem_label, show_problem
from qubesmanager.ui.widgets.screens import resize_in_units
from qubesmanager.wire.limits import NOTES_BYTES


class NotesDialog(QDialog):
    """The notes of a qube, plain text."""

    def __init__(self, parent: QWidget | None, name: str, notes: str) -> None:
        super().__init__(parent)
        self._notes = notes
        self.setWindowTitle(self.tr("Notes of {0}").format(name))
        layout = QVBoxLayout(self)
        self.edit = QPlainTextEdit(notes, self)
        self.edit.setTabChangesFocus(True)
        self.edit.setAccessibleName(self.windowTitle())
        self.edit.setPlaceholderText(self.tr("What this qube is for, and what to remember about it."))
        layout.addWidget(self.edit)
        self.problem = problem_label(self)
        layout.addWidget(self.problem)
        buttons = button_box(self, QDialogButtonBox.StandardButton.Cancel)
        self.save = buttons.addButton(QDialogButtonBox.StandardButton.Save)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        self.edit.textChanged.connect(self._check)
        # Return is a new line here, so the form is sent as forms of many lines are elsewhere.
        QShortcut(QKeySequence("Ctrl+Return"), self).activated.connect(self._send)
        self._check()
        resize_in_units(self, 120, 80)

    def text(self) -> str:
        """The notes as edited."""
        return self.edit.toPlainText()

    def changed(self) -> bool:
        """Whether the notes differ from those that the dialog was opened with."""
        return self.text() != self._notes

    def _send(self) -> None:
        if self.save is not None:
            self.save.click()

    def _check(self) -> None:
        too_long = len(self.text().encode("utf-8", "replace")) > NOTES_BYTES
        show_problem(self.problem, self.tr("Notes hold at most 256 KiB.") if too_long else None)
        if self.save is not None:
            self.save.setEnabled(self.changed() and not too_long)
