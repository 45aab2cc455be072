# SPDX-License-Identifier: GPL-3.0-or-later
"""The foot of a window whose edits are sent as one plan: what will be sent, and OK, Apply, Cancel."""

from collections.abc import Sequence

from PyQt5.QtCore import pyqtSignal
from PyQt5.QtWidgets import QDialogButtonBox, QHBoxLayout, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from qubesmanager.plans.plan import Step


class ApplyBar(QWidget):
    """Signals: `apply(bool)`: send the plan, and then leave or not; `leave()`: close, there is nothing to send."""

    apply = pyqtSignal(bool)
    leave = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._steps: tuple[Step, ...] = ()
        self.preview = QPlainTextEdit(self)
        self.preview.setReadOnly(True)
        self.preview.setMaximumHeight(110)
        self.preview.setAccessibleName(self.tr("What will be sent"))
        self.preview.hide()
        self.show_preview = QPushButton(self.tr("&What will be sent"), self)
        self.show_preview.setCheckable(True)
        self.show_preview.toggled.connect(self.preview.setVisible)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButtons()
            | QDialogButtonBox.StandardButton.Ok
            | QDialogButtonBox.StandardButton.Apply
            | QDialogButtonBox.StandardButton.Cancel,
            self,
        )
        self.buttons.clicked.connect(self._clicked)
        row = QHBoxLayout()
        row.addWidget(self.show_preview)
        row.addWidget(self.buttons, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.preview)
        layout.addLayout(row)
        self.put(())

    def button(self, which: QDialogButtonBox.StandardButton) -> QPushButton:
        """Raises `KeyError` for one that is not there."""
        button: QPushButton | None = self.buttons.button(which)
        if button is None:
            raise KeyError(which)
        return button

    def put(self, steps: Sequence[Step], *, problem: str = "") -> None:
        """Show the steps that would be sent now. They are not sent while there is a `problem`, a sentence."""
        self._steps = tuple(steps)
        self.preview.setPlainText("\n".join(step.text() for step in steps))
        self.show_preview.setEnabled(bool(steps))
        for which in (QDialogButtonBox.StandardButton.Apply, QDialogButtonBox.StandardButton.Ok):
            self.button(which).setToolTip(problem)
        self.button(QDialogButtonBox.StandardButton.Apply).setEnabled(bool(steps) and not problem)
        self.button(QDialogButtonBox.StandardButton.Ok).setEnabled(not problem)

    def _clicked(self, button: object) -> None:
        if button is self.button(QDialogButtonBox.StandardButton.Apply):
            self.apply.emit(False)
        elif button is self.button(QDialogButtonBox.StandardButton.Ok) and self._steps:
            self.apply.emit(True)
        else:
            self.leave.emit()
