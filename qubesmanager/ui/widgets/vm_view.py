# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of qubes as a widget: columns that are moved, hidden and remembered, keys, the stale look."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from PyQt5.QtCore import QItemSelectionModel, QModelIndex, QPoint, QSettings, Qt, QTimer, pyqtSignal
from PyQt5.QtGui import QColor, QContextMenuEvent, QKeyEvent, QPalette, QResizeEvent
from PyQt5.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QWidget

from qubesmanager.models.columns import Look
from qubesmanager.models.vm_filter import VmFilterModel
from qubesmanager.models.vm_table import VmTableModel
from qubesmanager.ui.widgets.flat_header import put_flat_header
from qubesmanager.ui.widgets.fonts import in_units
from qubesmanager.ui.widgets.palette_colors import put_colors
from qubesmanager.ui.widgets.tables import RowsView
from qubesmanager.ui.widgets.vm_delegate import MARGIN, SPARK_WIDTH, VmDelegate

_STATE = "table/header"
MEASURED = 30
"""Rows that are measured for the width of a column; all of a thousand would hold the loop for half a second."""
WIDEST = 18
"""Heights of text that a column has at most."""
LEAST_NAME = 31
"""Quarters of a height of text that a name has at least, so that a short one fits beside its badge."""
WIDEST_CPU, WIDEST_NUMBER = "100", "100.0"
"""The widest numbers beside a graph."""
FILLING = 100
"""Milliseconds between two paintings while the table is filled."""
NO_COLUMN = -1
WIDE_ONLY = frozenset({"class", "template"})
"""Columns that are hidden in a narrow window."""
LEAST_SHARE = 0.8
"""How much of the width that its texts need a column keeps, where the table has too little room."""
SPARKS = frozenset({Look.SPARK_CPU, Look.SPARK_MEMORY})
KEPT = SPARKS | {Look.LABEL}
"""Columns that keep the width that they need: a number never touches its graph, and a name is read in full."""


