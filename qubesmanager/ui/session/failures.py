# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups and restores that failed, of any client, in a sentence for the desktop."""

from collections.abc import Iterable

from PyQt5.QtCore import QObject, pyqtSignal

from qubesmanager.models.reason_texts import run_text
from qubesmanager.ui.session.session import Session
from qubesmanager.wire.backups import CANCELLED, INCOMPLETE, OK, BackupRun
from qubesmanager.wire.event import Event
from qubesmanager.wire.events import RESTORE_FINISHED


class Failures(QObject):
    """Signal `failed(title, text)`: a run made no backup or not of all qubes, or a restore did not restore all."""

    failed = pyqtSignal(str, str)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        session.backups.ended.connect(self._backup_ended)
        session.happened.connect(self._happened)

    def _backup_ended(self, run: BackupRun) -> None:
        if run.is_troubled:
            text = self.tr("The backup {0} failed: {1}")
            if run.result == INCOMPLETE:
                text = self.tr("The backup {0} is not complete: {1}")
            self.failed.emit(self.tr("Backup"), text.format(run.profile, run_text(run)))

    def _happened(self, events: Iterable[Event]) -> None:
        for event in events:
            ended = RESTORE_FINISHED.of(event)
            if ended is not None and ended.result not in {OK, CANCELLED}:
                text = self.tr("A restore or a verification failed, or some qubes were not restored. See its report.")
                self.failed.emit(self.tr("Restore"), text)
