# SPDX-License-Identifier: GPL-3.0-or-later
"""The task panel: each running and finished operation, with its progress and result; and their model."""

import time
from typing import Any

from PyQt5.QtCore import QAbstractItemModel, QModelIndex, QObject, QSize, Qt, QTimer, pyqtSignal
from PyQt5.QtGui import QPainter, QPalette
from PyQt5.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QStyle,
    QStyleOptionProgressBar,
    QStyleOptionViewItem,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.models.texts import ago_text, clock_text, date_text, number_text, percent_text, plain_tip
from qubesmanager.ui.session.tasks import TaskEntry, TaskSet, TaskState
from qubesmanager.ui.widgets.flat_header import put_flat_header
from qubesmanager.ui.widgets.fonts import in_units
from qubesmanager.ui.widgets.labels import embolden, fault_color, good_color, plain_label, subdued
from qubesmanager.ui.widgets.more_rows import show_more_in_sight
from qubesmanager.ui.widgets.row_delegate import RowDelegate

_NO_PARENT = QModelIndex()
ENTRY_ROLE = Qt.ItemDataRole.UserRole + 1
TITLE, STATE, DETAIL, STARTED, TOOK = range(5)
SECOND = 1000
MINUTE = 60
BATCH = 200
"""Children of a task that the views get at a time: a tree asks for each row of an open task."""


