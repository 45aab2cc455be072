# SPDX-License-Identifier: GPL-3.0-or-later
"""A restore in progress. The session owns it, so that it continues and keeps its report when its window is closed."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal

from qubesmanager.client.restore_report import report_text
from qubesmanager.client.restores import Progress, new_run, restore
from qubesmanager.models.pace import Pace
from qubesmanager.models.texts import estimate_text, number_text, size_text
from qubesmanager.transport.base import RefusedError, TransportError
from qubesmanager.ui.restore.restore_texts import notes, why
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.session.tasks import AtClose, TaskState, report
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.event import Event
from qubesmanager.wire.restores import THE_FILE, Restored, RestorePlan, qube_in_progress


class RestoreRun(QObject):
    """One restore or look at everything. Signals: `changed()`: how far it is; `ended()`: it is over, with `rows`.

    `state` as of its task; `error` what was answered instead of rows.
    """

    changed = pyqtSignal()
    ended = pyqtSignal()

    def __init__(self, session: Session, path: Path, plan: RestorePlan, names: Sequence[str]) -> None:
        """`names` are the qubes of the backup that it is about."""
        super().__init__(session)
        self.path, self.plan = path, plan
        self.run = new_run()
        self.state = TaskState.RUNNING
        self.progress = Progress(0, 0)
        self.qube = ""
        self.rows: list[Restored] = []
        self.error = ""
        self.is_unknown = False
        """The connection was lost, so the result is not known."""
        self.log: list[str] = []
        self.is_shown = False
        """Whether a window has shown how it ended."""
        self._states = dict.fromkeys(names, "waiting")
        self._pace = Pace()
        self._pace.put(time.monotonic(), READING, 0)
        self._reported_at = 0.0
        self._session = session
        self._task: asyncio.Task[None] | None = None
        session.happened.connect(self._happened)

    def start(self, passphrase: str) -> None:
        """Begin, as a task of the session."""
        title = self.tr("Verify {0}") if self.plan.verify_only else self.tr("Restore from {0}")
        self._note(title.format(self.path.name))
        self._task = self._session.tasks.start(
            title.format(self.path.name), self._carry_out(passphrase), at_close=AtClose.CANCELLED
        )
        self._task.add_done_callback(self._settle)

    def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    @property
    def is_over(self) -> bool:
        return self.state is not TaskState.RUNNING

    @property
    def has_failed(self) -> bool:
        """It is over, and not all went well."""
        return self.state in {TaskState.FAILED, TaskState.CANCELLED}

    @property
    def failed(self) -> int:
        """How many qubes, or parts of dom0's configuration, could not be restored."""
        return sum(row.result == "failed" and row.qube != THE_FILE for row in self.rows)

    @property
    def is_damaged(self) -> bool:
        """Something is wrong with the file, so that salvaging it may bring back more."""
        return any(row.result == "failed" and (row.is_qube or row.qube == THE_FILE) for row in self.rows)

    @property
    def done(self) -> int:
        return sum(row.result == "ok" and row.is_qube for row in self.rows)

    def shown_rows(self) -> list[Restored]:
        """The results of the qubes, or their progress while the restore runs."""
        if self.is_over:
            return self.rows
        return [Restored(qube, "", state, "") for qube, state in self._states.items()]

    def headline(self) -> str:
        """How it is, or how it ended, in a sentence."""
        if self.state is TaskState.RUNNING:
            return self.tr("Verifying…") if self.plan.verify_only else self.tr("Restoring…")
        if self.state is TaskState.CANCELLED:
            return self.tr("Cancelled. No partly restored qube was left.")
        if self.is_unknown:
            return self.tr("The connection was lost. See the list of qubes for what was restored.")
        if self.error:
            return self.tr("Not verified.") if self.plan.verify_only else self.tr("Nothing was restored.")
        if self.plan.verify_only:
            said = self.tr("Intact in this backup: %n qube(s).", "", self.done)
        else:
            said = self.tr("%n qube(s) restored.", "", self.done)
        failed = self.tr("Failed: {0}.").format(number_text(self.failed)) if self.failed else ""
        damaged = self.tr("The file is damaged.") if any(row.qube == THE_FILE for row in self.rows) else ""
        return " ".join(filter(None, (said, failed, damaged)))

    def pace(self) -> str:
        """The amount that was read, the speed, and the time that may be left, as text."""
        read, size = self.progress.read, self.progress.size
        if not read:
            return ""
        if read >= size:
            return self.tr("The whole file has been read; the rest of it is being checked and written.")
        said = self.tr("{0} of {1}").format(size_text(read), size_text(size))
        now = time.monotonic()
        speed, left = self._pace.rate(now, READING), self._pace.remaining(now, READING, size - read, {})
        if speed is None or left is None:
            return said
        said += " · " + self.tr("{0} a second").format(size_text(int(speed)))
        return said + " · " + self.tr("about {0} left").format(estimate_text(left))

    def words(self) -> dict[str, str]:
        """The names of the results."""
        ok = self.tr("intact") if self.plan.verify_only else self.tr("restored")
        return {
            "ok": ok,
            "skipped": self.tr("left out"),
            "failed": self.tr("failed"),
            "waiting": self.tr("waiting"),
            "reading": self.tr("being read"),
            "read": self.tr("read"),
        }

    def report(self) -> str:
        """All of it as a text to keep; the passphrase was never here."""
        head = [
            (self.tr("Backup"), str(self.path)),
            (self.tr("Result"), self.headline()),
            *([(self.tr("Reason"), self.error)] if self.error else []),
            *((self.tr("Log") if at == 0 else "", line) for at, line in enumerate(self.log)),
        ]
        return report_text(head, [replace(row, said=notes(row)) for row in self.rows], self.words())

    def name_of(self, row: Restored) -> str:
        """The qube's name, or what the file itself is called."""
        return self.tr("(the file)") if row.qube == THE_FILE else row.qube

    async def _carry_out(self, passphrase: str) -> None:
        try:
            self.rows = await restore(self._session.client, self.path, passphrase, self.plan, self._tell, run=self.run)
        except (Mgmt1Error, TransportError) as error:
            self.error, self.state = why(error), TaskState.FAILED
            is_refused = isinstance(error, Mgmt1Error | RefusedError)
            self.is_unknown = not is_refused and not self.plan.verify_only
            raise
        has_failed = bool(self.failed) or self.is_damaged
        self.state = TaskState.FAILED if has_failed else TaskState.DONE
        if has_failed:
            raise Mgmt1Error(self.headline())

    def _tell(self, progress: Progress) -> None:
        """A piece of the file was sent; listeners get the progress now and then."""
        self.progress = progress
        now = time.monotonic()
        self._pace.put(now, READING, progress.read)
        if now - self._reported_at >= TELL_SECONDS:
            self._reported_at = now
            report(progress.percent, self.qube)
            self.changed.emit()

    def _happened(self, events: Sequence[Event]) -> None:
        for event in events:
            qube = qube_in_progress(event, self.run)
            if qube in self._states and qube != self.qube and not self.is_over:
                if self.qube in self._states:
                    self._states[self.qube] = "read"
                self.qube = qube
                self._states[qube] = "reading"
                self._note(self.tr("Reading {0}").format(qube))
                self.changed.emit()

    def _settle(self, _task: "asyncio.Task[None]") -> None:
        if self.state is TaskState.RUNNING:
            self.state = TaskState.CANCELLED
        for row in self.rows:
            line = f"{self.words()[row.result]}. {notes(row)}".removesuffix(" ")
            self._note(f"{row.name or self.name_of(row)}: {line}")
        self._note(self.error or self.headline())
        self._session.happened.disconnect(self._happened)
        self.ended.emit()

    def _note(self, said: str) -> None:
        self.log.append(f"{time.strftime('%H:%M:%S')}  {said}")


TELL_SECONDS = 0.1
"""The least time between two signals about how far it is."""

READING = "reading"
"""The kind of work that the pace is of: the file is read as fast as its qubes are checked and written."""


def current_run(session: Session) -> RestoreRun | None:
    """The restore in progress, or one whose end the user has not seen; None if there is none."""
    runs = [run for run in session.findChildren(RestoreRun) if not run.is_over or not run.is_shown]
    return runs[-1] if runs else None
