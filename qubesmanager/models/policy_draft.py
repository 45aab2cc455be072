# SPDX-License-Identifier: GPL-3.0-or-later
"""The policy files of dom0 with the user's edits: told what dom0 has, never asking."""

from collections.abc import Iterable

from PyQt5.QtCore import QObject, pyqtSignal

from qubesmanager.policy.edition import Edition, edition_of
from qubesmanager.policy.reading import Files
from qubesmanager.wire.policy_files import INCLUDES, NEW, RUNTIME, FileChange, PolicyFile

UNDONE = 200
"""Edits that can be undone."""

_Edits = dict[str, str | None]


class PolicyDraft(QObject):
    """Signals: `changed()`: a file, an edit or a conflict is another.

    An edit belongs to the version of the file that was there when it began. If dom0 has another one since, the path is
    in `conflicts` until the user chooses: `keep_mine` or `take_theirs`.
    """

    changed = pyqtSignal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.base = Edition(Files({}))
        """The files as dom0 has them."""
        self.edition = self.base
        """The files with the edits."""
        self.conflicts: frozenset[str] = frozenset()
        self.is_known = False
        """Whether dom0 has answered once."""
        self._edits: _Edits = {}
        self._tokens: dict[str, str] = {}
        self._began: dict[str, str] = {}
        """By path of an edit: the token of the version that it belongs to."""
        self._undo: list[_Edits] = []

    # -- what there is ------------------------------------------------------------------------------------------------

    def load(self, files: Iterable[PolicyFile]) -> None:
        """Take the files that dom0 has now. Edits stay; one that dom0 has now, too, is no edit any longer."""
        rows = list(files)
        self.base = edition_of(rows)
        self._tokens = {file.path: file.token for file in rows if file.folder != RUNTIME and not file.is_folder}
        self.is_known = True
        self._settle()

    def text(self, path: str) -> str:
        """The text with the edits; empty for a file that is not there."""
        return self.edition.policy.files.get(path, "")

    def edited(self) -> list[str]:
        """The paths of files with edits, sorted."""
        return sorted(self._edits)

    def is_removed(self, path: str) -> bool:
        return path in self._edits and self._edits[path] is None

    def sendings(self) -> list[FileChange]:
        """What is to be sent, in an order in which no file lacks what it includes."""
        edits = sorted(self._edits.items(), key=lambda edit: (not edit[0].startswith(INCLUDES), edit[0]))
        written = [self._change(path, text) for path, text in edits if text is not None]
        return written + [self._change(path, None) for path, text in reversed(edits) if text is None]

    def _change(self, path: str, text: str | None) -> FileChange:
        return FileChange(path, self._began[path], self.base.policy.files.get(path), text)

    @property
    def can_undo(self) -> bool:
        return bool(self._undo)

    # -- what the user does -------------------------------------------------------------------------------------------

    def edit(self, path: str, text: str | None) -> None:
        """Give a file a new text, or remove it with None."""
        if text == self.edition.policy.files.get(path):
            return
        self._undo.append(dict(self._edits))
        del self._undo[:-UNDONE]
        self._put(path, text)
        self._settle()

    def undo(self) -> None:
        """Take the last edit back."""
        if self._undo:
            former = self._undo.pop()
            for path in {*self._edits, *former}:
                self._put(path, former.get(path, self.base.policy.files.get(path)))
            self._settle()

    def discard(self, path: str = "") -> None:
        """Forget the edits, of all files or of one."""
        if not self._edits:
            return
        self._undo.append(dict(self._edits))
        for each in [path] if path else self.edited():
            self._edits.pop(each, None)
        self._settle()

    def keep_mine(self, path: str) -> None:
        """The edits are now edits of the version that dom0 has."""
        if path in self._edits:
            self._began[path] = self._tokens.get(path, NEW)
            self._settle()

    def take_theirs(self, path: str) -> None:
        """Forget the edits of a file."""
        self._edits.pop(path, None)
        self._settle()

    def _put(self, path: str, text: str | None) -> None:
        if path not in self._edits:
            self._began[path] = self._tokens.get(path, NEW)
        self._edits[path] = text

    def _settle(self) -> None:
        files = self.base.policy.files
        self._edits = {path: text for path, text in self._edits.items() if text != files.get(path)}
        self._began = {path: self._began[path] for path in self._edits}
        self.conflicts = frozenset(path for path in self._edits if self._began[path] != self._tokens.get(path, NEW))
        self.edition = self.base.changed(self._edits)
        self.changed.emit()