class TaskModel(QAbstractItemModel):
    """The tasks of a `TaskSet`, the newest first, with their children below them; of many children the first ones."""

    def __init__(self, tasks: TaskSet, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._rows: list[TaskEntry] = []
        self._shown: list[int] = []
        """By row, how many children the views have."""
        self._read_again()
        tasks.added.connect(self._added)
        tasks.changed.connect(self._changed)

    def entry(self, index: QModelIndex) -> TaskEntry:
        """The task or child of an index that is valid."""
        parent = index.internalPointer()
        return parent.children[index.row()] if isinstance(parent, TaskEntry) else self._rows[index.row()]

    def task_of(self, index: QModelIndex) -> TaskEntry:
        """The task of an index that is valid: a child belongs to its task."""
        parent = index.internalPointer()
        return parent if isinstance(parent, TaskEntry) else self._rows[index.row()]

    def show_more(self, row: int) -> None:
        """Give the views more children of a task, if there are more."""
        shown = self._shown[row]
        more = min(shown + BATCH, len(self._rows[row].children))
        if more > shown:
            self.beginInsertRows(self.index(row, 0), shown, more - 1)
            self._shown[row] = more
            self.endInsertRows()

    def tick(self) -> None:
        """Times have gone on."""
        if self._rows:
            self.dataChanged.emit(self.index(0, STARTED), self.index(len(self._rows) - 1, TOOK))

    def _added(self, entry: TaskEntry) -> None:
        self.beginInsertRows(QModelIndex(), 0, 0)
        self._rows.insert(0, entry)
        self._shown.insert(0, min(BATCH, len(entry.children)))
        self.endInsertRows()

    def _read_again(self) -> None:
        self._rows = list(reversed(self._tasks.entries))
        self._shown = [min(BATCH, len(entry.children)) for entry in self._rows]

    def _changed(self, entry: TaskEntry | None) -> None:
        if entry is None:
            self.beginResetModel()
            self._read_again()
            self.endResetModel()
            return
        row = self._row_of(entry)
        if row is None:
            return
        self.dataChanged.emit(self.index(row, 0), self.index(row, TOOK))
        if shown := self._shown[row]:
            above = self.index(row, 0)
            self.dataChanged.emit(self.index(0, 0, above), self.index(shown - 1, TOOK, above))

    def _row_of(self, entry: TaskEntry) -> int | None:
        return next((row for row, task in enumerate(self._rows) if task is entry), None)

    def _state(self, entry: TaskEntry) -> str:
        return {
            TaskState.WAITING: self.tr("Waiting for its turn"),
            TaskState.RUNNING: self.tr("Running"),
            TaskState.DONE: self.tr("Done"),
            TaskState.FAILED: self.tr("Failed"),
            TaskState.CANCELLED: self.tr("Cancelled"),
        }[entry.state]

    def _text(self, entry: TaskEntry, column: int) -> str:
        if column == TITLE:
            return entry.title
        if column == STATE:
            if entry.state is TaskState.RUNNING and entry.progress is not None:
                return percent_text(entry.progress)
            return self._state(entry)
        if column == DETAIL:
            return entry.detail
        if entry.state is TaskState.WAITING:
            return ""
        if column == STARTED:
            return ago_text(max(0, int(time.time() - entry.started)))
        return took_text(int((entry.ended or time.time()) - entry.started))

    # Qt overrides

    def index(self, row: int, column: int, parent: QModelIndex = _NO_PARENT) -> QModelIndex:
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        return self.createIndex(row, column, self._rows[parent.row()] if parent.isValid() else None)

    def parent(self, index: QModelIndex = _NO_PARENT) -> QModelIndex:  # type: ignore[override]  # QObject has one, too
        above = index.internalPointer() if index.isValid() else None
        row = self._row_of(above) if isinstance(above, TaskEntry) else None
        return QModelIndex() if row is None else self.createIndex(row, 0, None)

    def rowCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        if not parent.isValid():
            return len(self._rows)
        is_task = parent.column() == 0 and not isinstance(parent.internalPointer(), TaskEntry)
        return self._shown[parent.row()] if is_task else 0

    def columnCount(self, _parent: QModelIndex = _NO_PARENT) -> int:
        return TOOK + 1

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        entry = self.entry(index)
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(entry, index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            text = date_text(int(entry.started)) if index.column() == STARTED else self._text(entry, index.column())
            return plain_tip(text) if text else None
        if role == ENTRY_ROLE:
            return entry
        return None

    def flags(self, index: QModelIndex) -> Qt.ItemFlags:
        flags = super().flags(index)
        is_child = index.isValid() and isinstance(index.internalPointer(), TaskEntry)
        return flags | Qt.ItemFlag.ItemNeverHasChildren if is_child else flags

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        titles = (self.tr("Operation"), self.tr("State"), self.tr("Details"), self.tr("Started"), self.tr("Took"))
        return titles[section] if 0 <= section < len(titles) else None


def took_text(seconds: int) -> str:
    """A length of time: `7 s`, `2:05 min`."""
    return f"{number_text(seconds)} s" if seconds < MINUTE else f"{clock_text(seconds)} min"


class _TaskRows(RowDelegate):
    """Rows as high as in other tables, and the colour of how a task ended."""

    # Qt overrides

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        return QSize(super().sizeHint(option, index).width(), option.fontMetrics.height() + 9)

    def initStyleOption(self, option: QStyleOptionViewItem | None, index: QModelIndex) -> None:
        super().initStyleOption(option, index)
        entry = index.data(ENTRY_ROLE)
        if option is None or not isinstance(entry, TaskEntry) or index.column() == TITLE:
            return
        color = _STATE_COLORS.get(entry.state, subdued) if index.column() == STATE else subdued
        for role in (QPalette.ColorRole.Text, QPalette.ColorRole.HighlightedText):
            option.palette.setColor(role, color(option.palette))


_STATE_COLORS = {TaskState.DONE: good_color, TaskState.FAILED: fault_color}


class _Progress(_TaskRows):
    """Draws the state of a running task as a bar, where it is known how far it is."""

    # Qt overrides

    def initStyleOption(self, option: QStyleOptionViewItem | None, index: QModelIndex) -> None:
        super().initStyleOption(option, index)
        if option is not None and _is_measured(index):
            option.text = ""  # the bar shows it

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        super().paint(painter, option, index)
        entry = index.data(ENTRY_ROLE)
        style = QApplication.style()
        if not _is_measured(index) or style is None:
            return
        bar = QStyleOptionProgressBar()
        bar.rect = option.rect.adjusted(2, 2, -2, -2)
        bar.palette, bar.fontMetrics = option.palette, option.fontMetrics
        bar.minimum, bar.maximum, bar.progress = 0, 100, entry.progress
        bar.text, bar.textVisible = percent_text(entry.progress), True
        bar.state = QStyle.State() | option.state | QStyle.StateFlag.State_Horizontal
        style.drawControl(QStyle.ControlElement.CE_ProgressBar, bar, painter)


def _is_measured(index: QModelIndex) -> bool:
    entry = index.data(ENTRY_ROLE)
    return isinstance(entry, TaskEntry) and entry.state is TaskState.RUNNING and entry.progress is not None


class TasksPanel(QWidget):
    """The list with its buttons. Signals: `close_wanted()`."""

    close_wanted = pyqtSignal()

    def __init__(self, tasks: TaskSet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self.model = TaskModel(tasks, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        head = QHBoxLayout()
        head.setContentsMargins(8, 4, 8, 0)
        title = plain_label(self.tr("Tasks"), self)
        embolden(title)
        head.addWidget(title, 1)
        self.cancel = QPushButton(self.tr("Cance&l task"), self)
        self.clear = QPushButton(self.tr("Clear histor&y"), self)
        close = QPushButton(self.tr("Close"), self)
        for button in (self.cancel, self.clear, close):
            head.addWidget(button)
        layout.addLayout(head)
        self.view = QTreeView(self)
        header = put_flat_header(self.view)
        self.view.setModel(self.model)
        self.view.setUniformRowHeights(True)
        self.view.setAlternatingRowColors(True)
        self.view.setAccessibleName(self.tr("Tasks"))
        self.view.setItemDelegate(_TaskRows(self.view))
        self.view.setItemDelegateForColumn(STATE, _Progress(self.view))
        header.setStretchLastSection(False)
        header.setSectionResizeMode(DETAIL, QHeaderView.ResizeMode.Stretch)
        for column, width in ((TITLE, 65), (STATE, 32), (STARTED, 28), (TOOK, 24)):
            header.resizeSection(column, in_units(self, width))
        layout.addWidget(self.view, 1)
        if scroll_bar := self.view.verticalScrollBar():
            scroll_bar.valueChanged.connect(lambda _value: show_more_in_sight(self.view, self.model))
        self.cancel.clicked.connect(self._cancel)
        self.clear.clicked.connect(tasks.clear)
        close.clicked.connect(self.close_wanted)
        if selection := self.view.selectionModel():
            selection.currentChanged.connect(lambda *_: self._update_buttons())
        tasks.changed.connect(self._update_buttons)
        tasks.added.connect(self._update_buttons)
        self._clock = QTimer(self)
        self._clock.setInterval(SECOND)
        self._clock.timeout.connect(self.model.tick)
        self._update_buttons()

    def _current(self) -> TaskEntry | None:
        index = self.view.currentIndex()
        return self.model.task_of(index) if index.isValid() else None

    def _cancel(self) -> None:
        if entry := self._current():
            self._tasks.cancel(entry)

    def _update_buttons(self) -> None:
        entry = self._current()
        can = entry is not None and entry.state is TaskState.RUNNING and entry.cancellable
        self.cancel.setEnabled(can)
        self.cancel.setToolTip("" if can else self.tr("Select a running task to cancel it."))
        self.clear.setEnabled(len(self._tasks.running) < len(self._tasks.entries))

    # Qt overrides

    def showEvent(self, event: Any) -> None:
        super().showEvent(event)
        self._clock.start()

    def hideEvent(self, event: Any) -> None:
        super().hideEvent(event)
        self._clock.stop()
