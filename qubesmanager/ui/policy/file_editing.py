# SPDX-License-Identifier: GPL-3.0-or-later
"""New, imported and removed policy files, as edits."""

import asyncio
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal
from PyQt5.QtWidgets import QFileDialog, QWidget

from qubesmanager.models.policy_draft import PolicyDraft
from qubesmanager.ui.policy.new_file_dialog import NewFileDialog, usable_name
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.error_bar import ErrorBar
from qubesmanager.ui.widgets.prompts import opened

EMPTY = "# \n"


class FileEditing(QObject):
    """Signals: `added(str)`: show this file."""

    added = pyqtSignal(str)

    def __init__(self, session: Session, draft: PolicyDraft, bar: ErrorBar, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._draft, self._bar, self._window = session, draft, bar, window

    def new(self) -> None:
        """Ask for the name of a new file."""
        self._session.tasks.start_hidden(self.tr("Add a policy file"), self._add("", EMPTY), owner=self)

    def choose_import(self) -> None:
        """Ask for a file of this computer, and for the name it gets."""
        self._session.tasks.start_hidden(self.tr("Import a policy file"), self._choose(), owner=self)

    async def _choose(self) -> None:
        dialog = QFileDialog(self._window, self.tr("Import a policy file"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        if await opened(dialog) and (chosen := dialog.selectedFiles()):
            await self._import(Path(chosen[0]))

    def start_import(self, file: Path) -> None:
        """Ask for the name that the content of a file gets; one that qrexec takes is offered."""
        self._session.tasks.start_hidden(self.tr("Import a policy file"), self._import(file), owner=self)

    async def _import(self, file: Path) -> None:
        try:
            text = await asyncio.to_thread(file.read_text, encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            self._bar.show_notice(self.tr("{0} cannot be read as text.").format(file.name))
            return
        await self._add(usable_name(file.name), text)

    async def _add(self, name: str, text: str) -> None:
        dialog = NewFileDialog(self.tr("New policy file"), name, self._draft.edition.policy.files, self._window)
        if await opened(dialog):
            path = dialog.path()
            self._draft.edit(path, text)
            self.added.emit(path)
