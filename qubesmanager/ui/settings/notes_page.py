# SPDX-License-Identifier: GPL-3.0-or-later
"""The notes of a qube: plain text."""

from PyQt5.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from qubesmanager.models.draft import Draft
from qubesmanager.models.reason_texts import reason_text
from qubesmanager.plans.plan import NOTES, Key
from qubesmanager.plans.settings import NOTES_KEY
from qubesmanager.ui.widgets.labels import plain_label
from qubesmanager.wire.reason import Reason


class NotesPage(QWidget):
    """One text, up to 256 KiB."""

    def __init__(self, draft: Draft, why_not: Reason | None = None, parent: QWidget | None = None) -> None:
        """`why_not`: why the qube has no notes."""
        super().__init__(parent)
        self._draft = draft
        self.text = QPlainTextEdit(self)
        self.text.setTabChangesFocus(True)
        self.text.setPlaceholderText(self.tr("What this qube is for, and what to know about it."))
        self.text.setAccessibleName(self.tr("Notes"))
        self.problem = plain_label("", self)
        self.problem.hide()
        layout = QVBoxLayout(self)
        layout.addWidget(self.text)
        layout.addWidget(self.problem)
        self.text.textChanged.connect(self._edited)
        draft.changed.connect(self._refresh)
        if why_not is not None:
            self.text.setEnabled(False)
            self.problem.setText(reason_text(why_not))
            self.problem.show()
        self._refresh()

    def refuse(self, key: Key, reason: str) -> bool:
        if key[0] != NOTES:
            return False
        self.problem.setText(reason)
        self.problem.show()
        return True

    def _edited(self) -> None:
        self.problem.hide()
        if self.text.toPlainText() != (self._draft.value(NOTES_KEY) or ""):
            self._draft.edit(NOTES_KEY, self.text.toPlainText())

    def _refresh(self) -> None:
        shown = self._draft.value(NOTES_KEY) or ""
        if self.text.toPlainText() != shown:
            self.text.setPlainText(shown)
