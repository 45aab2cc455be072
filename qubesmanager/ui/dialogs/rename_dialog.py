# SPDX-License-Identifier: GPL-3.0-or-later
"""Two small dialogs about one qube: a new name, and its notes."""

from collections.abc import Sequence

from PyQt5.QtGui import QKeySequence
from PyQt5.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QShortcut,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.rules.actions import Records, referrers
from qubesmanager.ui.dialogs.mentions import mention_text
from qubesmanager.ui.reasons import why_not_name
from qubesmanager.ui.widgets.labels import plain_label, problem_label, show_problem
from qubesmanager.wire.codecs import Mention
from qubesmanager.wire.limits import NOTES_BYTES


class RenameDialog(QDialog):
    """A name that a qube can have, checked while it is typed."""

    def __init__(self, parent: QWidget | None, records: Records, name: str, mentions: Sequence[Mention] = ()) -> None:
        super().__init__(parent)
        self._records = records
        self._name = name
        self.setWindowTitle(self.tr("Rename {0}").format(name))
        form = QFormLayout(self)
        self.edit = QLineEdit(name, self)
        self.edit.selectAll()
        self.problem = problem_label(self)
        form.addRow(self.tr("New &name:"), self.edit)
        form.addRow("", self.problem)
        if users := referrers(records, name):
            form.addRow(plain_label(self.tr("Changed along with it: {0}").format(", ".join(users)), self))
        if text := mention_text(mentions):
            form.addRow(plain_label(text, self))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self.yes = QPushButton(self.tr("Rename"), self)
        self.yes.setDefault(True)
        buttons.addButton(self.yes, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form.addRow(buttons)
        self.edit.textChanged.connect(self._look)
        self.edit.setFocus()
        self._look()
        self.resize(400, self.sizeHint().height())

    def new_name(self) -> str:
        return self.edit.text()

    def _look(self) -> None:
        if self.new_name() == self._name:
            show_problem(self.problem, None)
            self.yes.setEnabled(False)
            return
        why = why_not_name(self.new_name(), self._records)
        show_problem(self.problem, why)
        self.yes.setEnabled(why is None)


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
        self.edit.setPlaceholderText(self.tr("What this qube is for, what to mind."))
        layout.addWidget(self.edit)
        self.problem = problem_label(self)
        layout.addWidget(self.problem)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self.save = buttons.addButton(QDialogButtonBox.StandardButton.Save)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        self.edit.textChanged.connect(self._look)
        # Return is a new line here, so the form is sent as forms of many lines are elsewhere.
        QShortcut(QKeySequence("Ctrl+Return"), self).activated.connect(self._send)
        self._look()
        self.resize(480, 320)

    def text(self) -> str:
        return self.edit.toPlainText()

    def changed(self) -> bool:
        return self.text() != self._notes

    def _send(self) -> None:
        if self.save is not None:
            self.save.click()

    def _look(self) -> None:
        too_long = len(self.text().encode("utf-8", "replace")) > NOTES_BYTES
        show_problem(self.problem, self.tr("Notes hold at most 256 KiB.") if too_long else None)
        if self.save is not None:
            self.save.setEnabled(self.changed() and not too_long)
