# SPDX-License-Identifier: GPL-3.0-or-later
"""The timeline: what changed, when, by which source, with the old value, and Revert where that is possible."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from PyQt5.QtCore import QModelIndex, QPoint, QRect, QSize, Qt
from PyQt5.QtGui import QFont, QIcon, QKeySequence, QPainter, QPalette, QResizeEvent, QShowEvent
from PyQt5.QtWidgets import (
    QAbstractItemView,
    QAction,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QShortcut,
    QSplitter,
    QStackedWidget,
    QStyleOptionViewItem,
    QToolBar,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.models.natural_sort import in_order
from qubesmanager.models.reason_texts import reason_text
from qubesmanager.models.texts import moment_text, plain_tip, since_text
from qubesmanager.models.timeline import (
    BACK,
    BY,
    ENTRY_ROLE,
    IS,
    KINDS,
    QUBE,
    WAS,
    WHAT,
    WHEN,
    TimelineModel,
    by_text,
    call_text,
    cell_text,
    full_text,
    haystack,
    is_text,
    kind_text,
    qube_text,
    table_of,
    was_text,
    what_text,
)
from qubesmanager.plans.plan import Kind, Plan, Row, RowKey
from qubesmanager.plans.revert import qube_of, revert_together, why_not_revert
from qubesmanager.rules.stepwise import Steps
from qubesmanager.ui.actions.exporting import ExportAction
from qubesmanager.ui.actions.operations import Operations
from qubesmanager.ui.actions.plan_dialog import UNDO_SECONDS
from qubesmanager.ui.icons import icon, label_icon, tinted_icon
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.timeline.timeline_feed import TimelineFeed
from qubesmanager.ui.widgets.cell_icon import put_icon
from qubesmanager.ui.widgets.choices import refill
from qubesmanager.ui.widgets.error_bar import ErrorBar
from qubesmanager.ui.widgets.flat_header import put_flat_header
from qubesmanager.ui.widgets.flow_layout import Flow
from qubesmanager.ui.widgets.labels import info_color, plain_label, subdue, subdued, title_label
from qubesmanager.ui.widgets.message_page import MessagePage
from qubesmanager.ui.widgets.page_bar import fill_page_bar
from qubesmanager.ui.widgets.palette_colors import IconLabel
from qubesmanager.ui.widgets.row_delegate import RowDelegate
from qubesmanager.ui.widgets.sections import hairline
from qubesmanager.ui.widgets.selection import fill_edge
from qubesmanager.wire.history import DAEMON, HistoryEntry
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.records import PropertyValue

PERIODS = (30, 7, 1)
"""Days that the box of periods offers; the daemon keeps the first."""
DAY = 86_400
ALL = ""
"""The data of the first line of each box: nothing is left out."""
OTHERS, OWN = "qubes", "daemon"
NARROW = 170
"""Quarters of a line's height below which the pane of the entry is hidden."""
DASH = "\N{EN DASH}"
LONG = 400
"""Characters of a value that the pane shows."""
WIDE = 140
"""Quarters of a line's height below which the column of the source is hidden: the pane has it too."""
_WIDTHS = {WHEN: 22, QUBE: 29, BY: 26, BACK: 8}
"""Of the columns, in quarters of a line's height; the others share the rest."""


