# SPDX-License-Identifier: GPL-3.0-or-later
"""The backups that run now, of any client: how far each is, how long it takes, and buttons for details and cancel."""

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtGui import QPalette
from PyQt5.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from qubesmanager.models.texts import estimate_text, number_text, size_text, whole_size_text
from qubesmanager.ui.icons import tinted_icon
from qubesmanager.ui.session.backup_run import RunningBackup, running_backups
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.elided_label import OneLine
from qubesmanager.ui.widgets.labels import (
    embolden,
    info_color,
    over_window,
    plain_label,
    problem_label,
    show_problem,
    subdue,
)
from qubesmanager.ui.widgets.palette_colors import IconLabel, put_colors
from qubesmanager.wire.backups import VERIFYING

SHARE = 0.08
"""How much of the colour of news is in the ground of a running backup."""


class RunPanel(QWidget):
    """One backup that runs. Signals: `details_wanted(str)`: the profile's name."""

    details_wanted = pyqtSignal(str)

    def __init__(self, run: RunningBackup, parent: QWidget) -> None:
        super().__init__(parent)
        self.run = run
        self.count: int | None = None
        """How many qubes the run is of, once it is known."""
        self.setAutoFillBackground(True)
        put_colors(self, {QPalette.ColorRole.Window: over_window(info_color, SHARE)})
        unit = self.fontMetrics().height() // 4
        picture = IconLabel(self)
        picture.show_icon(tinted_icon("backup", info_color), 5 * unit)
        title = plain_label(self.tr("{0} is running").format(run.profile), self)
        title.setWordWrap(False)
        embolden(title)
        self.at = OneLine(self)
        self.left = plain_label("", self)
        self.left.setWordWrap(False)
        self.details = QPushButton(self.tr("Details"), self)
        self.stop = QPushButton(self.tr("Cancel"), self)
        self.stop.setToolTip(self.tr("Stop this backup and remove its incomplete file."))
        self.bar = QProgressBar(self)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(2 * unit)
        self.bar.setAccessibleName(title.text())
        self.figures = plain_label("", self)
        self.speed = plain_label("", self)
        for label in (self.at, self.figures, self.speed):
            subdue(label)
        self.trouble = problem_label(self)
        top = QHBoxLayout()
        top.setSpacing(2 * unit)
        for widget in (picture, title):
            top.addWidget(widget)
        top.addWidget(self.at, 1)
        top.addWidget(self.left)
        for button in (self.details, self.stop):
            top.addWidget(button)
        below = QHBoxLayout()
        below.addWidget(self.figures, 1)
        below.addWidget(self.speed, 1)
        self.speed.setAlignment(Qt.AlignmentFlag.AlignTrailing)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * unit, 2 * unit, 3 * unit, 2 * unit)
        layout.addLayout(top)
        layout.addWidget(self.bar)
        layout.addLayout(below)
        layout.addWidget(self.trouble)
        self.details.clicked.connect(lambda: self.details_wanted.emit(run.profile))
        self.stop.clicked.connect(self._stop)
        run.changed.connect(self.look)
        self.look()

    def look(self) -> None:
        """As things are now."""
        run, now = self.run, self.run.progress
        self.bar.setRange(0, 100 if now.total else 0)
        self.bar.setValue(now.percent)
        self.at.setText(self._where())
        remaining, speed = run.remaining(), run.speed()
        self.left.setText("" if remaining is None else self.tr("about {0} left").format(estimate_text(remaining)))
        done, total = whole_size_text(now.done), size_text(now.total)
        self.figures.setText(self.tr("{0} of {1}").format(done, total) if now.total else self.tr("Preparing…"))
        self.speed.setText(self.tr("{0} a second").format(size_text(int(speed))) if speed else "")
        still = run.stalled()
        slow = self.tr("No progress for {0}. The destination may be slow or disconnected.")
        lost = self.tr("The connection was lost. The backup may still be running.")
        show_problem(self.trouble, lost if run.is_unknown else slow.format(estimate_text(still)) if still else "")
        self.trouble.setVisible(bool(self.trouble.text()))

    def _where(self) -> str:
        now = self.run.progress
        if not now.qube:
            return ""
        at = self.tr("{0} is read again").format(now.qube) if now.phase == VERIFYING else now.qube
        if self.count is None:
            return at
        return self.tr("{0}, {1} of %n qube(s)", "", self.count).format(
            at, number_text(min(len(now.qubes), self.count))
        )

    def _stop(self) -> None:
        self.stop.setEnabled(False)
        self.run.cancel()


class RunningPanels(QWidget):
    """All of them, below each other; hidden while none runs. Signals: `details_wanted(str)`: a profile's name."""

    details_wanted = pyqtSignal(str)

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self.panels: list[RunPanel] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(1)
        session.backups.changed.connect(self.look)
        session.tasks.added.connect(self.look)
        self.look()

    def put_counts(self, counts: dict[str, int]) -> None:
        """How many qubes each profile has."""
        for panel in self.panels:
            panel.count = counts.get(panel.run.profile)
            panel.look()

    def look(self, *_: object) -> None:
        """Show the runs that there are now."""
        runs = running_backups(self._session)
        for panel in [panel for panel in self.panels if panel.run not in runs]:
            self.panels.remove(panel)
            self._layout.removeWidget(panel)
            panel.hide()
            panel.deleteLater()
        shown = [panel.run for panel in self.panels]
        for run in runs:
            if run not in shown:
                panel = RunPanel(run, self)
                panel.details_wanted.connect(self.details_wanted)
                run.changed.connect(self._follow_end)
                self.panels.append(panel)
                self._layout.addWidget(panel)
        self.setVisible(bool(self.panels))

    def _follow_end(self) -> None:
        if any(not panel.run.running for panel in self.panels):
            self.look()
