# SPDX-License-Identifier: GPL-3.0-or-later
"""The status bar: how many qubes, what they use, what is under way, what is connected.

Its texts are shortened where the window is narrow: they never make it wider than its screen.
"""

import time
from collections.abc import Callable

from PyQt5.QtCore import Qt, QTimer, pyqtSignal
from PyQt5.QtWidgets import QProgressBar, QStatusBar, QToolButton, QWidget

from qubesmanager.models.reason_texts import reason_text, run_text
from qubesmanager.models.texts import date_text, number_text, plain_tip, size_text
from qubesmanager.models.vm_filter import VmFilterModel
from qubesmanager.models.vm_table import VmTableModel
from qubesmanager.rules.backups import overdue
from qubesmanager.ui.icons import icon
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.elided_label import OneLine
from qubesmanager.ui.widgets.fonts import in_units
from qubesmanager.ui.widgets.labels import subdue
from qubesmanager.ui.widgets.soon import Soon
from qubesmanager.wire.backups import BackupRun

REMIND = 10 * 60 * 1000
"""Milliseconds between looks at how old backups are."""
PAUSE = 100
"""Milliseconds in which statistics are gathered, which come in several parts."""
BACKUPS_PAUSE = 100
"""Milliseconds until the reminder of old backups is updated. It looks at all qubes, and other work comes first."""
NAMED = 12
LONGEST = 60
"""Units of the font that the names of failed backups may take; the tooltip has all of them."""


class Status(QStatusBar):
    """`total` gives how many qubes there are to show. Signals: `tasks_wanted()`: the button of the task panel."""

    tasks_wanted = pyqtSignal()

    def __init__(
        self, session: Session, table: VmTableModel, shown: VmFilterModel, total: Callable[[], int], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._total = total
        self._shown = shown
        self._session = session
        self._table = table
        self.counts = OneLine(self)
        self.addWidget(self.counts)
        self.unreadable = OneLine(self)
        self.addWidget(self.unreadable)
        session.unreadable_changed.connect(self.look_at_unreadable)
        self.task = OneLine(self)
        self.progress = QProgressBar(self)
        self.progress.setFixedWidth(130)
        self.progress.setMaximumHeight(self.fontMetrics().height() + 2)
        self.tasks = QToolButton(self)
        self.tasks.setAutoRaise(True)
        self.tasks.setIcon(icon("tasks"))
        self.tasks.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.tasks.clicked.connect(self.tasks_wanted)
        self.connection = OneLine(self)
        subdue(self.connection)
        self.backup = QToolButton(self)
        self.backup.setAutoRaise(True)
        self.backup.setIcon(icon("backup"))
        self.backup.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.backup.clicked.connect(lambda: session.window_wanted.emit("backup", ()))
        self.backup.hide()
        self._soon = Soon(PAUSE, self.look, self)
        self._daily = QTimer(self)
        self._daily.setInterval(REMIND)
        self._backups_soon = Soon(BACKUPS_PAUSE, self.look_at_backups, self)
        self._daily.timeout.connect(self._backups_soon.ask)
        self._daily.start()
        session.synced.connect(self._backups_soon.ask)
        session.backups.changed.connect(self._backups_soon.ask)
        for widget in (self.task, self.progress, self.backup, self.connection, self.tasks):
            self.addPermanentWidget(widget)
        session.tasks.added.connect(self.look_at_tasks)
        session.tasks.changed.connect(self.look_at_tasks)
        self.look()
        self.look_at_unreadable()
        self.look_at_tasks()

    def look_soon(self) -> None:
        """Count again after other statistics that come now."""
        self._soon.ask()

    def look(self) -> None:
        """Count again."""
        every, shown = self._total(), len(self._shown.names())
        running = [name for name in self._table.running if self._shown.is_shown(name)]
        histories = map(self._table.history, running)
        used = sum(history.memory_kib for history in histories if history is not None)
        number = self.tr("%n qube(s)", "", every)
        if shown != every:
            number = self.tr("{0} of %n qube(s) shown", "", every).format(number_text(shown))
        parts = [number, self.tr("%n running", "", len(running))]
        if used:
            parts.append(self.tr("{0} of memory").format(size_text(used << 10)))
        self.counts.setText(" · ".join(parts))
        self.connection.setText(self._session.connection)

    def look_at_unreadable(self) -> None:
        """Show that qubes are missing in the list, and why."""
        reasons = self._session.unreadable
        self.unreadable.setVisible(bool(reasons))
        self.unreadable.setText(self.tr("%n qube(s) cannot be shown", "", len(reasons)))
        self.unreadable.setToolTip(plain_tip("\n".join(map(reason_text, reasons))))

    def look_at_tasks(self) -> None:
        running = self._session.tasks.running
        newest = running[-1] if running else None
        self.task.setVisible(newest is not None)
        self.progress.setVisible(newest is not None)
        if newest is not None:
            self.task.setText(f"{newest.title}: {newest.detail}" if newest.detail else newest.title)
            self.progress.setRange(0, 0 if newest.progress is None else 100)
            self.progress.setValue(newest.progress or 0)
        self.tasks.setText(self.tr("%n task(s)", "", len(running)) if running else self.tr("Tasks"))
        if not running:
            self._backups_soon.ask()

    def look_at_backups(self) -> None:
        """Remind of backups that failed; else of what has no backup, or only an old one."""
        if troubled := self._session.backups.troubled:
            self.backup.setVisible(True)
            text = self.tr("Backup failed: {0}").format(", ".join(run.profile for run in troubled))
            self.backup.setText(
                self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, in_units(self, LONGEST))
            )
            self.backup.setToolTip(plain_tip("\n".join(self._trouble(run) for run in troubled)))
            return
        names = overdue(self._session.records.values(), int(time.time()))
        self.backup.setVisible(bool(names))
        self.backup.setText(self.tr("%n old backup(s)", "", len(names)))
        shown = ", ".join(names[:NAMED]) + ("…" if len(names) > NAMED else "")
        self.backup.setToolTip(plain_tip(self.tr("No backup in the last 30 days: {0}").format(shown)))

    def _trouble(self, run: BackupRun) -> str:
        """Why the run made no whole backup, and when it is tried again."""
        said = f"{run.profile}: {run_text(run)}"
        if run.next_attempt is None:
            return said
        retry = self.tr("The next attempt is at {0}.").format(date_text(run.next_attempt))
        return f"{said} {retry}"
