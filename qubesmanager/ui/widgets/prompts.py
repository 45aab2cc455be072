# SPDX-License-Identifier: GPL-3.0-or-later
"""Dialogs that are opened and awaited without a nested event loop: the window below stays usable."""

import asyncio
from collections.abc import Callable, Sequence

from PyQt5 import sip
from PyQt5.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.ui.widgets.button_box import button_box
from qubesmanager.ui.widgets.labels import embolden, plain_label
from qubesmanager.ui.widgets.screens import keep_on_screen, resize_in_units


async def opened(dialog: QDialog) -> bool:
    """Open the dialog and wait until it is closed. Returns whether it was accepted; the dialog is deleted.

    Cancels the caller if the dialog is deleted with its window: what the caller would do next is about that.
    """
    done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def settle(result: int) -> None:
        if not done.done():
            done.set_result(result == QDialog.DialogCode.Accepted)

    def give_up() -> None:
        done.cancel()

    dialog.finished.connect(settle)
    dialog.destroyed.connect(give_up)
    keep_on_screen(dialog)
    dialog.open()
    try:
        return await done
    finally:
        if not sip.isdeleted(dialog):  # with its window
            dialog.hide()
            dialog.deleteLater()


def ask_where_to_save(
    parent: QWidget, title: str, name: str, chosen: Callable[[str], None], filters: Sequence[str] = ()
) -> None:
    """Ask for a new file, `name` with its suffix unless the user takes another, and call `chosen` with its path."""
    dialog = QFileDialog(parent, title)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    if filters:
        dialog.setNameFilters(filters)
    dialog.setDefaultSuffix(name.rpartition(".")[2])
    dialog.selectFile(name)
    dialog.finished.connect(dialog.deleteLater)
    dialog.fileSelected.connect(chosen)
    dialog.open()


class Question(QDialog):
    """A dialog with a sentence, its details and two buttons; the harmless button has the focus."""

    def __init__(self, parent: QWidget | None, title: str, text: str, yes: str, *, details: str = "") -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        layout = QVBoxLayout(self)
        headline = plain_label(text, self)
        embolden(headline)
        layout.addWidget(headline)
        if details:
            layout.addWidget(plain_label(details, self))
        layout.addStretch(1)
        self.buttons = button_box(self, QDialogButtonBox.StandardButton.Cancel)
        self.yes = QPushButton(yes, self)
        self.yes.setObjectName("yes")
        self.buttons.addButton(self.yes, QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        layout.addWidget(self.buttons)
        if cancel := self.buttons.button(QDialogButtonBox.StandardButton.Cancel):
            cancel.setDefault(True)
            cancel.setFocus()
        resize_in_units(self, 105)


async def confirm(parent: QWidget | None, title: str, text: str, yes: str, *, details: str = "") -> bool:
    """Ask a question; returns whether the answer is yes. All texts are shown as plain text."""
    return await opened(Question(parent, title, text, yes, details=details))


def lay_out_form(dialog: QDialog, form: QFormLayout, problem: QLabel | None = None) -> QDialogButtonBox:
    """Lay out a dialog: the form, the label of its problem if it has one, OK and Cancel. Returns the buttons."""
    buttons = button_box(dialog, QDialogButtonBox.StandardButton.Ok, QDialogButtonBox.StandardButton.Cancel)
    buttons.accepted.connect(dialog.accept)
    buttons.rejected.connect(dialog.reject)
    layout = QVBoxLayout(dialog)
    layout.addLayout(form)
    if problem is not None:
        layout.addWidget(problem)
    layout.addWidget(buttons)
    return buttons
