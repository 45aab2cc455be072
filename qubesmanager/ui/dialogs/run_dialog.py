# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks for a command to run in qubes; those of before are offered."""

from collections.abc import Sequence

from PyQt5.QtCore import QSettings
from PyQt5.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFormLayout, QPushButton, QWidget

from qubesmanager.ui.widgets.button_box import button_box
from qubesmanager.ui.widgets.labels import plain_label
from qubesmanager.ui.widgets.screens import resize_in_units

KEPT = 20
_KEY = "commands"


class RunDialog(QDialog):
    """One line. `command()` is what was typed; it is kept by `remember`."""

    def __init__(self, parent: QWidget, settings: QSettings, names: Sequence[str]) -> None:
        super().__init__(parent)
        self._settings = settings
        self.setWindowTitle(self.tr("Run a command"))
        form = QFormLayout(self)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(self.tr("In:"), plain_label(", ".join(names), self))
        self.edit = QComboBox(self)
        self.edit.setEditable(True)
        self.edit.addItems(_kept(settings))
        self.edit.setCurrentText("")
        self.edit.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        form.addRow(self.tr("&Command:"), self.edit)
        form.addRow("", plain_label(self.tr("The qube's shell reads it. A qube that is halted is started."), self))
        buttons = button_box(self, QDialogButtonBox.StandardButton.Cancel)
        self.yes = QPushButton(self.tr("&Run"), self)
        self.yes.setObjectName("yes")
        self.yes.setDefault(True)
        buttons.addButton(self.yes, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form.addRow(buttons)
        self.edit.editTextChanged.connect(self._check)
        self.edit.setFocus()
        self._check()
        resize_in_units(self, 115)

    def command(self) -> str:
        return self.edit.currentText().strip()

    def remember(self) -> None:
        """First among those that are offered the next time."""
        others = [each for each in _kept(self._settings) if each != self.command()]
        self._settings.setValue(_KEY, [self.command(), *others][:KEPT])

    def _check(self) -> None:
        self.yes.setEnabled(bool(self.command()))


def _kept(settings: QSettings) -> list[str]:
    commands = settings.value(_KEY, [])
    return [commands] if isinstance(commands, str) else [str(each) for each in commands or []]
