# SPDX-License-Identifier: GPL-3.0-or-later
"""The last page of the restore wizard: the progress, and then the result of each qube."""

from PyQt5.QtCore import QT_TRANSLATE_NOOP, pyqtSignal
from PyQt5.QtWidgets import (
    QHBoxLayout,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.host import small_files
from qubesmanager.models.row_table import RowTable, TableColumn
from qubesmanager.ui.restore.restore_run import RestoreRun
from qubesmanager.ui.restore.restore_texts import notes
from qubesmanager.ui.session.tasks import TaskSet
from qubesmanager.ui.widgets.labels import embolden, plain_label, problem_label, show_problem
from qubesmanager.ui.widgets.prompts import ask_where_to_save
from qubesmanager.ui.widgets.tables import row_table, set_widths
from qubesmanager.wire.restores import Restored

CONTEXT = "RestoreResult"


class RunPage(QWidget):
    """Shows the run that is put: a bar and a log, then a table and a button that keeps the report.

    Signals: `left()`: the user closes the page while the restore runs. `salvage_wanted()`: the file is damaged, and the
    user wants what is intact in it. `back_wanted()` and `retry_wanted()`: after a restore that failed.
    """

    left = pyqtSignal()
    salvage_wanted = pyqtSignal()
    back_wanted = pyqtSignal()
    retry_wanted = pyqtSignal()

    def __init__(self, tasks: TaskSet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._run: RestoreRun | None = None
        self._may_retry = False
        self._words: dict[str, str] = {}
        self.headline = plain_label("", self)
        embolden(self.headline)
        self.bar = QProgressBar(self)
        self.bar.setAccessibleName(self.tr("Progress"))
        self.now = plain_label("", self)
        self.problem = problem_label(self)
        self.model: RowTable[Restored] = RowTable(
            CONTEXT,
            (
                TableColumn(QT_TRANSLATE_NOOP("RestoreResult", "Qube"), self._name),
                TableColumn(QT_TRANSLATE_NOOP("RestoreResult", "Result"), self._word),
                TableColumn(QT_TRANSLATE_NOOP("RestoreResult", "Name here"), lambda row: row.name),
                TableColumn(QT_TRANSLATE_NOOP("RestoreResult", "Notes"), notes),
            ),
            lambda row: row.qube,
            self,
        )
        self.table = row_table(self.model, self.tr("What happened to the qubes"), 3, self)
        set_widths(self.table, {0: 40, 1: 35, 2: 40})
        self.log = QPlainTextEdit(self)
        self.log.setReadOnly(True)
        self.log.setTabChangesFocus(True)
        self.log.setAccessibleName(self.tr("Log"))
        self.tabs = QTabWidget(self)
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.table, self.tr("&Qubes"))
        self.tabs.addTab(self.log, self.tr("&Log"))
        self.save = QPushButton(self.tr("&Save the report…"), self)
        self.save.clicked.connect(self._ask_place)
        self.salvage = QPushButton(self.tr("Sal&vage what is intact…"), self)
        self.salvage.setToolTip(
            self.tr("Reads the damaged file again and restores each qube whose parts are all intact.")
        )
        self.salvage.clicked.connect(self.salvage_wanted)
        self.stop = QPushButton(self.tr("&Cancel the restore"), self)
        self.stop.clicked.connect(self._stop)
        self.leave = QPushButton(self)
        self.leave.clicked.connect(self.left)
        foot = QHBoxLayout()
        for button in (self.save, self.salvage, self.stop):
            foot.addWidget(button)
        foot.addStretch(1)
        self.back = QPushButton(self.tr("« &Back"), self)
        self.back.clicked.connect(self.back_wanted)
        self.retry = QPushButton(self.tr("&Retry"), self)
        self.retry.clicked.connect(self.retry_wanted)
        for button in (self.back, self.retry, self.leave):
            foot.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.headline, self.bar, self.now, self.problem):
            layout.addWidget(widget)
        layout.addWidget(self.tabs, 1)
        layout.addLayout(foot)

    def put(self, run: RestoreRun, *, may_retry: bool = False) -> None:
        """Follow this one. `may_retry`: the wizard has the pages that it was set up with."""
        self._run, self._may_retry = run, may_retry
        self.leave.setDefault(True)
        run.changed.connect(self._refresh)
        run.ended.connect(self._refresh)
        self._refresh()

    async def write_report(self, path: str) -> None:
        """The report into a file."""
        if self._run is None:
            return
        try:
            await small_files.write_text(path, self._run.report())
            self._show_problem(self.tr("The report is in {0}.").format(path))
        except OSError as error:
            self._show_problem(self.tr("The report was not written: {0}.").format(error.strerror or error))

    def _refresh(self) -> None:
        run = self._run
        if run is None:
            return
        self._words = run.words()
        self.headline.setText(run.headline())
        self.bar.setVisible(not run.is_over)
        self.bar.setValue(run.progress.percent)
        self.now.setVisible(not run.is_over)
        self.now.setText("\n".join(filter(None, [run.qube, run.pace()])) or self.tr("Reading the backup…"))
        if run.is_over:
            run.is_shown = True
            self._show_problem(run.error)
        else:
            self._show_problem("")
        self.model.put(run.shown_rows())
        self.log.setPlainText("\n".join(run.log))
        self.save.setVisible(run.is_over)
        self.salvage.setVisible(run.is_over and run.is_damaged and not run.plan.salvage)
        self.stop.setVisible(not run.is_over)
        for button in (self.back, self.retry):
            button.setVisible(self._may_retry and run.has_failed and not run.is_unknown)
        self.leave.setText(self.tr("&Close") if run.is_over else self.tr("Lea&ve it running"))
        self.leave.setToolTip("" if run.is_over else self.tr("It continues, and is in the list of tasks."))

    def _stop(self) -> None:
        if self._run is not None:
            self._run.cancel()

    def _keep(self, path: str) -> None:
        self._tasks.start_hidden(self.tr("Save the report"), self.write_report(path), owner=self)

    def _show_problem(self, said: str) -> None:
        show_problem(self.problem, said)
        self.problem.setVisible(bool(said))

    def _name(self, row: Restored) -> str:
        return row.qube if self._run is None else self._run.name_of(row)

    def _word(self, row: Restored) -> str:
        return self._words.get(row.result, row.result)

    def _ask_place(self) -> None:
        ask_where_to_save(self, self.tr("Save the report"), self.tr("restore-report.txt"), self._keep)
