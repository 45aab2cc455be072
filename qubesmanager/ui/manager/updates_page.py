# SPDX-License-Identifier: GPL-3.0-or-later
"""The update centre: which qubes need an update, and which must be restarted to use it, or to use changed settings."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import cast

from PyQt5.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QItemSelectionRange,
    QModelIndex,
    QPoint,
    QSize,
    Qt,
    QTimer,
)
from PyQt5.QtGui import QHideEvent, QShowEvent
from PyQt5.QtWidgets import (
    QAbstractItemView,
    QAction,
    QLabel,
    QLineEdit,
    QMenu,
    QSplitter,
    QStackedWidget,
    QStyleOptionViewItem,
    QTableView,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.host import programs
from qubesmanager.models.natural_sort import in_order
from qubesmanager.models.reason_texts import reason_text
from qubesmanager.models.row_table import OrderedTable
from qubesmanager.models.texts import plain_tip, title_text
from qubesmanager.models.update_rows import (
    CONTEXT,
    RESTART_COLUMNS,
    UPDATE_COLUMNS,
    RestartRow,
    UpdateRow,
    restart_rows,
    summary,
    update_row,
    update_text,
)
from qubesmanager.rules.actions import why_not_inside
from qubesmanager.rules.qubes_os import runs_qubes_os
from qubesmanager.rules.updates import is_updated_itself, outdated_by_template
from qubesmanager.ui.actions.operations import Operations
from qubesmanager.ui.icons import icon, label_icon
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.cell_icon import put_icon
from qubesmanager.ui.widgets.error_bar import ErrorBar
from qubesmanager.ui.widgets.labels import plain_label, subdue
from qubesmanager.ui.widgets.mark_delegate import MarkDelegate
from qubesmanager.ui.widgets.message_page import MessagePage
from qubesmanager.ui.widgets.page_bar import fill_page_bar
from qubesmanager.ui.widgets.sections import Section, hairline
from qubesmanager.ui.widgets.soon import Soon
from qubesmanager.ui.widgets.tables import row_table, selected_rows, set_widths

PAUSE = 250
"""Milliseconds in which changes of qubes are gathered."""
MINUTE = 60_000
"""Milliseconds between updates of texts such as "3 h ago"."""
AT_A_TIME = 10
"""Qubes whose restart is checked in one step."""
TURN = 0.004
"""Seconds of a turn of the loop, which ends after the step that is under way."""
REASONS_SHOWN = 5
ROWS_SHOWN = 8
"""Rows of updates that are visible at first, if there are so many."""
STATE = 2
_UPDATE_WIDTHS = {0: 45, 1: 32, STATE: 68, 3: 35, 4: 35}
_RESTART_WIDTHS = {0: 45, 1: 60, 2: 40, 3: 40, 4: 35}
"""Of the columns, in units of the font; the last one takes what is left."""


class UpdatesPage(QWidget):
    """A page of the main window, live by events while it is shown."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._unit = self.fontMetrics().height() // 4
        self._all_updates: list[UpdateRow] = []
        self._all_restarts: list[RestartRow] = []
        self._making: Iterator[None] = iter(())
        """What makes the rows, step by step."""
        self._is_stale = False
        """Whether something changed while the rows were made."""
        self.is_known = False
        """Whether all rows were made once."""
        self.operations = Operations(session, self)
        self.toolbar = QToolBar(self.tr("Updates"), self)
        self.search = QLineEdit(self)
        self.updates: OrderedTable[UpdateRow] = OrderedTable(CONTEXT, UPDATE_COLUMNS, lambda row: row.name, self)
        self.restarts: OrderedTable[RestartRow] = OrderedTable(CONTEXT, RESTART_COLUMNS, lambda row: row.name, self)
        self.updates_table = self._table(self.updates, self.tr("Templates and standalone qubes"), _UPDATE_WIDTHS)
        self.restarts_table = self._table(self.restarts, self.tr("Qubes to restart"), _RESTART_WIDTHS)
        self.errors = ErrorBar(self)
        self.foot, self.hint = plain_label("", self), plain_label("", self)
        self.nothing: QLabel = plain_label(self.tr("No running qube needs a restart."), self)
        self.message = MessagePage(self)
        self.stack = QStackedWidget(self)
        self._make_toolbar()
        self._lay_out()
        self._later = Soon(PAUSE, self._begin, self)
        self._turns = self._timer(0, self._make_more)
        self._clock = self._timer(MINUTE, self._begin)
        self._clock.setSingleShot(False)
        self._connect()
        self._show()

    # -- what the window uses -----------------------------------------------------------------------------------------

    def start_search(self) -> None:
        """Give the search field the keys."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def enter(self, names: Sequence[str]) -> None:
        """Select these qubes where they are listed."""
        self._begin()
        self._select(self.updates_table, self.updates, names)
        self._select(self.restarts_table, self.restarts, names)

    # -- parts --------------------------------------------------------------------------------------------------------

    def _timer(self, pause: int, run: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(pause)
        timer.timeout.connect(run)
        return timer

    def _table(
        self, model: OrderedTable[UpdateRow] | OrderedTable[RestartRow], name: str, widths: Mapping[int, float]
    ) -> QTableView:
        table = row_table(model, name, len(widths), self)
        table.setItemDelegate(_Delegate(self._session, table))
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setFrameShape(QTableView.Shape.NoFrame)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        set_widths(table, widths)
        if (header := table.horizontalHeader()) is not None:
            header.setMinimumSectionSize(8 * self._unit)
        table.setSortingEnabled(True)
        table.sortByColumn(STATE if widths is _UPDATE_WIDTHS else 0, Qt.SortOrder.AscendingOrder)
        return table

    def _make_toolbar(self) -> None:
        self.update_action = QAction(icon("update"), self.tr("Update"), self)
        self.update_all = QAction(icon("update"), self.tr("Update all"), self)
        self.restart_action = QAction(icon("restart"), self.tr("Restart…"), self)
        self.restart_all = QAction(icon("restart"), self.tr("Restart all…"), self)
        for action, run in (
            (self.update_action, lambda: self._update(self._chosen_updates())),
            (self.update_all, lambda: self._update(self._wanting())),
            (self.restart_action, lambda: self._restart(self._chosen_restarts())),
            (self.restart_all, lambda: self._restart(self._all_restarts)),
        ):
            action.triggered.connect(lambda _checked=False, run=run: run())
        actions = (self.update_action, self.update_all, self.restart_action, self.restart_all)
        fill_page_bar(self.toolbar, actions, self.search, self.tr("Search qubes ({0})"))
        self.search.setAccessibleName(self.tr("Search qubes"))

    def _lay_out(self) -> None:
        unit = self._unit
        upper, lower = QWidget(self), QWidget(self)
        self.head = Section(self.tr("Templates and standalone qubes"), (), (), upper)
        self.restarts_head = Section(self.tr("Restart needed"), (), (), lower)
        self.nothing.setContentsMargins(3 * unit, 2 * unit, 3 * unit, 2 * unit)
        subdue(self.nothing)
        for part, widgets in (
            (upper, (self.head, hairline(upper), self.updates_table)),
            (lower, (hairline(lower), self.restarts_head, hairline(lower), self.nothing, self.restarts_table)),
        ):
            column = QVBoxLayout(part)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(0)
            for widget in widgets:
                column.addWidget(widget, 1 if isinstance(widget, QTableView) else 0)
            if part is lower:
                column.addStretch(0)
        self.down = QSplitter(Qt.Orientation.Vertical, self)
        self.down.addWidget(upper)
        self.down.addWidget(lower)
        self.down.setChildrenCollapsible(False)
        self.stack.addWidget(self.down)
        self.stack.addWidget(self.message)
        for label in (self.foot, self.hint):
            label.setContentsMargins(3 * unit, 2 * unit, 3 * unit, 2 * unit)
            subdue(label)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.stack, 1)
        column.addWidget(self.errors)
        column.addWidget(hairline(self))
        column.addWidget(self.foot)
        column.addWidget(self.hint)

    def _connect(self) -> None:
        session = self._session
        for changed in (session.put, session.gone, session.synced, session.lost):
            changed.connect(self._changed)
        self.search.textChanged.connect(self._show)
        self.operations.overdue.connect(self._overdue)
        for table in (self.updates_table, self.restarts_table):
            if selection := table.selectionModel():
                selection.selectionChanged.connect(lambda *_: self._follow_selection())
            table.activated.connect(lambda index: self._open_settings(_name_at(index)))
            table.customContextMenuRequested.connect(lambda at, table=table: self._show_menu(table, at))

    # -- what is shown ------------------------------------------------------------------------------------------------

    def _changed(self, *_: object) -> None:
        """Follow events while the page is shown; `showEvent` makes up for the others."""
        if self.isVisible():
            self._later.ask()

    def _begin(self) -> None:
        """Make the rows again, in turns of the loop."""
        if self._turns.isActive():
            self._is_stale = True
            return
        self._is_stale = False
        self._making = self._make()
        self._turns.start()

    def _make(self) -> Iterator[None]:
        """Make the rows; between two steps the loop may have a turn, and qubes may go."""
        facts, now = self._session.facts, int(time.time())
        users = outdated_by_template(facts.qubes)
        updates: list[UpdateRow] = []
        for name in in_order(qube.name for qube in facts.qubes.values() if is_updated_itself(qube)):
            if (qube := facts.qubes.get(name)) is not None:
                updates.append(update_row(facts, qube, now, len(users.get(name, ()))))
            yield
        restarts: list[RestartRow] = []
        waiting = self._session.restarts.waiting(self._session.records.values())
        names = in_order(waiting)
        for at in range(0, len(names), AT_A_TIME):
            restarts += restart_rows(facts, {name: waiting[name] for name in names[at : at + AT_A_TIME]})
            yield
        self._all_updates, self._all_restarts = updates, restarts

    def _make_more(self) -> None:
        """Make rows for one turn. Show them once there are all."""
        end = time.perf_counter() + TURN
        for _ in self._making:
            if time.perf_counter() > end:
                self._turns.start()
                return
        is_first, self.is_known = not self.is_known, self.is_known or self._session.is_synced
        self._show()
        if is_first and self.is_known:
            self._fit()
        if self._is_stale:
            self._later.start()

    def _show(self, *_: object) -> None:
        """Show the rows that the search does not leave out; what was selected stays so."""
        words = self.search.text().casefold().split()
        updates, restarts = self._chosen_updates(), self._chosen_restarts()
        self.updates.put([row for row in self._all_updates if _has(words, row.name)])
        self.restarts.put([row for row in self._all_restarts if _has(words, row.name, row.template, row.netvm)])
        self._select(self.updates_table, self.updates, [row.name for row in updates])
        self._select(self.restarts_table, self.restarts, [row.name for row in restarts])
        self.down.setEnabled(self._session.is_synced)
        self.head.note.setText(summary(self._all_updates))
        number = len(self._all_restarts)
        self.restarts_head.note.setText(self.tr("%n qube(s)", "", number) if number else "")
        self.nothing.setVisible(self.is_known and not number)
        self.restarts_table.setVisible(bool(number))
        if self._all_updates:
            self.stack.setCurrentWidget(self.down)
        else:
            self._show_why_empty()
        self._follow_selection()

    def _fit(self) -> None:
        """Give the table of updates the room for its rows, and the other one the rest."""
        header, rows = self.updates_table.horizontalHeader(), self.updates_table.verticalHeader()
        if header is not None and rows is not None:
            number = min(len(self.updates.rows), ROWS_SHOWN) + 1
            high = self.head.height() + header.sizeHint().height() + number * rows.defaultSectionSize()
            high = min(high, self.down.height() // 2)
            self.down.setSizes([high, self.down.height() - high])

    def _show_why_empty(self) -> None:
        if self.is_known:
            text = self.tr("There is no template and no standalone qube.")
            self.message.say("update", self.tr("Nothing to update"), text)
        else:
            self.message.say("update", self.tr("Reading the qubes…"), self._session.connection)
        self.stack.setCurrentWidget(self.message)

    def _follow_selection(self) -> None:
        """Update the actions with their tooltips, and the foot."""
        updates, restarts = self._chosen_updates(), self._chosen_restarts()
        missing = programs.missing(programs.UPDATE)
        for action, rows, empty in (
            (self.update_action, updates, self.tr("Select a template or standalone qube first.")),
            (self.update_all, self._wanting(), self.tr("No qube needs an update.")),
        ):
            _enable(action, self._why_not(rows, empty) or self._why_not_inside(rows, missing))
        _enable(self.restart_action, self._why_not(restarts, self.tr("Select a qube to restart first.")))
        _enable(self.restart_all, self._why_not(self._all_restarts, self.tr("No qube has to be restarted.")))
        self.foot.setText(self._describe(updates, restarts))
        self.hint.setVisible(bool(missing) and runs_qubes_os(self._session.facts))
        text = self.tr("Updates cannot be started here: {0} of Qubes OS is not installed.")
        self.hint.setText(text.format(missing) if missing else "")

    def _why_not(self, rows: Sequence[UpdateRow] | Sequence[RestartRow], empty: str) -> str:
        """Why an action is possible for none of the rows; empty if it is for some."""
        if not rows:
            return empty
        if not self._session.is_synced:
            return self.tr("There is no connection.")
        if any(row.why_not is None for row in rows):
            return ""
        return "\n".join(reason_text(row.why_not) for row in rows[:REASONS_SHOWN] if row.why_not is not None)

    def _why_not_inside(self, rows: Sequence[UpdateRow], missing: str) -> str:
        """Why none of the rows can be updated although the rules allow it; empty if some can."""
        records = self._session.records
        if not missing:
            return ""
        possible = [row.name for row in rows if row.why_not is None and row.name in records]
        reasons = [why_not_inside(records[name], missing) for name in possible]
        if None in reasons:
            return ""
        return "\n".join(reason_text(why) for why in reasons[:REASONS_SHOWN] if why is not None)

    def _describe(self, updates: Sequence[UpdateRow], restarts: Sequence[RestartRow]) -> str:
        if len(updates) == 1 and not restarts:
            return self.tr("{0}: {1}.").format(updates[0].name, update_text(updates[0]).rstrip("."))
        if len(restarts) == 1 and restarts[0].why_not is not None:
            return reason_text(restarts[0].why_not)
        return self.tr("A restart shows its plan first: clients halt before their net qubes and start after them.")

    def _chosen_updates(self) -> list[UpdateRow]:
        return [self.updates.rows[at] for at in selected_rows(self.updates_table)]

    def _chosen_restarts(self) -> list[RestartRow]:
        return [self.restarts.rows[at] for at in selected_rows(self.restarts_table)]

    def _wanting(self) -> list[UpdateRow]:
        """The qubes that need an update."""
        return [row for row in self._all_updates if row.needs_update]

    @staticmethod
    def _select(
        table: QTableView, model: OrderedTable[UpdateRow] | OrderedTable[RestartRow], names: Sequence[str]
    ) -> None:
        selection, rows = table.selectionModel(), cast("Sequence[UpdateRow | RestartRow]", model.rows)
        chosen = set(names)
        places = [at for at, row in enumerate(rows) if row.name in chosen] if chosen else []
        if selection is None or not set(places) - set(selected_rows(table)):
            return
        ranges = QItemSelection()
        for at in places:
            ranges.append(QItemSelectionRange(model.index(at, 0)))
        flags = QItemSelectionModel.SelectionFlag
        selection.select(ranges, QItemSelectionModel.SelectionFlags() | flags.Select | flags.Rows)
        selection.setCurrentIndex(model.index(places[0], 0), flags.NoUpdate)

    # -- what the user does -------------------------------------------------------------------------------------------

    def _update(self, rows: Sequence[UpdateRow]) -> None:
        self.operations.update([row.name for row in rows if row.why_not is None])

    def _restart(self, rows: Sequence[RestartRow]) -> None:
        """Show the plan for all of these; it names those that cannot be restarted."""
        names = tuple(row.name for row in rows)
        if names:
            self.operations.restart(names)

    def _overdue(self, name: str, error: str) -> None:
        self.errors.show_notice(error, self.operations.overdue_offers(name))

    def _open_settings(self, name: str) -> None:
        self._session.window_wanted.emit("settings", (name,))

    def _show_menu(self, table: QTableView, at: QPoint) -> None:
        viewport, index = table.viewport(), table.indexAt(at)
        if viewport is None or not index.isValid():
            return
        name = _name_at(index)  # now: while the menu is open, the rows may be replaced
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        menu.addAction(self.update_action if table is self.updates_table else self.restart_action)
        if settings := menu.addAction(icon("settings"), self.tr("Settings…")):
            settings.triggered.connect(lambda: self._open_settings(name))
        menu.popup(viewport.mapToGlobal(at))

    # Qt overrides

    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        self._clock.start()
        self._begin()

    def hideEvent(self, event: QHideEvent | None) -> None:
        super().hideEvent(event)
        self._clock.stop()
        self._later.stop()

    def minimumSizeHint(self) -> QSize:
        return QSize(60 * self._unit, 60 * self._unit)


class _Delegate(MarkDelegate):
    """Marks, and the cube of the qube before its name."""

    def __init__(self, session: Session, table: QTableView) -> None:
        super().__init__(table)
        self._session = session

    # Qt overrides

    def initStyleOption(self, option: QStyleOptionViewItem | None, index: QModelIndex) -> None:
        super().initStyleOption(option, index)
        if option is not None and index.column() == 0:
            color = self._session.color_of_qube(str(index.data()))
            put_icon(option, label_icon(color), option.fontMetrics.height())


def _name_at(index: QModelIndex) -> str:
    """The qube of a row."""
    return str(index.siblingAtColumn(0).data())


def _has(words: Sequence[str], *texts: str) -> bool:
    """Whether each word is in one of the texts."""
    joined = " ".join(texts).casefold()
    return all(word in joined for word in words)


def _enable(action: QAction, why_not: str) -> None:
    """Enable an action, or disable it with the reason in its tooltip."""
    action.setEnabled(not why_not)
    title = title_text(action.text())
    action.setToolTip(plain_tip(f"{title}\n{why_not}" if why_not else title))


def open_updates(session: Session, parent: QWidget) -> QWidget:
    """The page, for the main window."""
    return UpdatesPage(session, parent)
