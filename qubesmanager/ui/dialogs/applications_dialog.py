# SPDX-License-Identifier: GPL-3.0-or-later
"""The applications of a qube: it lists them and starts the one that is chosen, as often as the user likes."""

from collections.abc import Sequence

from PyQt5.QtCore import pyqtSignal
from PyQt5.QtWidgets import QDialog, QDialogButtonBox, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from qubesmanager.client.services import Application
from qubesmanager.models.texts import plain_tip
from qubesmanager.ui.widgets.button_box import button_box
from qubesmanager.ui.widgets.labels import plain_label
from qubesmanager.ui.widgets.screens import resize_in_units


class ApplicationsDialog(QDialog):
    """Shows `message` until `show_applications`. Signals: `chosen(Application)`: start this one."""

    chosen = pyqtSignal(object)

    def __init__(self, parent: QWidget, name: str) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Applications of {0}").format(name))
        layout = QVBoxLayout(self)
        self.message = plain_label(self.tr("Reading the applications…"), self)
        layout.addWidget(self.message)
        self.list = QListWidget(self)
        self.list.setAccessibleName(self.tr("Applications"))
        self.list.itemActivated.connect(lambda _item: self._start())
        self.list.currentItemChanged.connect(lambda _now, _before: self._look())
        layout.addWidget(self.list)
        buttons = button_box(self, QDialogButtonBox.StandardButton.Close)
        self.start = QPushButton(self.tr("&Start"), self)
        self.start.setObjectName("yes")
        self.start.setDefault(True)
        self.start.clicked.connect(self._start)
        buttons.addButton(self.start, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        self._applications: tuple[Application, ...] = ()
        self._look()
        resize_in_units(self, 90)

    def show_message(self, text: str) -> None:
        """Show why there are no applications."""
        self.message.setText(text)

    def show_applications(self, applications: Sequence[Application]) -> None:
        self._applications = tuple(applications)
        self.message.setVisible(not applications)
        self.message.setText(self.tr("The qube has no applications."))
        self.list.clear()
        for each in self._applications:
            item = QListWidgetItem(each.name, self.list)
            item.setToolTip(plain_tip(each.comment))
        if self._applications:
            self.list.setCurrentRow(0)
            self.list.setFocus()
        self._look()

    def _look(self) -> None:
        self.start.setEnabled(self.list.currentRow() >= 0)

    def _start(self) -> None:
        row = self.list.currentRow()
        if 0 <= row < len(self._applications):
            self.chosen.emit(self._applications[row])
