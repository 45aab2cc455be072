# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of backups: what runs, the profiles, every run, which backups hold a qube, and what retention would do."""

from collections.abc import Sequence

from PyQt5.QtCore import QAbstractItemModel, QSize, Qt, QTimer
from PyQt5.QtGui import QIcon, QResizeEvent, QShowEvent
from PyQt5.QtWidgets import (
    QAction,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QTableView,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.models.backup_overview import (
    CONTEXT,
    FATE_COLUMNS,
    HOLDER_COLUMNS,
    PROFILE_COLUMNS,
    RUN_COLUMNS,
    Fate,
    Holder,
    ProfileRow,
    advice,
    fates,
    holders,
    last_mark,
    qubes_in,
    reason_of,
    result_mark,
    result_text,
    summary,
)
from qubesmanager.models.natural_sort import in_order
from qubesmanager.models.reason_texts import reason_text, run_text
from qubesmanager.models.row_table import Mark, RowFilter, RowTable
from qubesmanager.models.texts import date_text, number_text
from qubesmanager.rules.qubes_os import why_not_there
from qubesmanager.ui.icons import icon, label_icon
from qubesmanager.ui.manager.backups_feed import BackupsFeed
from qubesmanager.ui.manager.running_panel import RunningPanels
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.session.windows import PAGE, WITH
from qubesmanager.ui.widgets.choices import refill
from qubesmanager.ui.widgets.labels import plain_label, subdue
from qubesmanager.ui.widgets.mark_delegate import MarkDelegate, mark_icon
from qubesmanager.ui.widgets.message_page import MessagePage
from qubesmanager.ui.widgets.page_bar import fill_page_bar
from qubesmanager.ui.widgets.palette_colors import IconLabel
from qubesmanager.ui.widgets.sections import Section, hairline
from qubesmanager.ui.widgets.tables import row_table, selected_row
from qubesmanager.wire import calls
from qubesmanager.wire.backups import CANCELLED, FAILED, INCOMPLETE, OK, BackupRun
from qubesmanager.wire.names import DOM0

MINUTE = 60_000
"""Milliseconds between updates of texts such as "3 h ago"."""
NEW_NAME = "backup"
"""The first name that a new profile gets; a number follows where it is taken."""
NARROW = 230
"""Quarters of a line's height below which the right side is hidden."""
PROFILES_SHOWN = 5
"""Rows of the table of profiles that are visible without scrolling."""


class BackupsPage(QWidget):
    """A page of the main window, live by events."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._unit = self.fontMetrics().height() // 4
        self._to_choose = ""
        """The qube to choose once the backups are known."""
        self.feed = BackupsFeed(session, self)
        self.toolbar = QToolBar(self.tr("Backups"), self)
        self.search = QLineEdit(self)
        self.running = RunningPanels(session, self)
        self.profiles: RowTable[ProfileRow] = RowTable(CONTEXT, PROFILE_COLUMNS, lambda row: row.name, self)
        self.runs: RowTable[BackupRun] = RowTable(
            CONTEXT, RUN_COLUMNS, lambda run: (run.profile, run.start, run.run), self
        )
        self.holders: RowTable[Holder] = RowTable(CONTEXT, HOLDER_COLUMNS, lambda row: row.run.run, self)
        self.fates: RowTable[Fate] = RowTable(CONTEXT, FATE_COLUMNS, lambda row: row.file, self)
        self.shown_profiles = RowFilter(self.profiles, self)
        self.shown_runs = RowFilter(self.runs, self)
        self.profiles_table = self._table(self.shown_profiles, self.tr("Profiles"), 2)
        if header := self.profiles_table.horizontalHeader():
            # A long path leaves room for the reason.
            header.setSectionResizeMode(header.count() - 1, QHeaderView.ResizeMode.Stretch)
        self.runs_table = self._table(self.shown_runs, self.tr("Runs"), 2)
        self.holders_table = self._table(self.holders, self.tr("Backups that hold the qube"), 0)
        self.fates_table = self._table(self.fates, self.tr("Dry run of retention"), 2)
        self.of_profile, self.of_result = QComboBox(self), QComboBox(self)
        self.qube, self.retained = QComboBox(self), QComboBox(self)
        self.foot = QWidget(self)
        self.foot_icon = IconLabel(self.foot)
        self.foot_text, self.foot_more = plain_label("", self.foot), plain_label("", self.foot)
        self.retry = QPushButton(self.tr("Retr&y…"), self.foot)
        self.restore_run = QPushButton(self.tr("Restore &from it…"), self.foot)
        self.restore = QPushButton(self.tr("Restore from &here…"), self)
        self.since = plain_label("", self)
        self.message = MessagePage(self)
        self.stack = QStackedWidget(self)
        self._lay_out()
        self._make_toolbar()
        self._name_widgets()
        self._connect()
        self._clock = QTimer(self)
        self._clock.setInterval(MINUTE)
        self._clock.timeout.connect(self.look)
        self._clock.start()
        self.look()

    # -- what the window uses -----------------------------------------------------------------------------------------

    def start_search(self) -> None:
        """Give the search field the keys."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def enter(self, names: Sequence[str]) -> None:
        """Ask dom0 for all of it again, and show which backups hold the first of these qubes."""
        self.feed.ask()
        if names:
            self._to_choose = names[0]
            self.look()

    # -- parts --------------------------------------------------------------------------------------------------------

    def _table(self, model: QAbstractItemModel, name: str, stretched: int) -> QTableView:
        table = row_table(model, name, stretched, self)
        table.setItemDelegate(MarkDelegate(table))
        table.setFrameShape(QTableView.Shape.NoFrame)
        if header := table.horizontalHeader():
            header.setMinimumSectionSize(8 * self._unit)
            for at in range(header.count()):
                if at != stretched:
                    header.setSectionResizeMode(at, QHeaderView.ResizeMode.ResizeToContents)
        return table

    def _lay_out(self) -> None:
        left = QWidget(self)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.head = Section(self.tr("Profiles"), (), (), left)
        self.runs_head = Section(self.tr("Runs"), (), (self.of_profile, self.of_result), left)
        for widget in (self.running, self.head, hairline(left), self.profiles_table, self.runs_head, hairline(left)):
            column.addWidget(widget)
        column.addWidget(self.runs_table, 1)
        column.addWidget(hairline(left))
        column.addWidget(self.foot)
        self._lay_out_foot()
        self.right = QWidget(self)
        column = QVBoxLayout(self.right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.holders_head = Section(self.tr("Backups that hold"), (self.qube,), (), self.right)
        self.fates_head = Section(self.tr("Retention of"), (self.retained,), (), self.right)
        row = QHBoxLayout()
        row.setContentsMargins(3 * self._unit, 2 * self._unit, 3 * self._unit, 2 * self._unit)
        row.addWidget(self.since, 1)
        row.addWidget(self.restore)
        column.addWidget(self.holders_head)
        column.addWidget(hairline(self.right))
        column.addWidget(self.holders_table, 1)
        column.addLayout(row)
        column.addWidget(hairline(self.right))
        column.addWidget(self.fates_head)
        column.addWidget(hairline(self.right))
        column.addWidget(self.fates_table, 1)
        subdue(self.since)
        self.across = QSplitter(Qt.Orientation.Horizontal, self)
        self.across.addWidget(left)
        self.across.addWidget(self.right)
        self.across.setStretchFactor(0, 1)
        self.across.setSizes([200 * self._unit, 97 * self._unit])
        self.stack.addWidget(self.across)
        self.stack.addWidget(self.message)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.stack)

    def _lay_out_foot(self) -> None:
        subdue(self.foot_more)
        words = QVBoxLayout()
        words.addWidget(self.foot_text)
        words.addWidget(self.foot_more)
        row = QHBoxLayout(self.foot)
        row.setContentsMargins(3 * self._unit, 2 * self._unit, 3 * self._unit, 2 * self._unit)
        row.setSpacing(2 * self._unit)
        row.addWidget(self.foot_icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        for button in (self.restore_run, self.retry):
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignBottom)

    def _make_toolbar(self) -> None:
        self.back_up = QAction(icon("backup"), self.tr("Back up now…"), self)
        self.new_profile = QAction(icon("create"), self.tr("New profile…"), self)
        self.restore_file = QAction(icon("restore"), self.tr("Restore…"), self)
        self.verify_file = QAction(icon("verified"), self.tr("Verify a file…"), self)
        for action, run in (
            (self.back_up, self._back_up),
            (self.new_profile, self._new_profile),
            (self.restore_file, lambda: self._open("restore")),
            (self.verify_file, lambda: self._open("restore", f"{PAGE}verify")),
        ):
            action.triggered.connect(lambda _checked=False, run=run: run())
        actions = (self.back_up, self.new_profile, self.restore_file, self.verify_file)
        fill_page_bar(self.toolbar, actions, self.search, self.tr("Search runs and files ({0})"))

    def _name_widgets(self) -> None:
        for widget, name in (
            (self.search, self.tr("Search runs and files")),
            (self.of_profile, self.tr("Runs of the profile")),
            (self.of_result, self.tr("Runs with the result")),
            (self.qube, self.tr("Backups that hold the qube")),
            (self.retained, self.tr("Retention of the profile")),
        ):
            widget.setAccessibleName(name)
            if isinstance(widget, QComboBox):
                widget.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.of_result.addItem(self.tr("All results"), frozenset())
        self.of_result.addItem(self.tr("Complete"), frozenset({OK}))
        self.of_result.addItem(self.tr("Failed or incomplete"), frozenset({FAILED, INCOMPLETE}))
        self.of_result.addItem(self.tr("Cancelled"), frozenset({CANCELLED}))
        self.of_profile.addItem(self.tr("All profiles"), "")

    def _connect(self) -> None:
        self.feed.changed.connect(self.look)
        self._session.put.connect(self._qubes_changed)
        self._session.gone.connect(self._qubes_changed)
        self.running.details_wanted.connect(lambda name: self._open("backup", f"{WITH}{name}"))
        self.search.textChanged.connect(self._filter)
        self.of_profile.currentIndexChanged.connect(self._filter)
        self.of_result.currentIndexChanged.connect(self._filter)
        self.qube.currentIndexChanged.connect(self._show_holders)
        self.retained.currentIndexChanged.connect(self._show_fates)
        self.retry.clicked.connect(self._retry)
        self.restore.clicked.connect(self._restore_from_here)
        self.restore_run.clicked.connect(self._restore_run)
        self.profiles_table.activated.connect(lambda _index: self._back_up())
        for table, order in (
            (self.profiles_table, Qt.SortOrder.AscendingOrder),
            (self.runs_table, Qt.SortOrder.DescendingOrder),
        ):
            table.setSortingEnabled(True)
            table.sortByColumn(0, order)
        for table, shown in (
            (self.profiles_table, self._show_profile),
            (self.runs_table, self._show_run),
            (self.holders_table, self._show_holder),
        ):
            if selection := table.selectionModel():
                selection.selectionChanged.connect(lambda *_, shown=shown: shown())

    # -- what is shown ------------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Show what is known now."""
        feed = self.feed
        why = why_not_there(self._session.facts, calls.BACKUP_PROFILE_SET.name)
        self.new_profile.setEnabled(why is None)
        self.new_profile.setToolTip(reason_text(why) if why else "")
        if not feed.is_known:
            self._say_why_empty()
            return
        self.stack.setCurrentWidget(self.across)
        rows = feed.rows()
        self.profiles.put(rows)
        self.runs.put(feed.runs)
        count = sum(row.needs_attention for row in rows)
        note = self.tr("Attention needed: %n of {0}", "", count).format(number_text(len(rows))) if count else ""
        if not rows:
            note = self.tr("None yet: “New profile…” says what is backed up, and where.")
        self.head.note.setText(note)
        self.profiles_table.setVisible(bool(rows))
        lines = min(max(len(rows), 1), PROFILES_SHOWN)
        self._fit(self.profiles_table, lines)
        self.runs_head.note.setText("" if feed.runs else self.tr("No backup has run yet."))
        self.running.put_counts({name: len(known.qubes) for name, known in feed.previews.items()})
        names = [row.name for row in rows]
        refill(self.of_profile, [(self.tr("All profiles"), ""), *((name, name) for name in names)])
        refill(self.retained, [(name, name) for name in names])
        self._put_qubes()
        self._show_run()
        self._show_fates()

    def _say_why_empty(self) -> None:
        problem = self.feed.problem
        if problem:
            self.message.say(
                "warning", self.tr("The backups cannot be shown"), problem, self.tr("Try again"), self.feed.ask
            )
        else:
            self.message.say("backup", self.tr("Loading the backups…"), self._session.connection)
        self.stack.setCurrentWidget(self.message)

    def _fit(self, table: QTableView, lines: int) -> None:
        """Make the table as high as so many rows."""
        header, vertical = table.horizontalHeader(), table.verticalHeader()
        if header is not None and vertical is not None:
            table.setFixedHeight(header.sizeHint().height() + lines * vertical.defaultSectionSize() + 2)

    def _filter(self, *_: object) -> None:
        words = self.search.text().casefold().split()
        profile, results = str(self.of_profile.currentData() or ""), self.of_result.currentData()

        def accepts(run: BackupRun) -> bool:
            if (profile and run.profile != profile) or (results and run.result not in results):
                return False
            names = " ".join(qube.name for qube in run.qubes or ())
            text = f"{run.profile} {run.file} {result_text(run)} {date_text(run.start)} {names}".casefold()
            return all(word in text for word in words)

        self.shown_runs.want(accepts)
        self._show_run()

    def _qubes_changed(self, *_: object) -> None:
        """Follow the events of qubes while the page is shown; `showEvent` makes up for the others."""
        if self.isVisible():
            self._put_qubes()

    def _put_qubes(self) -> None:
        """The qubes there are, and those that only a backup holds."""
        if not self.feed.is_known:
            return
        records = self._session.records
        names = {*(name for name in records if name != DOM0), *qubes_in(self.feed.runs)}
        gone = self.tr("{0} (removed)")
        rows = [(name if name in records or name == DOM0 else gone.format(name), name) for name in in_order(names)]

        def picture(name: str) -> QIcon | None:
            return label_icon(self._session.color_of_qube(name)) if name in records else None

        refill(self.qube, rows, picture)
        if (at := self.qube.findData(self._to_choose)) >= 0:
            self._to_choose = ""
            self.qube.setCurrentIndex(at)
        self._show_holders()

    def _show_holders(self, *_: object) -> None:
        name = str(self.qube.currentData() or "")
        self.holders.put(holders(self.feed.runs, name, self.feed.previews))
        if self.holders.rows and selected_row(self.holders_table) < 0:
            self.holders_table.selectRow(0)
        self._show_holder()

    def _show_holder(self) -> None:
        at, name = selected_row(self.holders_table), str(self.qube.currentData() or "")
        row = self.holders.rows[at] if 0 <= at < len(self.holders.rows) else None
        why = self._why_not_restored(row.run if row else None)
        self.restore.setEnabled(not why)
        self.restore.setToolTip(why)
        if row is None:
            known = self.tr("No backup holds {0}.").format(name) if name else ""
            self.since.setText(known)
            return
        self.since.setText(self._since(row, name))

    def _since(self, row: Holder, name: str) -> str:
        """What happened to the qube after this backup of it."""
        record = self._session.records.get(name)
        if record is None:
            return self.tr("The qube no longer exists.")
        if row is not self.holders.rows[0]:
            return self.tr("There is a newer backup.")
        known = self.feed.previews.get(row.run.profile)
        changed = any(qube.name == name and qube.changed for qube in known.qubes) if known else False
        if record.running:
            return self.tr("It runs now.")
        return self.tr("It has changed since then.") if changed else ""

    def _why_not_restored(self, run: BackupRun | None) -> str:
        if run is None:
            return self.tr("Select a backup.")
        if not run.has_backup:
            return self.tr("This run made no backup.")
        return "" if run.file else self.tr("The backup is not in dom0: fetch its file first, then restore it.")

    def _show_fates(self, *_: object) -> None:
        name = str(self.retained.currentData() or "")
        known = self.feed.previews.get(name)
        rows = fates(self.feed.runs, known) if known else []
        self.fates.put(rows)
        text = summary(rows)
        if known is not None and known.files is None:
            elsewhere = known.destination_vm not in {"", DOM0} or known.connected
            text = self.tr("dom0 does not see the files") if elsewhere else self.tr("not connected")
        elif known is not None and not rows:
            text = self.tr("no backup there")
        self.fates_head.note.setText(text or self.feed.problems.get(name, ""))

    def _show_profile(self) -> None:
        """The runs, the dry run and the foot follow the selected profile."""
        row = self.current_profile()
        if row is None:
            return
        self.retained.setCurrentIndex(self.retained.findData(row.name))
        if row.last is not None and (at := self.shown_runs.shown_row(_identity(row.last))) >= 0:
            self.runs_table.selectRow(at)
        else:
            self._show_run()

    def current_profile(self) -> ProfileRow | None:
        """The selected profile."""
        return self.shown_profiles.row_at(selected_row(self.profiles_table))

    def current_run(self) -> BackupRun | None:
        """The selected run."""
        return self.shown_runs.row_at(selected_row(self.runs_table))

    def _show_run(self) -> None:
        """The reason of the selected run in full, and the next step."""
        run, row = self.current_run(), self.current_profile()
        problem = reason_of(row) if row is not None and (run is None or row.problem) else ""
        self.foot.setVisible(run is not None or bool(problem))
        self.retry.setVisible(run is not None and run.result in {FAILED, INCOMPLETE, CANCELLED})
        self.restore_run.setVisible(run is not None and run.has_backup)
        mark = last_mark(row) if problem and row is not None else result_mark(run) if run is not None else None
        self.foot_icon.show_icon(mark_icon(mark or Mark.QUIET), 4 * self._unit)
        if problem or run is None:
            self.foot_text.setText(problem)
            self.foot_more.setText("")
            return
        said = self.tr("{0}, {1}: {2}").format(run.profile, date_text(run.start), result_text(run))
        why = run_text(run)
        self.foot_text.setText(f"{said}. {why}" if why else said)
        self.foot_more.setText(advice(run))
        why_not = self._why_not_restored(run)
        self.restore_run.setEnabled(not why_not)
        self.restore_run.setToolTip(why_not)

    # -- what buttons do ----------------------------------------------------------------------------------------------

    def _open(self, window: str, *words: str) -> None:
        self._session.window_wanted.emit(window, words)

    def _back_up(self) -> None:
        row = self.current_profile()
        self._open("backup", *((f"{WITH}{row.name}",) if row else ()))

    def _new_profile(self) -> None:
        taken, name, number = set(self.feed.names), NEW_NAME, 1
        while name in taken:
            number += 1
            name = f"{NEW_NAME}-{number!s}"
        self._open("backup", f"{WITH}{name}")

    def _retry(self) -> None:
        if run := self.current_run():
            self._open("backup", f"{WITH}{run.profile}")

    def _restore_run(self) -> None:
        if run := self.current_run():
            self._open("restore", f"{WITH}{run.file}")

    def _restore_from_here(self) -> None:
        at = selected_row(self.holders_table)
        if 0 <= at < len(self.holders.rows):
            self._open("restore", f"{WITH}{self.holders.rows[at].run.file}", str(self.qube.currentData()))

    # Qt overrides

    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        self._put_qubes()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self.right.setVisible(self.width() >= NARROW * self._unit)

    def minimumSizeHint(self) -> QSize:
        return QSize(60 * self._unit, 60 * self._unit)


def _identity(run: BackupRun) -> tuple[str, int, int | None]:
    return (run.profile, run.start, run.run)


def open_backups(session: Session, parent: QWidget) -> QWidget:
    """The page, for the main window."""
    return BackupsPage(session, parent)
