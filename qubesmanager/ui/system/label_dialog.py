# SPDX-License-Identifier: GPL-3.0-or-later
"""A new label: its name and its colour."""

from collections.abc import Container

from PyQt5.QtGui import QColor
from PyQt5.QtWidgets import (
    QColorDialog,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QWidget,
)

from qubesmanager.ui.icons import label_icon
from qubesmanager.ui.widgets.labels import problem_label, show_problem
from qubesmanager.ui.widgets.palette_colors import IconLabel
from qubesmanager.ui.widgets.prompts import lay_out_form
from qubesmanager.ui.widgets.screens import resize_in_units
from qubesmanager.wire.names import LABEL_NAME

FIRST = "#00a0a0"
CUBE = 24


class LabelDialog(QDialog):
    """`label()` is what was asked for, once it is accepted."""

    def __init__(self, taken: Container[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._taken = taken
        self.setWindowTitle(self.tr("New label"))
        self.name = QLineEdit(self)
        self.name.setMaxLength(32)
        self.color = QLineEdit(FIRST, self)
        self.color.setMaxLength(7)
        self.cube = IconLabel(self)
        self.pick = QPushButton(self.tr("C&hoose…"), self)
        self.pick.clicked.connect(self._pick)
        row = QHBoxLayout()
        row.addWidget(self.cube)
        row.addWidget(self.color, 1)
        row.addWidget(self.pick)
        colour = QLabel(self.tr("&Colour"), self)
        colour.setBuddy(self.color)
        form = QFormLayout()
        form.addRow(self.tr("&Name"), self.name)
        form.addRow(colour, row)
        self.problem = problem_label(self)
        self.buttons = lay_out_form(self, form, self.problem)
        for field in (self.name, self.color):
            field.textChanged.connect(self._check)
        self.name.setFocus()
        resize_in_units(self, 95)
        self._check()

    def label(self) -> tuple[str, str]:
        """Its name and its colour, `0xRRGGBB`."""
        return self.name.text(), f"0x{QColor(self.color.text()).name()[1:].upper()}"

    def _pick(self) -> None:
        dialog = QColorDialog(QColor(self.color.text()), self)
        dialog.setOption(QColorDialog.ColorDialogOption.DontUseNativeDialog)
        dialog.colorSelected.connect(lambda color: self.color.setText(color.name()))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _why_not(self) -> str:
        if not LABEL_NAME.matches(self.name.text()):
            return self.tr("A label's name holds small letters, digits and -")
        if self.name.text() in self._taken:
            return self.tr("There is a label {0} already.").format(self.name.text())
        if not (self.color.text().startswith("#") and QColor(self.color.text()).isValid()):
            return self.tr("A colour is written #RRGGBB.")
        return ""

    def _check(self) -> None:
        why = self._why_not()
        show_problem(self.problem, why if self.name.text() else "")
        color = QColor(self.color.text())
        self.cube.show_icon(label_icon(f"0x{color.name()[1:].upper()}"), CUBE)
        if button := self.buttons.button(QDialogButtonBox.StandardButton.Ok):
            button.setEnabled(not why)
