# SPDX-License-Identifier: GPL-3.0-or-later
"""The buttons at the foot of a dialog, with words only: the icons that a style adds are coloured and of another set."""

from PyQt5.QtGui import QIcon
from PyQt5.QtWidgets import QDialogButtonBox, QWidget


def button_box(parent: QWidget, *buttons: QDialogButtonBox.StandardButton) -> QDialogButtonBox:
    """A box with these buttons, in the order of the desktop."""
    box = QDialogButtonBox(parent)
    for each in buttons:
        button = box.addButton(each)
        if button is not None:
            button.setIcon(QIcon())
    return box
