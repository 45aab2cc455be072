# SPDX-License-Identifier: GPL-3.0-or-later
"""A window that asks before unsaved edits are lost."""

from PyQt5.QtCore import QCoreApplication, Qt
from PyQt5.QtGui import QCloseEvent, QKeyEvent
from PyQt5.QtWidgets import QWidget

from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.prompts import confirm


class EditsWindow(QWidget):
    """A window that is not modal, with edits that are sent later. Escape closes it; closing asks if there are edits."""

    def __init__(self, session: Session) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self._session = session
        self._is_leaving = False

    def has_edits(self) -> bool:
        """Whether closing the window now would lose edits."""
        raise NotImplementedError

    def question(self) -> str:
        """Asked before edits are lost."""
        return QCoreApplication.translate("EditsWindow", "Leave without applying the changes?")

    def leave(self) -> None:
        """Close without asking."""
        self._is_leaving = True
        self.close()

    def try_to_close(self) -> None:
        """Close, but ask first if there are edits."""
        self.close()

    async def _ask_to_leave(self) -> None:
        discard = QCoreApplication.translate("EditsWindow", "Discard")
        if await confirm(self, _title(), self.question(), discard):
            self.leave()

    # Qt overrides

    def closeEvent(self, event: QCloseEvent | None) -> None:
        if event is None:
            return
        if self.has_edits() and not self._is_leaving:
            event.ignore()
            self._session.tasks.start_hidden(_title(), self._ask_to_leave(), owner=self)
            return
        event.accept()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None and event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)


def _title() -> str:
    return QCoreApplication.translate("EditsWindow", "Unsaved changes")