class VmView(RowsView):
    """Shows a `VmFilterModel`.

    Signals: `activated_name(name)` for Enter or a double click, `rename_wanted()`, `remove_wanted()`,
    `menu_wanted(position)` (global) for the context menu, `selection_changed()`,
    `properties_wanted()`: other properties as columns.
    """

    activated_name = pyqtSignal(str)
    rename_wanted = pyqtSignal()
    remove_wanted = pyqtSignal()
    menu_wanted = pyqtSignal(QPoint)
    selection_changed = pyqtSignal()
    properties_wanted = pyqtSignal()

    def __init__(
        self, model: VmFilterModel, table: VmTableModel, color_of: Callable[[str], str], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._model = model
        self._table = table
        self._header = put_flat_header(self)
        self._stretched = NO_COLUMN
        self._is_filling = False
        self._fitting: Mapping[int, int] = {}
        """The widths that the columns were fitted to; empty before, and once the user changed one."""
        self._hidden: list[int] = []
        """The columns that are hidden only because the window is narrow."""
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self._use_the_room)
        self._paint_soon = QTimer(self)
        self._paint_soon.setSingleShot(True)
        self._paint_soon.setInterval(FILLING)
        self._paint_soon.timeout.connect(self.paint_now)
        self.setModel(model)
        self.setItemDelegate(VmDelegate(color_of, self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setAccessibleName(self.tr("Qubes"))
        self.doubleClicked.connect(self._double_clicked)
        self._set_up_headers()
        table.stale_changed.connect(self._show_stale)
        selection = self.selectionModel()
        if selection is not None:
            selection.selectionChanged.connect(lambda *_: self.selection_changed.emit())
            selection.currentChanged.connect(lambda *_: self.selection_changed.emit())

    # -- what changes -------------------------------------------------------------------------------------------------

    def paint_soon(self) -> None:
        """Paint the changes of the next `FILLING` milliseconds together. A long list comes in a hundred parts."""
        if not self._paint_soon.isActive():
            self.setUpdatesEnabled(False)
            self._paint_soon.start()

    def paint_now(self) -> None:
        """Paint what has changed since `paint_soon`."""
        self._paint_soon.stop()
        if not self.updatesEnabled() and (viewport := self.viewport()) is not None:
            self.setUpdatesEnabled(True)
            viewport.repaint()  # an update would wait for the next part of the list, which puts it off again

    def dataChanged(self, first: QModelIndex, last: QModelIndex, roles: Iterable[int] = ()) -> None:
        """Paint the rows that are seen. For more than one cell Qt would paint the whole table, whatever is seen of it.

        Qt gets the first cell, because a screen reader is notified then: it reads what is seen again.
        """
        super().dataChanged(first, first, roles)
        viewport = self.viewport()
        if first == last or viewport is None or not self.isVisible():
            return
        end = self.rowAt(viewport.height() - 1)
        top, bottom = max(first.row(), self.rowAt(0)), last.row() if end < 0 else min(last.row(), end)
        if top <= bottom:
            y = self.rowViewportPosition(top)
            height = self.rowViewportPosition(bottom) + self.rowHeight(bottom) - y
            viewport.update(0, y, viewport.width(), height)

    # -- what is selected ---------------------------------------------------------------------------------------------

    def selected_names(self) -> list[str]:
        """The selected qubes, from the top of the table down."""
        selection = self.selectionModel()
        if selection is None:
            return []
        names = self._model.names()
        # `selectedRows` asks the model about each cell: with a thousand rows selected that holds the loop for 0.2 s.
        selected = selection.selection()
        parts = [selected[at] for at in range(len(selected))]
        rows = {row for part in parts for row in range(part.top(), part.bottom() + 1)}
        return [names[row] for row in sorted(rows)]

    def current_name(self) -> str:
        """The qube of the current row; empty without one."""
        index = self.currentIndex()
        return self._model.name_at(index) if index.isValid() else ""

    def select_name(self, name: str) -> None:
        """Make a qube the selected one and scroll to it; one that is not shown leaves the selection as it is."""
        index = self._model.index_of(name)
        if index.isValid():
            self.selectRow(index.row())
            self.scrollTo(index)

    def select_names(self, names: Sequence[str]) -> None:
        """Make these the selected ones, and scroll to the first; those that are not shown are passed over."""
        indexes = [index for name in names if (index := self._model.index_of(name)).isValid()]
        selection = self.selectionModel()
        if not indexes or selection is None:
            return
        self.select_name(names[0])
        for index in indexes[1:]:
            flags = QItemSelectionModel.SelectionFlags() | QItemSelectionModel.SelectionFlag.Select
            selection.select(index, flags | QItemSelectionModel.SelectionFlag.Rows)

    # -- columns ------------------------------------------------------------------------------------------------------

    def header(self) -> QHeaderView:
        return self._header

    def columns_menu(self) -> QMenu:
        """A menu to show and hide columns. The first one stays: a row without its name says nothing."""
        menu = QMenu(self)
        for at, column in enumerate(self._table.columns):
            action = menu.addAction(column.name())
            if action is None:
                continue
            action.setCheckable(True)
            action.setChecked(not self.isColumnHidden(at))
            action.setEnabled(at != 0)
            action.toggled.connect(lambda shown, column=at: self.setColumnHidden(column, not shown))
        menu.addSeparator()
        more = menu.addAction(self.tr("Properties as columns…"))
        if more is not None:
            more.triggered.connect(self.properties_wanted.emit)
        reset = menu.addAction(self.tr("Reset columns"))
        if reset is not None:
            reset.triggered.connect(self.reset_columns)
        return menu

    def reset_columns(self) -> None:
        """Order, widths and hidden columns as at the first start."""
        header = self.header()
        for at, column in enumerate(self._table.columns):
            header.moveSection(header.visualIndex(at), at)
            self.setColumnWidth(at, max(in_units(self, column.width), self.title_width(at)))
            self.setColumnHidden(at, not column.shown)
        self._fitting = {}
        self._fill_the_end()

    def title_width(self, column: int) -> int:
        """Pixels that the title of a column needs with the arrow of sorting beside it."""
        return self._header.needed_width(self._table.columns[column].name())

    def _shown_title_width(self, column: int) -> int:
        """Pixels that the title of a column needs as it is now, with an arrow only if the table is sorted by it."""
        return self._header.needed_width(self._table.columns[column].name(), is_sorted=self._header.is_sorted(column))

    def fitting_width(self, column: int) -> int:
        """Pixels that a column needs for its title and for what is in the rows that are measured."""
        look = self._table.columns[column].look
        if look in SPARKS:  # the widest text may come later
            widest = WIDEST_CPU if look is Look.SPARK_CPU else WIDEST_NUMBER
            needed = SPARK_WIDTH + 4 * MARGIN + self.fontMetrics().horizontalAdvance(widest)
        else:
            needed = self.sizeHintForColumn(column)  # the delegate leaves a margin
        if look is Look.LABEL:  # a badge may come later
            needed = max(needed, in_units(self, LEAST_NAME))
        return min(max(needed, self.title_width(column)), WIDEST * self.fontMetrics().height())

    def fit_columns(self, first: int = 0) -> None:
        """Make the shown columns from this one on as wide as what is in them.

        Until the user changes a width, they follow that of the window.
        """
        self.header().setResizeContentsPrecision(MEASURED)
        shown = [at for at in range(first, len(self._table.columns)) if not self.isColumnHidden(at)]
        fitting = {at: self.fitting_width(at) for at in shown}
        if first == 0 or self._fitting:
            self._fitting = {**self._fitting, **fitting}
            self._use_the_room()
            return
        for at, width in fitting.items():
            self.setColumnWidth(at, width)
        self._fill_the_end()

    def _use_the_room(self) -> None:
        """Give the fitted columns the room that there is, and the last one the rest."""
        shown = {at: width for at, width in self._fitting.items() if not self.isColumnHidden(at)}
        self._is_filling = True
        for at, width in self._fitted(shown).items():
            self.setColumnWidth(at, width)
        self._is_filling = False
        self._fill_the_end()

    def _fitted(self, widths: Mapping[int, int]) -> Mapping[int, int]:
        """The widths, a little smaller where the table would scroll by a little: then a few texts are elided."""
        header, viewport = self.header(), self.viewport()
        if viewport is None or not widths:
            return widths
        others = sum(header.sectionSize(at) for at in range(header.count()) if at not in widths)
        bar = self.verticalScrollBar()
        coming = bar.sizeHint().width() if bar is not None and not bar.isVisible() else 0  # rows may come later
        too_much = others + sum(widths.values()) - viewport.width() + coming
        # Of the last column only the title has to be seen: `_fill_the_end` gives it what is left.
        last = max(widths, key=header.visualIndex)
        too_much -= widths[last] - self._shown_title_width(last)
        rooms = {
            at: max(0, width - max(self._shown_title_width(at), round(LEAST_SHARE * width)))
            for at, width in widths.items()
            if at != last and self._table.columns[at].look not in KEPT
        }
        room = sum(rooms.values())
        if not 0 < too_much <= room:
            return widths
        return {at: width - -(-rooms.get(at, 0) * too_much // room) for at, width in widths.items()}

    def _fill_the_end(self) -> None:
        """Let the last column reach to the edge; where there is no room for it, it keeps its width and scrolls."""
        header, viewport = self.header(), self.viewport()
        shown = [at for at in map(header.logicalIndex, range(header.count())) if not self.isColumnHidden(at)]
        if not shown or viewport is None or self._is_filling:
            return
        self._is_filling = True
        last = shown[-1]
        if self._stretched not in {last, NO_COLUMN, *self._fitting} and self._stretched < header.count():
            self.setColumnWidth(self._stretched, self.fitting_width(self._stretched))
        before = sum(header.sectionSize(at) for at in shown[:-1])
        usual = in_units(self, self._table.columns[last].width)
        title, is_sorted = self._table.columns[last].name(), self._header.is_sorted(last)
        least = self._header.needed_width(title, is_sorted=is_sorted)
        needed = max(least, min(usual, viewport.width() - before))
        self.setColumnWidth(last, max(needed, viewport.width() - before))
        self._stretched = last
        self._is_filling = False

    def set_narrow(self, is_narrow: bool) -> None:  # noqa: FBT001 - a setter
        """Hide the columns that a narrow window has no room for, until it is wide again."""
        columns = [at for at, column in enumerate(self._table.columns) if column.id in WIDE_ONLY]
        if is_narrow:
            self._hidden = [at for at in columns if not self.isColumnHidden(at)]
        for at in self._hidden:
            self.setColumnHidden(at, is_narrow)
        if not is_narrow:
            self._hidden = []

    def save_state(self, settings: QSettings) -> None:
        """Store the state for the next run; columns that are hidden only for now count as shown."""
        for shown in (True, False):
            for at in self._hidden:
                self.setColumnHidden(at, not shown)
            if shown:
                settings.setValue(_STATE, self.header().saveState())

    def restore_state(self, settings: QSettings) -> None:
        """Restore the state that an earlier run stored; if it had other columns, nothing."""
        state = settings.value(_STATE)
        if state is not None and self.header().restoreState(state):
            column, order = self.header().sortIndicatorSection(), self.header().sortIndicatorOrder()
            self.sortByColumn(column, order)

    def _set_up_headers(self) -> None:
        header = self.header()
        # Painted with the view's selection, it asks for the flags of every cell of a column that is all selected.
        header.setSelectionModel(QItemSelectionModel(self._model, header))
        header.setSectionsMovable(True)
        header.setStretchLastSection(False)
        header.sectionMoved.connect(self._moved)
        header.sortIndicatorChanged.connect(lambda *_: self._use_the_room())
        header.sectionResized.connect(self._resized)
        header.setSortIndicator(0, Qt.SortOrder.AscendingOrder)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(lambda at: self.columns_menu().popup(header.mapToGlobal(at)))
        self.setSortingEnabled(True)
        vertical = self.verticalHeader()
        if vertical is not None:
            vertical.hide()
            vertical.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            vertical.setDefaultSectionSize(self.fontMetrics().height() + 9)
        self.reset_columns()

    def _moved(self, _column: int, _before: int, _after: int) -> None:
        self._later.start()

    def _resized(self, column: int, before: int, after: int) -> None:
        """A column was made wider or narrower, shown or hidden (a width of 0). The header is still at work on it."""
        if self._is_filling:
            return
        if before and after:
            self._fitting = {}
        if column != self._stretched:
            self._later.start()

    def _show_stale(self, stale: bool) -> None:  # noqa: FBT001 - a slot
        """Grey the rows while they may be out of date."""
        put_colors(self, {QPalette.ColorRole.Text: _grey} if stale else {})

    def _double_clicked(self, index: QModelIndex) -> None:
        self.activated_name.emit(self._model.name_at(index))

    # Qt overrides

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._later.start()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None:
            return
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.current_name():
            self.activated_name.emit(self.current_name())
        elif event.key() == Qt.Key.Key_F2:
            self.rename_wanted.emit()
        elif event.key() == Qt.Key.Key_Delete:
            self.remove_wanted.emit()
        else:
            super().keyPressEvent(event)
            return
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:
        if event is not None:
            self.menu_wanted.emit(event.globalPos())


def _grey(palette: QPalette) -> QColor:
    return palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text)
