# SPDX-License-Identifier: GPL-3.0-or-later
"""Choose a volume that is no qube's, to become an extra disk."""

from collections.abc import Sequence

from PyQt5.QtWidgets import QCheckBox, QComboBox, QDialog, QDialogButtonBox, QFormLayout, QVBoxLayout, QWidget

from qubesmanager.ui.widgets.button_box import button_box
from qubesmanager.ui.widgets.labels import plain_label
from qubesmanager.ui.widgets.screens import resize_in_units
from qubesmanager.wire.codecs import VolumeId


class AttachVolumeDialog(QDialog):
    """`chosen()` and `read_only()`, once it is accepted."""

    def __init__(self, qube: str, volumes: Sequence[VolumeId], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Attach a volume to {0}").format(qube))
        self._volumes = tuple(volumes)
        self.volume = QComboBox(self)
        for each in volumes:
            self.volume.addItem(str(each))
        self.volume.setEnabled(bool(volumes))
        self.readonly = QCheckBox(self.tr("&Read-only"), self)
        form = QFormLayout()
        form.addRow(self.tr("&Volume"), self.volume)
        form.addRow("", self.readonly)
        self.buttons = button_box(self, QDialogButtonBox.StandardButton.Cancel)
        if attach := self.buttons.addButton(self.tr("&Attach"), QDialogButtonBox.ButtonRole.AcceptRole):
            attach.setEnabled(bool(volumes))
            attach.setDefault(True)
            self.attach = attach
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        text = self.tr("The volume stays in its pool; the qube sees it as one more disk.")
        if not volumes:
            text = self.tr("Every volume in the pools belongs to a qube: there is none to attach.")
        layout = QVBoxLayout(self)
        layout.addWidget(plain_label(text, self))
        layout.addLayout(form)
        layout.addWidget(self.buttons)
        self.volume.setFocus()
        resize_in_units(self, 110)

    def chosen(self) -> VolumeId:
        """Raises `IndexError` where there was nothing to choose."""
        return self._volumes[self.volume.currentIndex()]

    def read_only(self) -> bool:
        return self.readonly.isChecked()
