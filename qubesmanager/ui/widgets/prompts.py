# SPDX-License-Identifier: GPL-3.0-or-later
"""Dialogs that are opened and awaited: the window goes on living beneath them, no event loop is nested."""

import asyncio

from PyQt5.QtCore import Qt
from PyQt5.QtGui import QColor, QPalette
from PyQt5.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPushButton, QVBoxLayout, QWidget


async def opened(dialog: QDialog) -> bool:
    """Open the dialog, wait until it is closed: whether it was accepted. The dialog is deleted then."""
    done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def settle(result: int) -> None:
        if not done.done():
            done.set_result(result == QDialog.DialogCode.Accepted)

    dialog.finished.connect(settle)
    dialog.open()
    try:
        return await done
    finally:
        dialog.hide()
        dialog.deleteLater()


def plain_label(text: str, parent: QWidget | None = None) -> QLabel:
    """A label that shows its text as it is, wraps, and lets it be selected."""
    label = QLabel(parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setText(text)
    return label


class Question(QDialog):
    """A sentence, what it means, and two buttons; the harmless one has the focus."""

    def __init__(self, parent: QWidget | None, title: str, text: str, yes: str, *, details: str = "") -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        layout = QVBoxLayout(self)
        headline = plain_label(text, self)
        font = headline.font()
        font.setBold(True)
        headline.setFont(font)
        layout.addWidget(headline)
        if details:
            layout.addWidget(plain_label(details, self))
        layout.addStretch(1)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self.yes = QPushButton(yes, self)
        self.yes.setObjectName("yes")
        self.buttons.addButton(self.yes, QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        layout.addWidget(self.buttons)
        if cancel := self.buttons.button(QDialogButtonBox.StandardButton.Cancel):
            cancel.setDefault(True)
            cancel.setFocus()
        self.resize(420, self.sizeHint().height())


async def confirm(parent: QWidget | None, title: str, text: str, yes: str, *, details: str = "") -> bool:
    """Whether the person says yes. All texts are shown as plain text."""
    return await opened(Question(parent, title, text, yes, details=details))


def redden(button: QPushButton) -> None:
    """Mark a button that destroys. Red stands for nothing else but a label."""
    palette = button.palette()
    dark = palette.color(QPalette.ColorRole.Button).lightness() < HALF
    color = QColor("#ff8a80" if dark else "#b3261e")
    for group in (QPalette.ColorGroup.Active, QPalette.ColorGroup.Inactive):
        palette.setColor(group, QPalette.ColorRole.ButtonText, color)
    button.setPalette(palette)


def subdue(widget: QWidget) -> None:
    """Text that stands back, and can still be read: between the palette's text and its ground."""
    palette = widget.palette()
    color = subdued(palette)
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text):
        palette.setColor(role, color)
    widget.setPalette(palette)


def subdued(palette: QPalette) -> QColor:
    text, ground = palette.color(QPalette.ColorRole.WindowText), palette.color(QPalette.ColorRole.Window)

    def mixed(one: int, other: int) -> int:
        return round(one * TEXT_SHARE + other * (1 - TEXT_SHARE))

    return QColor(
        mixed(text.red(), ground.red()), mixed(text.green(), ground.green()), mixed(text.blue(), ground.blue())
    )


TEXT_SHARE = 0.62
"""How much of the text's colour is in subdued text: enough for a contrast of 4.5 to 1 in the usual palettes."""


def show_problem(label: QLabel, problem: str | None) -> None:
    """A problem beside its field; nothing where there is none, and the space is kept so that nothing jumps."""
    label.setText(problem or "")
    label.setAccessibleName(problem or "")


def problem_label(parent: QWidget) -> QLabel:
    """The place for what is wrong with a field."""
    label = plain_label("", parent)
    palette = label.palette()
    dark = palette.color(QPalette.ColorRole.Window).lightness() < HALF
    palette.setColor(QPalette.ColorRole.WindowText, QColor("#e0a030" if dark else "#8a5a00"))
    label.setPalette(palette)
    return label


HALF = 128
"""Half of the scale of lightness: below is dark."""
