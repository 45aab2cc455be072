# SPDX-License-Identifier: GPL-3.0-or-later
"""The command palette: one box that finds every action and every qube."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PyQt5.QtCore import QEvent, QObject, QSize, Qt
from PyQt5.QtGui import QIcon, QKeyEvent
from PyQt5.QtWidgets import QDialog, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from qubesmanager.models.texts import plain_tip

MOST = 60
"""Lines that are shown at once."""


@dataclass(frozen=True, slots=True)
class Command:
    """A line: its text, what runs, and why not now (empty if it can)."""

    text: str
    run: Callable[[], None]
    icon: QIcon
    hint: str = ""
    refused: str = ""


def found(commands: Sequence[Command], typed: str) -> list[Command]:
    """The commands that hold all typed words; those that start with the text first, possible before refused."""
    words = typed.casefold().split()
    hits = [command for command in commands if all(word in command.text.casefold() for word in words)]
    start = typed.casefold().strip()
    return sorted(hits, key=lambda command: (bool(command.refused), not command.text.casefold().startswith(start)))


class CommandPalette(QDialog):
    """Type, choose with the arrows, Enter runs it."""

    def __init__(self, parent: QWidget, commands: Sequence[Command]) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Commands"))
        self._commands = list(commands)
        self._shown: list[Command] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        self.edit = QLineEdit(self)
        self.edit.setPlaceholderText(self.tr("Type an action or the name of a qube"))
        self.edit.setAccessibleName(self.tr("Commands"))
        self.edit.setClearButtonEnabled(True)
        self.list = QListWidget(self)
        self.list.setUniformItemSizes(True)
        self.list.setIconSize(QSize(16, 16))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setAccessibleName(self.tr("Matching commands"))
        layout.addWidget(self.edit)
        layout.addWidget(self.list)
        self.edit.textChanged.connect(self._apply_filter)
        self.edit.returnPressed.connect(self._run)
        self.edit.installEventFilter(self)
        self.list.itemClicked.connect(lambda _item: self._run())
        self.resize(520, 380)
        middle = parent.mapToGlobal(parent.rect().center())
        self.move(middle.x() - self.width() // 2, parent.mapToGlobal(parent.rect().topLeft()).y() + 60)
        self._apply_filter()
        self.edit.setFocus()

    def _apply_filter(self) -> None:
        self._shown = found(self._commands, self.edit.text())[:MOST]
        self.list.clear()
        for command in self._shown:
            text = f"{command.text}   {command.hint}" if command.hint else command.text
            item = QListWidgetItem(command.icon, text, self.list)
            if command.refused:
                item.setFlags(Qt.ItemFlags() | Qt.ItemFlag.ItemIsSelectable)
                item.setText(f"{command.text} - {command.refused}".replace("\n", " "))
                item.setToolTip(plain_tip(command.refused))
        if self._shown:
            self.list.setCurrentRow(0)

    def _run(self) -> None:
        row = self.list.currentRow()
        if 0 <= row < len(self._shown) and not self._shown[row].refused:
            command = self._shown[row]
            self.close()
            command.run()

    # Qt overrides

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Up and down move in the list while the box keeps the keyboard."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 10, Qt.Key.Key_PageUp: -10}.get(
                Qt.Key(event.key())
            )
            if step is not None and self._shown:
                self.list.setCurrentRow(max(0, min(len(self._shown) - 1, self.list.currentRow() + step)))
                return True
        return super().eventFilter(watched, event)
