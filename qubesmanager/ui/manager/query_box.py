# SPDX-License-Identifier: GPL-3.0-or-later
"""The query box: one line that filters the table, with completion, and a sign when something is not understood."""

from PyQt5.QtCore import QModelIndex, QStringListModel, Qt, QTimer, pyqtSignal
from PyQt5.QtGui import QKeyEvent
from PyQt5.QtWidgets import QAction, QCompleter, QLineEdit, QWidget

from qubesmanager.models.query import completions, last_word, parse, settled
from qubesmanager.models.texts import plain_tip
from qubesmanager.ui.icons import icon
from qubesmanager.ui.session.session import Session

PAUSE = 60
"""Milliseconds after a key before the table is filtered."""

OFFERED = 30


class _LastWord(QCompleter):
    """Lists what the last word can become; what is chosen replaces that word alone."""

    # Qt overrides

    def pathFromIndex(self, index: QModelIndex) -> str:
        line = self.widget()
        before, _word = last_word(line.text()) if isinstance(line, QLineEdit) else ("", "")
        return before + super().pathFromIndex(index)


class QueryBox(QLineEdit):
    """Signals: `query_changed(str)` a moment after typing; `left()`: the table is to have the keys."""

    query_changed = pyqtSignal(str)
    left = pyqtSignal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setPlaceholderText(self.tr("Filter: name, tag:, netvm:, mem>2G … (Ctrl+F)"))
        self.setAccessibleName(self.tr("Filter"))
        self.setClearButtonEnabled(True)
        self.setMinimumWidth(280)
        self.setMaximumWidth(420)
        self.addAction(icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        self.warning = QAction(icon("warning"), "", self)
        self._words = QStringListModel(self)
        completer = _LastWord(self._words, self)
        completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setCompleter(completer)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(PAUSE)
        self._later.timeout.connect(self._tell_typed)
        self.textEdited.connect(self._offer)
        self.textChanged.connect(lambda _text: self._later.start())
        completer.activated.connect(lambda _text: self._tell())
        self.returnPressed.connect(self._leave)
        self.setToolTip(
            self.tr(
                "Words are combined. Try state:running tag:work netvm:sys-vpn mem>2G -template:fedora, or any property."
            )
        )

    def set_query(self, text: str) -> None:
        """As if it had been typed; at once."""
        self.setText(text)
        self._tell()

    def _offer(self, text: str) -> None:
        offered = completions(text, self._session.records.values()) if text.strip() else []
        _before, word = last_word(text)
        self._words.setStringList([each for each in offered if each != word][:OFFERED])

    def _leave(self) -> None:
        """The table shows what was typed before it has the keys: a fast hand is not to act on other qubes."""
        self._tell()
        self.left.emit()

    def _tell_typed(self) -> None:
        """While the user types: a keyword that is not complete yet filters nothing away."""
        self._filter_by(settled(self.text(), self._session.records))

    def _tell(self) -> None:
        self._filter_by(self.text())

    def _filter_by(self, text: str) -> None:
        self._later.stop()
        error = parse(text).error
        if error:
            self.warning.setToolTip(plain_tip(error))
            if self.warning not in self.actions():
                self.addAction(self.warning, QLineEdit.ActionPosition.TrailingPosition)
        else:
            self.removeAction(self.warning)
        self.query_changed.emit(text)

    # Qt overrides

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None and event.key() == Qt.Key.Key_Escape:
            self.set_query("")
            self.left.emit()
        elif event is not None and event.key() == Qt.Key.Key_Down:
            self._leave()
        else:
            super().keyPressEvent(event)
