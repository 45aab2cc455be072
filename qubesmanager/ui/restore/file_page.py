# SPDX-License-Identifier: GPL-3.0-or-later
"""The first page of the restore wizard: which file, with which passphrase, and whether it is only to be verified."""

from pathlib import Path

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.backup.errors import BackupDamagedError, BackupPassphraseError
from qubesmanager.transport.base import TransportError
from qubesmanager.ui.restore.restore_texts import why
from qubesmanager.ui.widgets.labels import problem_label, show_problem
from qubesmanager.ui.widgets.wizard import StepPage, below
from qubesmanager.wire.errors import Mgmt1Error


class FilePage(StepPage):
    """The wizard sets `reading` until the backup has been opened."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = self.tr("The backup")
        self.about = self.tr(
            "Backups made here and by Qubes OS 4 can be read. Nothing is changed before you have seen what is"
            " in the file and what will happen with it."
        )
        self._reading = False
        self.file = QLineEdit(self)
        self.file.setPlaceholderText(self.tr("/media/disk/qubes-backup-…"))
        self.browse = QPushButton(self.tr("Bro&wse…"), self)
        self.browse.clicked.connect(self._ask_file)
        self.file_problem = problem_label(self)
        self.passphrase = QLineEdit(self)
        self.passphrase.setEchoMode(QLineEdit.EchoMode.Password)
        hints = self.passphrase.inputMethodHints() | Qt.InputMethodHint.ImhSensitiveData
        self.passphrase.setInputMethodHints(hints | Qt.InputMethodHint.ImhNoPredictiveText)
        self.show_passphrase = QCheckBox(self.tr("S&how it"), self)
        self.show_passphrase.toggled.connect(self._show_passphrase)
        self.passphrase_problem = problem_label(self)
        self.verify_only = QCheckBox(self.tr("&Only verify: read all of it, and restore nothing"), self)
        self.verify_only.toggled.connect(self.changed)
        self.salvage = QCheckBox(self.tr("Sa&lvage: restore what is intact in a damaged file"), self)
        self.salvage.setToolTip(
            self.tr(
                "A qube is restored if all of its authenticated parts are intact. If the manifest of the backup is"
                " lost, a missing small file could go unnoticed; the result names the qubes concerned."
            )
        )
        self.salvage.toggled.connect(self.changed)
        self.salvage.hide()
        row = QHBoxLayout()
        row.addWidget(self.file, 1)
        row.addWidget(self.browse)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        label = QLabel(self.tr("Backup &file:"), self)
        label.setBuddy(self.file)
        form.addRow(label, below(row, self.file_problem))
        words = QHBoxLayout()
        words.addWidget(self.passphrase, 1)
        words.addWidget(self.show_passphrase)
        label = QLabel(self.tr("&Passphrase:"), self)
        label.setBuddy(self.passphrase)
        form.addRow(label, below(words, self.passphrase_problem))
        form.addRow("", self.verify_only)
        form.addRow("", self.salvage)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(form)
        layout.addStretch(1)
        for edit, problem in ((self.file, self.file_problem), (self.passphrase, self.passphrase_problem)):
            edit.textChanged.connect(self.changed)
            edit.textChanged.connect(lambda _text, problem=problem: self._mark(problem, ""))
        self._mark(self.file_problem, "")
        self._mark(self.passphrase_problem, "")

    @property
    def path(self) -> Path:
        return Path(self.file.text().strip()).expanduser()

    @property
    def reading(self) -> bool:
        return self._reading

    @reading.setter
    def reading(self, reading: bool) -> None:
        self._reading = reading
        self.changed.emit()

    def problem(self) -> str:
        if not self.file.text().strip():
            return self.tr("Which file?")
        return "" if self.passphrase.text() else self.tr("The passphrase of the backup is needed.")

    def button(self) -> str:
        if self.reading:
            return self.tr("Reading…")
        return self.tr("&Verify") if self.verify_only.isChecked() else ""

    def is_waiting(self) -> bool:
        return self.reading

    def forget(self) -> None:
        """Leave nothing of the passphrase in the field, nor in what it could undo."""
        self.passphrase.setText("")
        self.show_passphrase.setChecked(False)

    def offer_salvage(self, path: Path) -> None:
        """Start again with this damaged file, and ask for its passphrase again."""
        self.file.setText(str(path))
        self.verify_only.setChecked(False)
        self.salvage.setChecked(True)
        self.salvage.show()

    def refused(self, error: Mgmt1Error | TransportError) -> None:
        """Say why the backup cannot be read beside the field that is to blame."""
        wrong = isinstance(error, BackupPassphraseError)
        field = self.passphrase if wrong else self.file
        self._mark(self.passphrase_problem if wrong else self.file_problem, why(error))
        if isinstance(error, BackupDamagedError):
            self.salvage.show()
        field.setFocus()
        field.selectAll()

    def _mark(self, label: QWidget, problem: str) -> None:
        for each in (self.file_problem, self.passphrase_problem):
            if each is label:
                show_problem(each, problem)
                each.setVisible(bool(problem))

    def _show_passphrase(self, *_: object) -> None:
        shown = self.show_passphrase.isChecked()
        self.passphrase.setEchoMode(QLineEdit.EchoMode.Normal if shown else QLineEdit.EchoMode.Password)

    def _ask_file(self) -> None:
        dialog = QFileDialog(self, self.tr("Choose a backup"), str(self.path.parent) if self.file.text() else "")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.finished.connect(dialog.deleteLater)
        dialog.fileSelected.connect(self.file.setText)
        dialog.open()
