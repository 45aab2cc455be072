# SPDX-License-Identifier: GPL-3.0-or-later
"""The logs of a qube: read, followed, searched. At most the last 1 MiB of a log is held."""

import asyncio

from PyQt5.QtCore import Qt
from PyQt5.QtGui import QFontDatabase, QKeySequence, QTextCursor, QTextDocument
from PyQt5.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QShortcut,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.transport.base import TransportError
from qubesmanager.ui.reasons import error_text
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.labels import plain_label
from qubesmanager.ui.widgets.screens import resize_in_units
from qubesmanager.wire import calls
from qubesmanager.wire.errors import Mgmt1Error

PAUSE = 2.0
"""Seconds between two looks while a log is followed."""

LINES = 20_000


class LogsWindow(QWidget):
    """One qube's logs."""

    def __init__(self, session: Session, name: str) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self._session = session
        self._name = name
        self._shown = ""
        self.setWindowTitle(self.tr("Logs of {0}").format(name))
        layout = QVBoxLayout(self)
        bar = QHBoxLayout()
        self.which = QComboBox(self)
        label = QLabel(self.tr("&Log:"), self)
        label.setBuddy(self.which)
        self.follow = QCheckBox(self.tr("&Follow"), self)
        self.follow.setChecked(True)
        self.wrap = QCheckBox(self.tr("&Wrap lines"), self)
        self.refresh = QPushButton(self.tr("&Refresh"), self)
        self.search = QLineEdit(self)
        self.search.setPlaceholderText(self.tr("Find (Ctrl+F)"))
        self.search.setAccessibleName(self.tr("Find in the log"))
        self.search.setClearButtonEnabled(True)
        bar.addWidget(label)
        bar.addWidget(self.which)
        for widget in (self.follow, self.wrap, self.refresh):
            bar.addWidget(widget)
        bar.addStretch(1)
        bar.addWidget(self.search)
        layout.addLayout(bar)
        self.text = QPlainTextEdit(self)
        self.text.setReadOnly(True)
        self.text.setUndoRedoEnabled(False)
        self.text.setMaximumBlockCount(LINES)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setAccessibleName(self.windowTitle())
        layout.addWidget(self.text, 1)
        self.status = plain_label(self.tr("Loading the logs…"), self)
        layout.addWidget(self.status)
        self.which.currentTextChanged.connect(self._chosen)
        self.refresh.clicked.connect(self._read_again)
        self.wrap.toggled.connect(self._wrap)
        self.search.returnPressed.connect(self.find_next)
        standard = QKeySequence.StandardKey
        QShortcut(QKeySequence(standard.Find), self).activated.connect(self._find)
        QShortcut(QKeySequence(standard.Refresh), self).activated.connect(self._read_again)
        resize_in_units(self, 220, 140)
        self._task = session.tasks.start_hidden(self.windowTitle(), self._live())
        following = self._task
        self.destroyed.connect(lambda: _cancel(following))

    def find_next(self) -> None:
        """Go to the next match of the searched text; after the last one, to the first."""
        word = self.search.text()
        if word and not self.text.find(word):
            self.text.moveCursor(QTextCursor.MoveOperation.Start)
            if not self.text.find(word, QTextDocument.FindFlags()):
                self.status.setText(self.tr("Not found."))

    async def _live(self) -> None:
        try:
            await self._follow()
        except (Mgmt1Error, TransportError) as error:
            self.status.setText(self.tr("The logs cannot be read: {0}").format(error_text(error)))
            raise

    async def _follow(self) -> None:
        while not (names := await self._session.client.send(calls.VM_LOG_LIST(self._name))):
            self.status.setText(self.tr("There are no logs of this qube yet."))
            await asyncio.sleep(PAUSE)
        self.which.addItems(names)
        while True:
            await asyncio.sleep(PAUSE)
            if self.follow.isChecked() and self.isVisible():
                await self._read(self.which.currentText())

    async def _read(self, log: str) -> None:
        text = await self._session.client.send(calls.VM_LOG_GET(self._name, log))
        if log != self.which.currentText() or text == self._shown:
            return
        bar = self.text.verticalScrollBar()
        at_end = bar is None or bar.value() >= bar.maximum() - 2
        if self._shown and text.startswith(self._shown):
            cursor = QTextCursor(self.text.document())
            cursor.movePosition(QTextCursor.MoveOperation.End)
            cursor.insertText(text[len(self._shown) :])
        else:
            # The edit would throw away the first lines itself, one after the other.
            self.text.setPlainText("\n".join(text.split("\n")[-LINES:]))
        self._shown = text
        lines = self.text.blockCount() - text.endswith("\n")
        self.status.setText(self.tr("%n line(s)", "", lines) if text else self.tr("It is empty."))
        if at_end and bar is not None:
            bar.setValue(bar.maximum())

    def _find(self) -> None:
        self.search.setFocus()

    def _chosen(self, log: str) -> None:
        self._shown = ""
        self.text.clear()
        if log:
            self._read_again()

    def _read_again(self) -> None:
        if log := self.which.currentText():
            self._session.tasks.start_hidden(self.windowTitle(), self._read(log))

    def _wrap(self, on: bool) -> None:  # noqa: FBT001 - a slot
        mode = QPlainTextEdit.LineWrapMode
        self.text.setLineWrapMode(mode.WidgetWidth if on else mode.NoWrap)


def _cancel(task: "asyncio.Task[None]") -> None:
    task.cancel()


def open_logs(session: Session, names: tuple[str, ...]) -> QWidget:
    """Open the window of the first name."""
    return LogsWindow(session, names[0])
