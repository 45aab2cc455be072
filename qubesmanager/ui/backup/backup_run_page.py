# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a running backup: its progress, each qube, speed, remaining time, and a log."""

from dataclasses import dataclass

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, pyqtSignal
from PyQt5.QtWidgets import QHBoxLayout, QPlainTextEdit, QProgressBar, QPushButton, QVBoxLayout, QWidget

from qubesmanager.models.row_table import RowTable, TableColumn
from qubesmanager.models.texts import estimate_text, percent_text, size_text, whole_size_text
from qubesmanager.ui.session.backup_run import RunningBackup
from qubesmanager.ui.session.tasks import TaskState
from qubesmanager.ui.widgets.labels import plain_label, problem_label, show_problem
from qubesmanager.ui.widgets.tables import row_table, set_widths
from qubesmanager.ui.widgets.usage_bar import UsageDelegate
from qubesmanager.wire.backups import VERIFYING

CONTEXT = "BackupRows"
LOG_LINES = 1000


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    done: int
    total: int

    @property
    def share(self) -> float:
        return self.done / self.total if self.total else 1.0


def _state(row: _Row) -> str:
    if row.done >= row.total:
        return QCoreApplication.translate("BackupRows", "done")
    return f"{whole_size_text(row.done)} ({percent_text(round(100 * row.share))})"


COLUMNS: tuple[TableColumn[_Row], ...] = (
    TableColumn(QT_TRANSLATE_NOOP("BackupRows", "Qube"), lambda row: row.name),
    TableColumn(QT_TRANSLATE_NOOP("BackupRows", "Size"), lambda row: size_text(row.total), right=True),
    TableColumn(QT_TRANSLATE_NOOP("BackupRows", "Progress"), _state, full=lambda row: row.share),
)


class BackupRunPage(QWidget):
    """Signals: `left()`: the user closes the page; `back_wanted()` and `retry_wanted()`: after a run that failed.

    `may_retry`: the wizard has the pages that the run was set up with.
    """

    left = pyqtSignal()
    back_wanted = pyqtSignal()
    retry_wanted = pyqtSignal()

    def __init__(self, run: RunningBackup, parent: QWidget | None = None, *, may_retry: bool = False) -> None:
        super().__init__(parent)
        self.run = run
        self._may_retry = may_retry
        self.headline = plain_label("", self)
        self.bar = QProgressBar(self)
        self.bar.setRange(0, 100)
        self.figures = plain_label("", self)
        self.trouble = problem_label(self)
        self.model = RowTable(CONTEXT, COLUMNS, lambda row: row.name, self)
        self.table = row_table(self.model, self.tr("Progress of each qube"), 0, self)
        self.table.setItemDelegateForColumn(2, UsageDelegate(self.table))
        set_widths(self.table, {1: 27, 2: 56})
        self.log = QPlainTextEdit(self)
        self.log.setReadOnly(True)
        self.log.setMaximumBlockCount(LOG_LINES)
        self.log.setAccessibleName(self.tr("What happened"))
        self.log.setPlainText("\n".join(run.log))
        self.stop = QPushButton(self.tr("&Cancel the backup"), self)
        self.leave = QPushButton("", self)
        self.leave.setDefault(True)
        row = QHBoxLayout()
        self.back = QPushButton(self.tr("« &Back"), self)
        self.retry = QPushButton(self.tr("&Retry"), self)
        row.addWidget(self.stop)
        row.addStretch(1)
        for button in (self.back, self.retry, self.leave):
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.headline, self.bar, self.figures, self.trouble):
            layout.addWidget(widget)
        layout.addWidget(self.table, 2)
        layout.addWidget(self.log, 1)
        layout.addLayout(row)
        self.stop.clicked.connect(self._stop)
        self.leave.clicked.connect(self.left)
        self.back.clicked.connect(self.back_wanted)
        self.retry.clicked.connect(self.retry_wanted)
        run.changed.connect(self.look)
        run.logged.connect(self.log.appendPlainText)
        self.look()

    def look(self) -> None:
        """As things stand now."""
        run, now = self.run, self.run.progress
        over = run.state is TaskState.DONE
        self.model.put([_Row(name, total if over else done, total) for name, (done, total) in now.qubes.items()])
        self.bar.setValue(100 if run.state is TaskState.DONE else now.percent)
        self.headline.setText(self._headline())
        self.figures.setText(self._figures())
        self.figures.setVisible(run.running)
        still = run.stalled()
        show_problem(
            self.trouble,
            self.tr("No progress for {0}. The destination may be slow or disconnected.").format(estimate_text(still))
            if still
            else run.why,
        )
        self.stop.setVisible(run.running)
        failed = run.state in {TaskState.FAILED, TaskState.CANCELLED} and not run.running and not run.is_unknown
        for button in (self.back, self.retry):
            button.setVisible(failed and self._may_retry)
        self.leave.setText(self.tr("C&ontinue in the background") if run.running else self.tr("&Close"))

    def _headline(self) -> str:
        run = self.run
        if run.is_unknown:
            return self.tr("The connection was lost. The backup may still be running.")
        if run.state is TaskState.DONE and run.result is not None:
            text = self.tr("The backup is complete: {0}, {1}.").format(run.result.file, size_text(run.result.size or 0))
            if not run.result.file:
                text = self.tr("The backup is complete.")
            verified = self.tr("All of it was read again and is intact.")
            return f"{text}\n{verified}" if run.result.verified else text
        if run.state is TaskState.CANCELLED:
            return self.tr("Cancelled. The incomplete file was removed.")
        if run.state is TaskState.FAILED:
            return self.tr("The backup failed; no incomplete file was left.")
        if not run.progress.qube:
            return self.tr("Preparing…")
        if run.progress.phase == VERIFYING:
            return self.tr("Reading it again: {0}").format(run.progress.qube)
        return self.tr("Writing: {0}").format(run.progress.qube)

    def _figures(self) -> str:
        now, speed, remaining = self.run.progress, self.run.speed(), self.run.remaining()
        if not now.total:
            return ""
        parts = [self.tr("{0} of {1}").format(whole_size_text(now.done), size_text(now.total))]
        if speed:
            parts.append(self.tr("{0} a second").format(size_text(int(speed))))
        if remaining is not None:
            parts.append(self.tr("about {0} left").format(estimate_text(remaining)))
        return " · ".join(parts)

    def _stop(self) -> None:
        self.stop.setEnabled(False)
        self.run.cancel()
