# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of text that are only read, such as the calls of a plan: written in steps, because there may be thousands."""

from collections.abc import Iterable

from PyQt5.QtGui import QTextCursor
from PyQt5.QtWidgets import QPlainTextEdit, QWidget

from qubesmanager.rules.stepwise import Steps

LINES = 200
"""Lines that are written in one step."""


class LinesPreview(QPlainTextEdit):
    """Shows the lines of the last `write`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self._lines: list[str] | None = []
        """The lines that are shown; None while not all of them are."""

    def write(self, lines: Iterable[str]) -> Steps[None]:
        """Show these lines; nothing changes where they are the same."""
        made: list[str] = []
        for line in lines:
            made.append(line)
            yield
        if made == self._lines:
            return
        self._lines = None
        self.clear()
        cursor = QTextCursor(self.document())
        for first in range(0, len(made), LINES):
            cursor.insertText("\n" * bool(first) + "\n".join(made[first : first + LINES]))
            yield
        self._lines = made
