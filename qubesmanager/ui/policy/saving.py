# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends the edits of the policy, keeps the versions that they replace, and shows conflicts with other clients."""

import asyncio
from contextlib import suppress

from PyQt5 import sip
from PyQt5.QtCore import QObject, pyqtSignal
from PyQt5.QtWidgets import QMenu, QToolButton

from qubesmanager.client.carry_out import Outcome, send_whole
from qubesmanager.models.policy_draft import PolicyDraft
from qubesmanager.models.texts import date_text
from qubesmanager.plans.policy_files import file_step
from qubesmanager.ui.actions.plan_dialog import UNDO_SECONDS
from qubesmanager.ui.policy.policy_watch import PolicyWatch
from qubesmanager.ui.policy.versions import Version, Versions
from qubesmanager.ui.reasons import error_text
from qubesmanager.ui.session.session import Session, state_folder
from qubesmanager.ui.session.tasks import ToldError
from qubesmanager.ui.widgets.error_bar import ErrorBar, Notice, Offer

FILE = "policy-versions.json"


class Saving(QObject):
    """Signals: `changed()`: `is_busy` is another; `file_wanted(str)`: show a file."""

    changed = pyqtSignal()
    file_wanted = pyqtSignal(str)

    def __init__(self, session: Session, watch: PolicyWatch, bar: ErrorBar, button: QToolButton) -> None:
        super().__init__(bar)
        self._session, self._watch, self._bar, self._button = session, watch, bar, button
        self._draft: PolicyDraft = watch.draft
        self._conflict: Notice | None = None
        self._conflict_path = ""
        self.is_busy = False
        self.versions = Versions(state_folder() / FILE)
        self._draft.changed.connect(self._show_conflict)
        self._fill_versions()
        session.tasks.start_hidden(self.tr("Read the versions"), self._load_versions(), owner=self)

    def save(self) -> None:
        """Send the edits, each with the token of the version that was edited."""
        self._set_busy(is_busy=True)
        self._session.tasks.start(self.tr("Save the policy"), self._save(), owner=self)

    async def _save(self) -> None:
        """All of the edits, or none: what was sent before a refusal is taken back, and is still an edit."""
        changes = self._draft.sendings()
        try:
            outcome = await send_whole(self._session.client, [file_step(change) for change in changes])
            if outcome.error is not None:
                text = self._refused_text(outcome)
                self._bar.show_notice(text)
                raise ToldError(text) from outcome.error
            for change in changes:
                with suppress(OSError):
                    await asyncio.to_thread(self.versions.keep, change.path, change.before)
        finally:
            if not sip.isdeleted(self):  # the window may have been closed meanwhile
                self._set_busy(is_busy=False)
                self._watch.ask()
        self._say_saved([Version(change.path, change.before, 0) for change in changes])

    def _refused_text(self, outcome: Outcome) -> str:
        """Why nothing was saved, and what could not be taken back."""
        text = self.tr("Not saved: {0}").format("" if outcome.error is None else error_text(outcome.error))
        if not outcome.sent:
            return text
        paths = ", ".join(step.key[1] for step in outcome.sent)
        left = self.tr("These are changed and could not be taken back: {0}.").format(paths)
        return f"{text} {left}"

    def _set_busy(self, *, is_busy: bool) -> None:
        self.is_busy = is_busy
        self.changed.emit()

    def _say_saved(self, sent: list[Version]) -> None:
        def undo() -> None:
            for version in sent:
                self._draft.edit(version.path, version.text)

        paths = ", ".join(version.path for version in sent)
        text = self.tr("Saved {0}. Undo brings the last version back, to be saved again.").format(paths)
        self._bar.show_notice(text, (Offer(self.tr("Undo"), undo),), warning=False, seconds=UNDO_SECONDS)
        self._fill_versions()

    # -- versions -----------------------------------------------------------------------------------------------------

    async def _load_versions(self) -> None:
        await asyncio.to_thread(self.versions.load)
        self._fill_versions()

    def _fill_versions(self) -> None:
        """The versions that this program has replaced, newest first; one that is chosen becomes an edit."""
        menu = QMenu(self._button)
        for version in self.versions.newest_first:
            text = f"{version.path}, {date_text(version.replaced)}"
            if (action := menu.addAction(text.replace("&", "&&"))) is not None:
                action.triggered.connect(lambda _checked=False, version=version: self._restore(version))
        if (former := self._button.menu()) is not None:
            former.deleteLater()
        self._button.setMenu(menu)
        has_any = bool(self.versions.newest_first)
        self._button.setEnabled(has_any)
        tip = self.tr("Bring back a version that this program replaced")
        self._button.setToolTip(tip if has_any else self.tr("This program has not replaced a version yet."))

    def _restore(self, version: Version) -> None:
        self._draft.edit(version.path, version.text)
        self.file_wanted.emit(version.path)

    # -- conflicts ----------------------------------------------------------------------------------------------------

    def _show_conflict(self) -> None:
        """A bar for a file that was changed elsewhere since its edits began; it goes once the user has chosen."""
        path = min(self._draft.conflicts, default="")
        if self._conflict is not None and path != self._conflict_path:
            self._conflict.dismiss()
            self._conflict = None
        if path and self._conflict is None:
            self._conflict_path = path
            text = self.tr("{0} was changed elsewhere since your edits began. They are shown against that version now.")
            self._conflict = self._bar.show_notice(
                text.format(path),
                (
                    Offer(self.tr("Keep mine"), lambda: self._draft.keep_mine(path)),
                    Offer(self.tr("Take the other version"), lambda: self._draft.take_theirs(path)),
                ),
            )