class TimelinePage(QWidget):
    """A page of the main window, and the content of the window about one qube."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._unit = self.fontMetrics().height() // 4
        self._last = 0
        """The id of the entry that was selected last."""
        self.operations = Operations(session, self)
        self.model = TimelineModel(self)
        self.model.why_not = self.why_not
        self.feed = TimelineFeed(session, self.model, self.isVisible, self)
        self.toolbar = QToolBar(self.tr("Timeline"), self)
        self.search = QLineEdit(self)
        self.of_qube, self.of_kind, self.of_source = QComboBox(self), QComboBox(self), QComboBox(self)
        self.of_period = QComboBox(self)
        self.count = plain_label("", self)
        self.tree = _Tree(session, self)
        self.message = MessagePage(self)
        self.stack = QStackedWidget(self)
        self.foot = plain_label("", self)
        self.errors = ErrorBar(self)
        self.pane = _Pane(session, self)
        self._make_toolbar()
        self._fill_boxes()
        self._lay_out()
        self._connect()
        self._look()

    # -- what the window uses -----------------------------------------------------------------------------------------

    def start_search(self) -> None:
        """Give the search field the keys."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def enter(self, _names: Sequence[str]) -> None:
        """Ask dom0 for what is new."""
        self.feed.look()

    def show_qube(self, name: str) -> None:
        """Show the changes of one qube."""
        self._put_qubes()
        if self.of_qube.findData(name) < 0:
            self.of_qube.addItem(name, name)
        self.of_qube.setCurrentIndex(self.of_qube.findData(name))

    def current(self) -> HistoryEntry | None:
        """The selected entry."""
        return self.model.entry(self.tree.currentIndex())

    def chosen(self) -> tuple[HistoryEntry, ...]:
        """The entries of the selected row: several for a plan."""
        return self.model.entries_at(self.tree.currentIndex())

    def why_not(self, entry: HistoryEntry) -> str:
        """Why an entry cannot be reverted, in the user's language; empty if it can."""
        reason = why_not_revert(self._session.facts, entry, is_latest=self.model.is_latest(entry))
        if reason is None and not self._session.is_synced:
            return self.tr("There is no connection.")
        return reason_text(reason) if reason is not None else ""

    def revert(self, entries: Sequence[HistoryEntry] = ()) -> None:
        """Show the plan that takes back these entries, or those of the selected row."""
        chosen = tuple(entries) or self.chosen()
        if not chosen or self.model.why_not_all(chosen):
            return

        def make(left_out: frozenset[str], _choice: str) -> Steps[Plan]:
            facts = self._session.facts_now()
            plan = yield from revert_together.steps(facts, chosen, left_out)
            return _in_words(plan, {qube_of(facts, each): each for each in chosen})

        self.operations.confirm(make)

    # -- parts --------------------------------------------------------------------------------------------------------

    def _make_toolbar(self) -> None:
        self.revert_action = QAction(icon("undo"), self.tr("Revert…"), self)
        self.refresh_action = QAction(icon("refresh"), self.tr("Refresh"), self)
        hint = self.tr("Search: qube, property, value ({0})")
        self.export_action = ExportAction(
            self._session, self, self.tr("Export the timeline"), self.tr("timeline.csv"), self._rows
        )
        actions = (self.revert_action, self.export_action, self.refresh_action)
        fill_page_bar(self.toolbar, actions, self.search, hint)
        self.search.setAccessibleName(self.tr("Search the changes"))

    def _fill_boxes(self) -> None:
        self._put_qubes()
        self.of_kind.addItem(self.tr("All kinds"), ALL)
        for key in KINDS:
            self.of_kind.addItem(kind_text(key), key)
        for text, key in (
            (self.tr("Any source"), ALL),
            (self.tr("By dom0"), DOM0),
            (self.tr("By qubes"), OTHERS),
            (self.tr("By the daemon"), OWN),
        ):
            self.of_source.addItem(text, key)
        self.of_period.addItem(self.tr("Last 30 days"), PERIODS[0])
        self.of_period.addItem(self.tr("Last 7 days"), PERIODS[1])
        self.of_period.addItem(self.tr("Last 24 hours"), PERIODS[2])
        for box, name in (
            (self.of_period, self.tr("Changes of the period")),
            (self.of_qube, self.tr("Changes of the qube")),
            (self.of_kind, self.tr("Changes of the kind")),
            (self.of_source, self.tr("Changes by the source")),
        ):
            box.setAccessibleName(name)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)

    def _lay_out(self) -> None:
        unit = self._unit
        left = QWidget(self)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        bar = QHBoxLayout()
        bar.setContentsMargins(3 * unit, 2 * unit, 3 * unit, 2 * unit)
        bar.setSpacing(2 * unit)
        boxes = Flow()
        for box in (self.of_qube, self.of_kind, self.of_source, self.of_period):
            boxes.addWidget(box)
        bar.addLayout(boxes, 1)
        bar.addWidget(self.count)
        subdue(self.count)
        self.count.setWordWrap(False)
        self.stack.addWidget(self.tree)
        self.stack.addWidget(self.message)
        column.addLayout(bar)
        column.addWidget(hairline(left))
        column.addWidget(self.stack, 1)
        column.addWidget(self.errors)
        column.addWidget(hairline(left))
        self.foot.setContentsMargins(3 * unit, 2 * unit, 3 * unit, 2 * unit)
        subdue(self.foot)
        column.addWidget(self.foot)
        self.across = QSplitter(Qt.Orientation.Horizontal, self)
        self.across.addWidget(left)
        self.across.addWidget(self.pane)
        self.across.setStretchFactor(0, 1)
        self.across.setSizes([200 * unit, 78 * unit])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.across)

    def _connect(self) -> None:
        self.tree.show_model(self.model)
        self.feed.changed.connect(self._look)
        self.search.textChanged.connect(self._filter)
        self.of_kind.currentIndexChanged.connect(self._filter)
        self.of_source.currentIndexChanged.connect(self._filter)
        self.of_period.currentIndexChanged.connect(self._filter)
        self.of_qube.currentIndexChanged.connect(self._choose_qube)
        self.revert_action.triggered.connect(self._revert_current)
        self.refresh_action.triggered.connect(self.feed.begin)
        self.pane.revert.clicked.connect(self._revert_current)
        self.pane.show_qube.clicked.connect(self._show_only)
        self.tree.clicked.connect(self._clicked)
        self.tree.activated.connect(lambda index: self.revert(self.model.entries_at(index)))
        self.tree.customContextMenuRequested.connect(self._show_menu)
        if selection := self.tree.selectionModel():
            selection.currentChanged.connect(lambda *_: self._show_entry())
        self.operations.undoable.connect(self._undoable)
        self._session.put.connect(self._qubes_changed)
        self._session.gone.connect(self._qubes_changed)

    # -- what is shown ------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        """Show the entries, or why there are none; at the foot, why there are no others."""
        kept = self.tr("Kept for 30 days, at most 10,000 changes. Starts and shutdowns are in the logs of each qube.")
        self.foot.setText(self.feed.problem or kept)
        number = self.model.shown
        said = (
            self.tr("More than %n change(s)", "", number)
            if self.model.has_more and not self.feed.is_enough
            else self.tr("%n change(s)", "", number)
        )
        self.count.setText(said if self.feed.is_known else "")
        if self.feed.problem and not self.model.entries:
            headline = self.tr("The history cannot be shown")
            self.message.say("warning", headline, self.feed.problem, self.tr("Try again"), self.feed.begin)
        elif not self.feed.is_known:
            self.message.say("timeline", self.tr("Loading the changes…"), self._session.connection)
        elif not self.model.entries:
            self.message.say("timeline", self.tr("Nothing has changed yet"), self.tr("Each change is listed here."))
        elif not number:
            self.message.say(
                "search", self.tr("No change matches"), "", self.tr("Show all changes"), self._forget_filter
            )
        self.stack.setCurrentWidget(self.tree if number else self.message)
        if number and self.current() is None:
            again = self.model.index_of(self._last)
            if again.isValid():
                self.tree.setCurrentIndex(again)
            else:
                self.tree.choose_first()
        self._show_entry()

    def _filter(self, *_: object) -> None:
        words = self.search.text().casefold().split()
        kind, source = str(self.of_kind.currentData() or ""), str(self.of_source.currentData() or "")
        of_kind = KINDS[kind][1] if kind else None
        days = int(self.of_period.currentData())
        # The daemon keeps no more than the longest.
        self.feed.since = int(time.time()) - days * DAY if days < PERIODS[0] else 0
        since = self.feed.since

        def accepts(entry: HistoryEntry) -> bool:
            if entry.time < since or (of_kind is not None and entry.event not in of_kind):
                return False
            if source and _source(entry) != source:
                return False
            return not words or all(word in haystack(entry) for word in words)

        chosen = self.current()
        self.model.want(accepts)
        if chosen is not None:
            self.tree.setCurrentIndex(self.model.index_of(chosen.id))
        self.feed.fill()
        self._look()

    def _forget_filter(self) -> None:
        self.search.clear()
        for box in (self.of_kind, self.of_source, self.of_period):
            box.setCurrentIndex(0)

    def _choose_qube(self, *_: object) -> None:
        self.feed.show_qube(str(self.of_qube.currentData() or "") or None)

    def _put_qubes(self) -> None:
        """The qubes there are; one that was chosen and is gone stays in the list."""
        chosen = str(self.of_qube.currentData() or "")
        names = {*self._session.records, *((chosen,) if chosen else ())}
        rows = [(self.tr("All qubes"), ALL), *((name, name) for name in in_order(names))]

        def picture(name: str) -> QIcon | None:
            return label_icon(self._session.color_of_qube(name)) if name else None

        refill(self.of_qube, rows, picture)

    def _qubes_changed(self, *_: object) -> None:
        if self.isVisible():
            self._put_qubes()
            self.model.look_again()
            self._show_entry()

    def _show_entry(self) -> None:
        chosen = self.chosen()
        if chosen:
            self._last = chosen[0].id
        why_not = self.model.why_not_all(chosen) if chosen else self.tr("Select a change.")
        self.revert_action.setEnabled(not why_not)
        self.revert_action.setToolTip(why_not or self.tr("Show what reverting it does"))
        self.pane.show_entries(chosen, why_not)

    def _rows(self) -> list[tuple[str, ...]]:
        return table_of(self.model.shown_entries)

    # -- what the user does -------------------------------------------------------------------------------------------

    def _clicked(self, index: QModelIndex) -> None:
        if index.column() == BACK:
            self.revert(self.model.entries_at(index))

    def _revert_current(self) -> None:
        self.revert()

    def _show_only(self) -> None:
        """The changes of the qube of the selected entry."""
        if (entry := self.current()) is not None and entry.uuid:
            self.show_qube(qube_of(self._session.facts, entry) or entry.qube)

    def _undoable(self, text: str, plan: Plan, done: frozenset[RowKey]) -> None:
        offers = self.operations.undo_offers(plan, done)
        self.errors.show_notice(text, offers, warning=False, seconds=UNDO_SECONDS)

    def _show_menu(self, at: QPoint) -> None:
        entry = self.model.entry(self.tree.indexAt(at))
        viewport = self.tree.viewport()
        if entry is None or viewport is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        menu.addAction(self.revert_action)
        if only := menu.addAction(self.tr("Only changes of this qube")):
            only.setEnabled(bool(entry.uuid))
            only.triggered.connect(self._show_only)
        menu.popup(viewport.mapToGlobal(at))

    # Qt overrides

    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        self._put_qubes()
        self.feed.look()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self.pane.setVisible(self.width() >= NARROW * self._unit)

    def minimumSizeHint(self) -> QSize:
        return QSize(60 * self._unit, 60 * self._unit)


