# SPDX-License-Identifier: GPL-3.0-or-later
"""A bar that shows what other clients changed while the settings are open, and asks about edits of the same fields."""

from collections.abc import Iterable

from PyQt5.QtCore import QCoreApplication, pyqtSignal
from PyQt5.QtWidgets import QFrame, QHBoxLayout, QPushButton, QWidget

from qubesmanager.models.draft import Draft
from qubesmanager.models.property_titles import SYSTEM_TITLES, property_title
from qubesmanager.models.shared_draft import SharedDraft
from qubesmanager.plans.lifecycle import START
from qubesmanager.plans.plan import DEVICE, FEATURE, NOTES, RULES, TAG, VOLUME, Key
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.labels import plain_label


class MergeBar(QFrame):
    """Hidden while nothing is changed elsewhere. Without a connection, and with a conflict, nothing can be sent.

    Signals: `changed()`: `problem` is different.
    """

    changed = pyqtSignal()

    def __init__(self, draft: Draft | SharedDraft, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._draft, self._session = draft, session
        self._is_over = False
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.text = plain_label("", self)
        self.mine = QPushButton(self.tr("Keep m&ine"), self)
        self.mine.clicked.connect(draft.keep_mine)
        self.theirs = QPushButton(self.tr("&Take theirs"), self)
        self.theirs.clicked.connect(draft.take_theirs)
        self.dismiss = QPushButton(self.tr("Seen"), self)
        self.dismiss.clicked.connect(draft.seen)
        row = QHBoxLayout(self)
        row.addWidget(self.text, 1)
        for button in (self.mine, self.theirs, self.dismiss):
            row.addWidget(button)
        draft.changed.connect(self.refresh)
        session.lost.connect(self._connection_changed)
        session.synced.connect(self._connection_changed)
        self.refresh()

    def _connection_changed(self, _lost: object = None) -> None:
        self.refresh()
        self.changed.emit()

    def end(self, *, is_over: bool) -> None:
        """Ask nothing more, since there is nothing to send to; or ask again."""
        self._is_over = is_over
        self.refresh()

    def refresh(self) -> None:
        """Show the changes of other clients, or hide the bar."""
        conflicts, merged = self._draft.conflicts, self._draft.merged
        away = self._session.trouble is not None
        self.setVisible(bool(away or conflicts or merged) and not self._is_over)
        for button in (self.mine, self.theirs):
            button.setVisible(bool(conflicts) and not away)
        self.dismiss.setVisible(not conflicts and not away)
        if away:
            self.text.setText(self.tr("The connection is lost, so this may be out of date. Trying again."))
        elif conflicts:
            self.text.setText(
                self.tr("Changed elsewhere meanwhile, and edited here: {0}. Which do you want to keep?").format(
                    _listed(conflicts)
                )
            )
        else:
            self.text.setText(self.tr("Changed elsewhere meanwhile: {0}.").format(_listed(merged)))

    def problem(self) -> str:
        """Why nothing can be sent now; empty: it can."""
        if self._session.trouble is not None:
            return self.tr("There is no connection.")
        return self.tr("Choose which change to keep.") if self._draft.conflicts else ""


def _listed(keys: Iterable[Key]) -> str:
    return ", ".join(key_text(key) for key in sorted(keys))


def key_text(key: Key) -> str:
    """The name of a key in the user's language."""
    kind, name = key
    if kind == FEATURE:
        return QCoreApplication.translate("MergeBar", "the feature {0}").format(name)
    if kind == TAG:
        return QCoreApplication.translate("MergeBar", "the tag {0}").format(name)
    if kind == VOLUME:
        return QCoreApplication.translate("MergeBar", "the size of {0}").format(name)
    if kind == DEVICE:
        return QCoreApplication.translate("MergeBar", "the device {0}").format(name)
    if kind == START:
        return QCoreApplication.translate("MergeBar", "the start of its net qube")
    if kind == RULES:
        return QCoreApplication.translate("MergeBar", "the firewall")
    if kind == NOTES:
        return QCoreApplication.translate("MergeBar", "the notes")
    return property_title(name, of_system=name in SYSTEM_TITLES)
