# SPDX-License-Identifier: GPL-3.0-or-later
"""The resources of the computer: memory and processors, who uses most, how full the pools are and when they will be."""

import time
from collections.abc import Sequence
from contextlib import suppress

from PyQt5.QtCore import QAbstractItemModel, QDateTime, QLocale, QSize, Qt, QTimer, pyqtSignal
from PyQt5.QtGui import QColor, QHideEvent, QIcon, QPalette, QResizeEvent, QShowEvent
from PyQt5.QtWidgets import (
    QAction,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSplitter,
    QTableView,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.models import resource_rows
from qubesmanager.models.resource_rows import (
    GROWTH_COLUMNS,
    POOL_COLUMNS,
    POOL_FORECAST,
    POOL_USED,
    USE_COLUMNS,
    USE_CPU,
    USE_MEMORY,
    USE_NAME,
    USE_NOTE,
    Growth,
    PoolOutlook,
    table_of,
)
from qubesmanager.models.resources import Resources, Share, Use
from qubesmanager.models.row_table import RowFilter, RowTable
from qubesmanager.models.texts import gib_text, in_gib, number_text, plain_tip
from qubesmanager.rules.facts import whole_number
from qubesmanager.rules.forecast import Outlook
from qubesmanager.transport.base import TransportError
from qubesmanager.ui.actions.exporting import ExportAction
from qubesmanager.ui.icons import icon, label_icon, tinted_icon
from qubesmanager.ui.resources.cells import BarCells, CpuCells, NameCells
from qubesmanager.ui.resources.graphs import HourGraph, ShareBar, share_color
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.session.windows import PAGE
from qubesmanager.ui.widgets.flow_layout import Flow
from qubesmanager.ui.widgets.labels import (
    blended,
    cpu_color,
    embolden,
    memory_color,
    plain_label,
    subdue,
    warning_color,
)
from qubesmanager.ui.widgets.mark_delegate import MarkDelegate
from qubesmanager.ui.widgets.page_bar import fill_page_bar
from qubesmanager.ui.widgets.palette_colors import IconLabel, put_colors
from qubesmanager.ui.widgets.sections import Section, hairline
from qubesmanager.ui.widgets.tables import row_table, selected_row, set_widths
from qubesmanager.wire import calls
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.event import Event
from qubesmanager.wire.events import POOL_EVENTS, row_of
from qubesmanager.wire.names import DOM0

ASK = 10_000
"""Milliseconds between two questions for the free memory while the page is shown."""
NARROW = 190
"""Quarters of a line's height below which the pools are below the qubes."""
STACKED, BESIDE = 150, 75
"""The least height of both tables, in the same unit, below and beside each other; the page scrolls to show it."""
POOL_ROWS = 6
KIB = 10


class ResourcesPage(QWidget):
    """A page of the main window. It collects the last hour from its first showing on.

    Signals: `selection_changed()`: another qube is selected.
    """

    selection_changed = pyqtSignal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._unit = self.fontMetrics().height() // 4
        self.resources = Resources()
        self.toolbar = QToolBar(self.tr("Resources"), self)
        self.search = QLineEdit(self)
        self.uses: RowTable[Use] = RowTable(resource_rows.CONTEXT, USE_COLUMNS, lambda row: row.name, self)
        self.shown_uses = RowFilter(self.uses, self)
        self.uses_table = self._table(self.shown_uses, self.tr("Uses most"), USE_NOTE)
        self.pools: RowTable[PoolOutlook] = RowTable(resource_rows.CONTEXT, POOL_COLUMNS, lambda row: row.key, self)
        self.pools_table = self._table(self.pools, self.tr("Pools"), POOL_FORECAST)
        self.growths: RowTable[Growth] = RowTable(resource_rows.CONTEXT, GROWTH_COLUMNS, lambda row: row.name, self)
        self.growths_table = self._table(self.growths, self.tr("Grows most"), 0)
        self.memory = plain_label("", self)
        self.memory_note = plain_label("", self)
        self.bar = ShareBar(self)
        self.legend = QWidget(self)
        self.cpu, self.cpu_foot = plain_label("", self), plain_label("", self)
        self.hour_memory, self.memory_foot = plain_label("", self), plain_label("", self)
        self.cpu_graph = HourGraph(cpu_color, self)
        self.memory_graph = HourGraph(memory_color, self)
        self.advice = plain_label("", self)
        self.advice_icon = IconLabel(self)
        self.snapshots = QPushButton(self.tr("Review &snapshots…"), self)
        self.growth_note = plain_label("", self)
        self.of_time = QComboBox(self)
        self.of_time.setAccessibleName(self.tr("Use of which time"))
        self.of_time.addItem(self.tr("Now"), False)
        self.of_time.addItem(self.tr("Mean of the last minutes"), True)
        self._legend_of: tuple[Share, ...] = ()
        self._asking = QTimer(self)
        self._asking.setInterval(ASK)
        self._make_toolbar()
        self._lay_out()
        self._connect()
        self._look()

    # -- what the window uses -----------------------------------------------------------------------------------------

    def enter(self, _names: Sequence[str]) -> None:
        """Measure the pools again."""
        self._session.usage.ask()
        self.uses_table.setFocus()

    def start_search(self) -> None:
        """Give the search field the keys."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def selected_names(self) -> tuple[str, ...]:
        """The qube that is selected in the table of uses."""
        use = self.shown_uses.row_at(selected_row(self.uses_table))
        return (use.name,) if use is not None else ()

    # -- parts --------------------------------------------------------------------------------------------------------

    def _table(self, model: QAbstractItemModel, name: str, stretched: int) -> QTableView:
        table = row_table(model, name, stretched, self)
        table.setFrameShape(QTableView.Shape.NoFrame)
        table.setItemDelegate(MarkDelegate(table))
        if header := table.horizontalHeader():
            header.setMinimumSectionSize(8 * self._unit)
        return table

    def _make_toolbar(self) -> None:
        self.storage = QAction(icon("storage"), self.tr("Storage…"), self)
        self.storage.triggered.connect(lambda: self._session.window_wanted.emit("storage", ()))
        self.export_action = ExportAction(
            self._session, self, self.tr("Export the resources"), self.tr("resources.csv"), self._rows
        )
        fill_page_bar(self.toolbar, (self.storage, self.export_action), self.search, self.tr("Find a qube ({0})"))
        self.search.setAccessibleName(self.tr("Find a qube"))

    def _lay_out(self) -> None:
        unit = self._unit
        for table, widths in (
            (self.uses_table, {USE_NAME: 34, USE_MEMORY: 45, USE_CPU: 27}),
            (self.pools_table, {0: 28, POOL_USED: 50}),
            (self.growths_table, {1: 24, 2: 28}),
        ):
            set_widths(table, widths)
        session = self._session
        names = NameCells(lambda name: label_icon(session.color_of_qube(name)), self)
        self.uses_table.setItemDelegateForColumn(USE_NAME, names)
        self.uses_table.setItemDelegateForColumn(USE_MEMORY, BarCells(memory_color, self))
        self.uses_table.setItemDelegateForColumn(USE_CPU, CpuCells(self.resources.histories.get, self))
        self.growths_table.setItemDelegateForColumn(0, names)
        self.pools_table.setItemDelegateForColumn(0, NameCells(self._pool_icon, self))
        self.pools_table.setItemDelegateForColumn(POOL_USED, BarCells(_grey, self, POOL_FORECAST))
        self.uses_table.setMinimumHeight(45 * unit)
        self.growths_table.setMinimumHeight(20 * unit)
        self.top = self._top()
        left = QWidget(self)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(Section(self.tr("Uses most"), (), (self.of_time,), left))
        column.addWidget(hairline(left))
        column.addWidget(self.uses_table, 1)
        right = QWidget(self)
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.pools_head = Section(self.tr("Pools"), (), (), right)
        column.addWidget(self.pools_head)
        column.addWidget(hairline(right))
        column.addWidget(self.pools_table)
        column.addWidget(hairline(right))
        column.addWidget(self.growths_table, 1)
        subdue(self.growth_note)
        self.growth_note.setContentsMargins(3 * unit, 2 * unit, 3 * unit, 2 * unit)
        column.addWidget(self.growth_note)
        column.addWidget(hairline(right))
        row = QHBoxLayout()
        row.setContentsMargins(3 * unit, 2 * unit, 3 * unit, 2 * unit)
        row.setSpacing(2 * unit)
        row.addWidget(self.advice_icon)
        row.addWidget(self.advice, 1)
        row.addWidget(self.snapshots)
        column.addLayout(row)
        self.across = QSplitter(Qt.Orientation.Horizontal, self)
        self.across.addWidget(left)
        self.across.addWidget(right)
        self.across.setStretchFactor(0, 1)
        self.across.setSizes([170 * unit, 128 * unit])
        body = QWidget(self)
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.top)
        column.addWidget(hairline(body))
        column.addWidget(self.across, 1)
        self.area = QScrollArea(self)
        self.area.setFrameShape(QScrollArea.Shape.NoFrame)
        self.area.setWidgetResizable(True)
        self.area.setWidget(body)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.area)

    def _top(self) -> QWidget:
        """Memory as one bar, and both graphs."""
        unit = self._unit
        top = QWidget(self)
        column = QVBoxLayout(top)
        column.setContentsMargins(4 * unit, 3 * unit, 4 * unit, 3 * unit)
        column.setSpacing(2 * unit)
        subdue(self.memory_note)
        column.addLayout(self._head(top, self.tr("Memory"), self.memory, self.memory_note))
        column.addWidget(self.bar)
        Flow(self.legend)
        column.addWidget(self.legend)
        graphs = QHBoxLayout()
        graphs.setSpacing(5 * unit)
        for title, now, graph, foot in (
            (self.tr("CPU, last hour"), self.cpu, self.cpu_graph, self.cpu_foot),
            (self.tr("Memory, last hour"), self.hour_memory, self.memory_graph, self.memory_foot),
        ):
            part = QVBoxLayout()
            part.setSpacing(unit)
            part.addLayout(self._head(top, title, now))
            part.addWidget(graph)
            part.addLayout(self._foot(top, foot))
            graphs.addLayout(part, 1)
        column.addLayout(graphs)
        return top

    def _foot(self, top: QWidget, peak: QLabel) -> QHBoxLayout:
        """What is at the ends of a graph, and its peak between them."""
        row = QHBoxLayout()
        for label in (plain_label(self.tr("1 h ago"), top), peak, plain_label(self.tr("now"), top)):
            label.setWordWrap(False)
            subdue(label)
            if row.count():
                row.addStretch(1)
            row.addWidget(label)
        return row

    def _head(self, top: QWidget, title: str, *values: QLabel) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(2 * self._unit)
        head = plain_label(title, top)
        for label in (head, values[0]):
            embolden(label)
        for label in (head, *values):
            label.setWordWrap(False)
        row.addWidget(head)
        row.addStretch(1)
        for label in values:
            row.addWidget(label)
        return row

    def _connect(self) -> None:
        session = self._session
        session.stats.connect(self._stats)
        session.happened.connect(self._happened)
        session.synced.connect(self._ask)
        session.lost.connect(lambda _why: self._lost())
        for changed in (session.put, session.gone):
            changed.connect(lambda *_: self._drop_stopped())
        session.usage.changed.connect(self._look_at_pools)
        session.labels_changed.connect(self._look)
        self._asking.timeout.connect(self._ask)
        self.search.textChanged.connect(self._filter)
        self.of_time.currentIndexChanged.connect(lambda _at: self._look_at_qubes())
        self.snapshots.clicked.connect(lambda: session.window_wanted.emit("storage", (f"{PAGE}snapshots",)))
        if selection := self.uses_table.selectionModel():
            selection.selectionChanged.connect(lambda *_: self.selection_changed.emit())
        self.uses_table.activated.connect(lambda *_: self._open())

    # -- what changes -------------------------------------------------------------------------------------------------

    def _stats(self, events: tuple[Event, ...]) -> None:
        """Statistics count also while the page is hidden: they are its last hour."""
        facts = self._session.facts
        self.resources.interval = whole_number(facts.system("stats_interval")) or self.resources.interval
        self.resources.put_stats(events, facts.qubes)
        if self.isVisible():
            self._look_at_qubes()

    def _drop_stopped(self) -> None:
        """Show no longer what has halted, without waiting for statistics."""
        if self.resources.keep_running(self._session.facts.qubes) and self.isVisible():
            self._look_at_qubes()

    def _lost(self) -> None:
        """What the qubes use is not known without a connection."""
        self.resources.histories.clear()
        self._look_at_qubes()

    def _happened(self, events: tuple[Event, ...]) -> None:
        if self.isVisible() and {row_of(event) for event in events} & POOL_EVENTS:
            self._session.usage.ask()

    def _ask(self) -> None:
        if self.isVisible():
            self._session.tasks.start_hidden(self.tr("Read the memory"), self._ask_memory(), owner=self)

    async def _ask_memory(self) -> None:
        """Where dom0 does not answer, it stays unknown."""
        with suppress(Mgmt1Error, TransportError):
            self.resources.put_host(await self._session.client.send(calls.HOST_MEMORY(DOM0)))
        self._look_at_qubes()

    def _filter(self, typed: str) -> None:
        part = typed.strip().casefold()
        self.shown_uses.want(lambda use: part in use.name.casefold())

    def _rows(self) -> list[tuple[str, ...]]:
        shown = (self.shown_uses.row_at(row) for row in range(self.shown_uses.rowCount()))
        return table_of((use for use in shown if use is not None), self.pools.rows)

    def _open(self) -> None:
        if names := self.selected_names():
            self._session.window_wanted.emit("settings", names)

    def _look(self) -> None:
        """Show what is known now."""
        self._look_at_qubes()
        self._look_at_pools()

    def _look_at_qubes(self) -> None:
        """Show what changes with each round of statistics. The forecasts of pools take longer, and do not."""
        qubes = self._session.facts.qubes
        self.resources.keep_running(qubes)
        names = self.selected_names()
        self.uses.put(self.resources.uses(qubes, is_mean=bool(self.of_time.currentData())))
        if names and not self.selected_names():
            self.uses_table.selectRow(self.shown_uses.shown_row(names[0]))
        self._look_at_memory()
        self._look_at_hour()

    def _look_at_memory(self) -> None:
        resources = self.resources
        used, total = resources.memory() << KIB, resources.total
        not_known = self.tr("not known")
        now, all_of = (in_gib(used), not_known) if total is None else (gib_text(used), in_gib(total << KIB))
        self.memory.setText(self.tr("{0} of {1}").format(now, all_of))
        free = self.tr("{0} free for qubes").format(in_gib((resources.free or 0) << KIB))
        self.memory_note.setText(free if resources.free is not None else self.tr("how much is free is not known"))
        shares = tuple(resources.shares(self._session.facts.qubes))
        whole = (total or 0) << KIB or used or 1
        said = ", ".join(f"{self._share_name(share)} {gib_text(share.memory << KIB)}" for share in shares)
        self.bar.put([(share.memory << KIB) / whole for share in shares], f"{self.memory.text()}: {said}")
        self._put_legend(shares)

    def _share_name(self, share: Share) -> str:
        number = share.others
        return self.tr("%n other(s)", "", number) if number else share.name

    def _put_legend(self, shares: tuple[Share, ...]) -> None:
        """The names and sizes of the parts; labels are made again only if there are others."""
        if shares == self._legend_of:
            return
        layout = self.legend.layout()
        fits = [share.name for share in shares] == [share.name for share in self._legend_of]
        self._legend_of = shares
        if layout is None:
            return
        if not fits:
            while (item := layout.takeAt(0)) is not None:
                if (widget := item.widget()) is not None:
                    widget.deleteLater()
            for at in range(len(shares)):
                layout.addWidget(_LegendItem(at, self.legend))
        for at, share in enumerate(shares):
            entry = layout.itemAt(at)
            widget = entry.widget() if entry is not None else None
            if isinstance(widget, _LegendItem):
                widget.words.setText(f"{self._share_name(share)}  {gib_text(share.memory << KIB)}")
        self.legend.updateGeometry()

    def _look_at_hour(self) -> None:
        resources, now = self.resources, time.time()
        cpu = resources.cpu(self._session.facts.qubes)
        cpus = resources.cpus or 0
        if cpu is None:
            self.cpu.setText(self.tr("not known"))
        else:
            text = self.tr("{0} % of %n processor(s)", "", cpus)
            self.cpu.setText(text.format(number_text(round(cpu))))
        points = [(now - moment.time, moment.cpu) for moment in resources.hour if moment.cpu is not None]
        self.cpu_graph.put(points, 100.0, self.tr("100 %"), self.tr("CPU, last hour"))
        highest = max(points, key=lambda point: point[1], default=None)
        peak = self.tr("peak {0} % at {1}")
        self.cpu_foot.setText(peak.format(number_text(round(highest[1])), _clock(now - highest[0])) if highest else "")
        self.hour_memory.setText(in_gib(resources.memory() << KIB))
        sizes = [(now - moment.time, float(moment.memory)) for moment in resources.hour]
        largest = max(sizes, key=lambda point: point[1], default=None)
        top = float(resources.total or (largest[1] * 4 / 3 if largest else 1))
        tick = in_gib(int(top) << KIB) if largest else ""
        self.memory_graph.put(sizes, top, tick, self.tr("Memory, last hour"))
        most = self.tr("peak {0} at {1}")
        said = most.format(in_gib(int(largest[1]) << KIB), _clock(now - largest[0])) if largest else ""
        self.memory_foot.setText(said or self.tr("No statistics yet."))

    def _look_at_pools(self) -> None:
        usage = self._session.usage
        now, series = int(time.time()), usage.series
        rows = resource_rows.outlooks(usage.pools, series, now)
        self.pools.put(rows)
        note = "" if rows else usage.problem or ("" if usage.is_known else self.tr("Measuring…"))
        self.pools_head.note.setText(note)
        row_height = self.pools_table.verticalHeader()
        head = self.pools_table.horizontalHeader()
        if row_height is not None and head is not None:
            shown = min(max(1, len(rows)), POOL_ROWS)
            self.pools_table.setFixedHeight(shown * row_height.defaultSectionSize() + head.sizeHint().height() + 2)
        grow = resource_rows.growths(self._session.records.values(), series, now)
        self.growths.put(grow)
        self.growth_note.setText("" if grow else self.tr("No qube grows, or it is not known yet."))
        self.growth_note.setVisible(not grow)
        self._advise(rows, grow)

    def _pool_icon(self, title: str) -> QIcon:
        """The icon of a row of pools; none for the metadata of the pool above."""
        return icon("storage") if self.pools.row_of(title) >= 0 else QIcon()

    def _advise(self, rows: Sequence[PoolOutlook], grow: Sequence[Growth]) -> None:
        """One sentence about the pool that is full first, if that is soon."""
        soon = [row for row in rows if resource_rows.is_soon(row)]
        first = min(soon, key=lambda row: (row.forecast.outlook is not Outlook.FULL, row.forecast.days), default=None)
        for widget in (self.advice, self.advice_icon, self.snapshots):
            widget.setVisible(first is not None)
        if first is None:
            return
        side = self.fontMetrics().height()
        self.advice_icon.show_icon(tinted_icon("warning", warning_color), side)
        if first.is_metadata:
            said = self.tr("Extend the metadata of {0}. Once it is full, no qube can write.").format(first.pool.name)
        elif first.forecast.outlook is Outlook.FULL:
            said = self.tr("{0} is full.").format(first.pool.name)
        else:
            week = in_gib(round((first.forecast.per_day or 0) * resource_rows.WEEK))
            said = self.tr("{0} grows by {1} a week.").format(first.pool.name, week)
        if grow and not first.is_metadata:
            said += " " + self.tr("Of the qubes, {0} grows most.").format(grow[0].name)
        self.advice.setText(said)
        self.advice.setToolTip(plain_tip(resource_rows.method_text(first)))

    # Qt overrides

    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        self._asking.start()
        self._ask()
        self._look()

    def hideEvent(self, event: QHideEvent | None) -> None:
        super().hideEvent(event)
        self._asking.stop()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        is_narrow = self.width() < NARROW * self._unit
        self.across.setOrientation(Qt.Orientation.Vertical if is_narrow else Qt.Orientation.Horizontal)
        self.across.setMinimumHeight((STACKED if is_narrow else BESIDE) * self._unit)

    def minimumSizeHint(self) -> QSize:
        return QSize(60 * self._unit, 60 * self._unit)


class _LegendItem(QWidget):
    """The colour of a part of the bar, and its words."""

    def __init__(self, at: int, parent: QWidget) -> None:
        super().__init__(parent)
        unit = self.fontMetrics().height() // 4
        swatch = QWidget(self)
        swatch.setFixedSize(round(2.5 * unit), round(2.5 * unit))
        swatch.setAutoFillBackground(True)
        put_colors(swatch, {QPalette.ColorRole.Window: lambda palette: share_color(palette, at)})
        self.words = plain_label("", self)
        self.words.setWordWrap(False)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 2 * unit, 0)
        row.setSpacing(int(1.5 * unit))
        row.addWidget(swatch)
        row.addWidget(self.words)


def _grey(palette: QPalette) -> QColor:
    """The colour of a bar that says nothing more."""
    return blended(palette.color(QPalette.ColorRole.Text), palette.color(QPalette.ColorRole.Base), 0.5)


def _clock(moment: float) -> str:
    """The time of day."""
    return QLocale().toString(QDateTime.fromSecsSinceEpoch(int(moment)).time(), "HH:mm")


def open_resources(session: Session, parent: QWidget) -> QWidget:
    """Make the page."""
    return ResourcesPage(session, parent)