def _in_words(plan: Plan, entries: Mapping[str, HistoryEntry]) -> Plan:
    """The plan with the values as the timeline shows them; one that sets a property of qubes has words already.

    `entries`: what is taken back, by the present name of its qube.
    """
    if plan.kind is not Kind.UNDO:
        return plan

    def in_words(row: Row) -> Row:
        entry = entries[row.qube]
        return replace(row, now=PropertyValue(is_text(entry), False), then=PropertyValue(was_text(entry), False))

    return replace(plan, prop=what_text(next(iter(entries.values()))), rows=tuple(map(in_words, plan.rows)))


def _source(entry: HistoryEntry) -> str:
    """The line of the box of sources that an entry belongs to."""
    if entry.source == DAEMON:
        return OWN
    return DOM0 if entry.source == DOM0 else OTHERS


class _Tree(QTreeView):
    """The days with their entries. A click on the arrow of an entry reverts it."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Changes"))
        self.setUniformRowHeights(True)
        self.setFrameShape(QTreeView.Shape.NoFrame)
        self.setIndentation(3 * (self.fontMetrics().height() // 4))
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setItemDelegate(_Delegate(session, self))

    def show_model(self, model: TimelineModel) -> None:
        put_flat_header(self)
        self.setModel(model)
        unit = self.fontMetrics().height() // 4
        if (header := self.header()) is not None:
            header.setStretchLastSection(False)
            header.setMinimumSectionSize(7 * unit)
            for column, width in _WIDTHS.items():
                header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
                self.setColumnWidth(column, width * unit)
            for column in (WHAT, WAS, IS):
                header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        model.rowsInserted.connect(self._days_came)
        model.modelReset.connect(self._all_came)
        self._all_came()

    # Qt overrides

    def drawBranches(self, painter: QPainter | None, rect: QRect, index: QModelIndex) -> None:
        super().drawBranches(painter, rect, index)
        selection = self.selectionModel()
        if painter is not None and selection is not None and selection.isSelected(index):
            fill_edge(painter, rect, self.layoutDirection())

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self.setColumnHidden(BY, self.width() < WIDE * (self.fontMetrics().height() // 4))

    def choose_first(self) -> None:
        """Select the newest entry."""
        if (model := self.model()) is not None:
            self.setCurrentIndex(model.index(0, 0, model.index(0, 0)))

    def _all_came(self) -> None:
        model = self.model()
        self._open_days(0, model.rowCount() - 1 if model is not None else -1)

    def _days_came(self, parent: QModelIndex, first: int, last: int) -> None:
        if not parent.isValid():
            self._open_days(first, last)

    def _open_days(self, first: int, last: int) -> None:
        if (model := self.model()) is None:
            return
        for row in range(first, last + 1):
            self.setFirstColumnSpanned(row, QModelIndex(), True)
            self.expand(model.index(row, 0))


class _Delegate(RowDelegate):
    """Bold heads and new values, quiet old ones, the cube of the qube, and the arrow of what can be reverted."""

    def __init__(self, session: Session, parent: QTreeView) -> None:
        super().__init__(parent)
        self._session = session

    # Qt overrides

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        size = super().sizeHint(option, index)
        return QSize(size.width(), 7 * (option.fontMetrics.height() // 4))

    def initStyleOption(self, option: QStyleOptionViewItem | None, index: QModelIndex) -> None:
        super().initStyleOption(option, index)
        if option is None:
            return
        entry = index.data(ENTRY_ROLE)
        if not isinstance(entry, HistoryEntry):
            option.font.setWeight(QFont.Weight.Bold)
            return
        if index.column() == IS:
            option.font.setWeight(QFont.Weight.Bold)
        if index.column() in {WAS, BY}:
            quiet = subdued(option.palette)
            for role in (QPalette.ColorRole.Text, QPalette.ColorRole.HighlightedText):
                option.palette.setColor(role, quiet)
        if index.column() == QUBE:
            name = qube_of(self._session.facts, entry)
            picture = label_icon(self._session.color_of_qube(name)) if entry.uuid else icon("settings")
            model = index.model()
            if isinstance(model, TimelineModel) and len(model.entries_at(index)) > 1:
                picture = icon("qubes")
            put_icon(option, picture, option.fontMetrics.height())

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        super().paint(painter, option, index)
        model = index.model()
        entry = index.data(ENTRY_ROLE)
        if index.column() != BACK or painter is None or not isinstance(model, TimelineModel) or entry is None:
            return
        if not model.why_not_all(model.entries_at(index)):
            side = option.fontMetrics.height()
            place = QRect(0, 0, side, side)
            place.moveCenter(option.rect.center())
            tinted_icon("undo", info_color).paint(painter, place)


class _Pane(QWidget):
    """All of the selected entry, and what can be done with it."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        unit = self.fontMetrics().height() // 4
        self.picture = IconLabel(self)
        self.title = title_label("", self)
        self.what = plain_label("", self)
        subdue(self.what)
        self.facts = [plain_label("", self) for _ in range(5)]
        self.reason = plain_label("", self)
        subdue(self.reason)
        self.show_qube = QPushButton(self.tr("Only &this qube"), self)
        self.revert = QPushButton(icon("undo"), self.tr("&Revert…"), self)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * unit, 3 * unit, 3 * unit, 2 * unit)
        column.setSpacing(2 * unit)
        head = QHBoxLayout()
        head.setSpacing(2 * unit)
        words = QVBoxLayout()
        words.setSpacing(unit // 2)
        words.addWidget(self.title)
        words.addWidget(self.what)
        head.addWidget(self.picture, 0, Qt.AlignmentFlag.AlignTop)
        head.addLayout(words, 1)
        column.addLayout(head)
        form = QFormLayout()
        form.setHorizontalSpacing(3 * unit)
        form.setVerticalSpacing(unit)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)
        names = (self.tr("When"), self.tr("Was"), self.tr("Is"), self.tr("By"), self.tr("Call"))
        for name, value in zip(names, self.facts, strict=True):
            label = QLabel(name, self)
            subdue(label)
            form.addRow(label, value)
        column.addLayout(form)
        column.addWidget(hairline(self))
        column.addWidget(self.reason)
        column.addStretch(1)
        buttons = Flow(fill=True)
        buttons.addWidget(self.show_qube)
        buttons.addWidget(self.revert)
        column.addLayout(buttons)
        self.setMinimumWidth(50 * unit)

    def show_entries(self, entries: Sequence[HistoryEntry], why_not: str) -> None:
        """Show an entry or those of a plan, and why they cannot be reverted (empty: they can)."""
        entry = next(iter(entries), None)
        is_plan = len(entries) > 1
        self.revert.setEnabled(not why_not)
        self.revert.setToolTip(why_not)
        self.show_qube.setEnabled(entry is not None and bool(entry.uuid) and not is_plan)
        if entry is None:
            for label in (self.title, self.what, *self.facts):
                label.setText("")
            self.picture.show_icon(QIcon(), 0)
            self.reason.setText(why_not)
            return
        now = int(time.time())
        name = qube_of(self._session.facts, entry)
        side = 2 * self.fontMetrics().height()
        picture = label_icon(self._session.color_of_qube(name)) if entry.uuid else icon("settings")
        self.picture.show_icon(picture, side)
        if is_plan:
            self.picture.show_icon(icon("qubes"), side)
        self.title.setText(cell_text(entries, QUBE))
        self.title.setToolTip(plain_tip(", ".join(map(qube_text, entries))))
        is_other = not is_plan and entry.uuid and name and name != entry.qube
        self.what.setText(
            self.tr("{0}; now named {1}").format(what_text(entry), name) if is_other else what_text(entry)
        )
        texts = (
            f"{moment_text(entry.time, now)}, {since_text(entry.time, now)}",
            cell_text(entries, WAS) if is_plan else _shortened(full_text(entry, entry.old, is_old=True)),
            cell_text(entries, IS) if is_plan else _shortened(full_text(entry, entry.new, is_old=False)),
            by_text(entry),
            call_text(entry) or DASH,
        )
        for label, text in zip(self.facts, texts, strict=True):
            label.setText(text)
        self.reason.setText(why_not or self.tr("Revert shows a plan first: what it does, and to which qubes."))


def _shortened(text: str) -> str:
    return text if len(text) <= LONG else f"{text[:LONG]}…"


def open_timeline(session: Session, parent: QWidget) -> QWidget:
    """The page, for the main window."""
    return TimelinePage(session, parent)


class TimelineWindow(QWidget):
    """The changes of one qube in a window."""

    def __init__(self, session: Session, name: str) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self.setWindowTitle(self.tr("History of {0}").format(name))
        self.setWindowIcon(icon("timeline"))
        self.page = TimelinePage(session, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.page.toolbar)
        layout.addWidget(self.page, 1)
        standard = QKeySequence.StandardKey
        QShortcut(QKeySequence(standard.Find), self).activated.connect(self.page.start_search)
        QShortcut(QKeySequence(standard.Refresh), self).activated.connect(self.page.feed.begin)
        QShortcut(QKeySequence(standard.Close), self).activated.connect(self._close)
        self.page.show_qube(name)
        unit = self.fontMetrics().height() // 4
        self.resize(250 * unit, 140 * unit)

    def _close(self) -> None:
        self.close()


def open_history(session: Session, names: tuple[str, ...]) -> QWidget:
    """The window of the first name."""
    return TimelineWindow(session, names[0])
