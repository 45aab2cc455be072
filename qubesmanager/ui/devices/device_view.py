# SPDX-License-Identifier: GPL-3.0-or-later
"""The tree of devices and the list of qubes that get them, as widgets."""

from collections.abc import Callable

from PyQt5.QtCore import QModelIndex, QObject, QPoint, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QPalette
from PyQt5.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QListView,
    QStyleOptionViewItem,
    QTreeView,
    QWidget,
)

from qubesmanager.models.device_catalog import Device
from qubesmanager.models.device_targets import TARGET_ROLE, Target, TargetList
from qubesmanager.models.device_tree import DEVICE_ROLE, ICON_ROLE, NAME, PLACE, SIZE, STATE, DeviceTree
from qubesmanager.rules.devices import DeviceKey
from qubesmanager.ui.icons import icon, label_icon
from qubesmanager.ui.widgets.cell_icon import put_icon
from qubesmanager.ui.widgets.flat_header import put_flat_header
from qubesmanager.ui.widgets.labels import subdued
from qubesmanager.ui.widgets.row_delegate import RowDelegate
from qubesmanager.ui.widgets.tables import set_widths

_WIDTHS = {NAME: 69, SIZE: 24, PLACE: 37}
"""Widths of columns, in units of the font."""


class _DeviceDelegate(RowDelegate):
    """The icon of its kind before a device, the cube of its holder before its state; the head of a section is bold."""

    def __init__(self, color_of_qube: Callable[[str], str], parent: QObject) -> None:
        super().__init__(parent)
        self._color_of_qube = color_of_qube

    # Qt overrides

    def initStyleOption(self, option: QStyleOptionViewItem | None, index: QModelIndex) -> None:
        super().initStyleOption(option, index)
        if option is None:
            return
        device: Device | None = index.data(DEVICE_ROLE)
        if device is None:
            option.font.setBold(True)
            option.palette.setCurrentColorGroup(QPalette.ColorGroup.Active)  # a heading is not a row that is refused
            option.palette.setColor(QPalette.ColorRole.Text, subdued(option.palette))
        elif index.column() == NAME:
            put_icon(option, icon(index.data(ICON_ROLE)))
        elif index.column() == STATE and device.holder:
            put_icon(option, label_icon(self._color_of_qube(device.holder)))

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        return QSize(super().sizeHint(option, index).width(), option.fontMetrics.height() + 9)


class DeviceView(QTreeView):
    """Everything in it stands open. A device is selected only by the user: none at first, and none for one that left.

    Signals: `chosen(Device)` for Enter or a double click, `picked()` when another is selected,
    `menu_wanted(Device, QPoint)` (global).
    """

    chosen = pyqtSignal(object)
    picked = pyqtSignal()
    menu_wanted = pyqtSignal(object, QPoint)

    def __init__(self, model: DeviceTree, color_of_qube: Callable[[str], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tree = model
        header = put_flat_header(self)
        self.setModel(model)
        self.setItemDelegate(_DeviceDelegate(color_of_qube, self))
        self.setUniformRowHeights(True)
        self.setRootIsDecorated(False)
        self.setItemsExpandable(False)
        self.setExpandsOnDoubleClick(False)
        self.setIndentation(14)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setAccessibleName(self.tr("Devices"))
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(True)
        set_widths(self, _WIDTHS)
        self.customContextMenuRequested.connect(self._menu)
        self.activated.connect(self._activated)
        model.rowsInserted.connect(self._open)
        if selection := self.selectionModel():
            selection.selectionChanged.connect(lambda *_: self.picked.emit())
        self._open(QModelIndex())

    def device(self) -> Device | None:
        """The selected device."""
        selection = self.selectionModel()
        rows = selection.selectedRows() if selection is not None else []
        return self._tree.device_at(rows[0]) if rows else None

    def select(self, key: DeviceKey) -> None:
        index = self._tree.index_of(key)
        if index.isValid():
            self.setCurrentIndex(index)
            self.scrollTo(index)

    def select_match(self) -> None:
        """The first device that holds the words of the search: a partition, not the disk that it is on."""
        match = self._tree.first_match()
        if match.isValid():
            self.setCurrentIndex(match)
            self.scrollTo(match)

    def _open(self, parent: QModelIndex, *_rows: int) -> None:
        """Expand everything: a collapsed section or disk would hide what the user looks for."""
        if parent.isValid():
            self.setExpanded(parent, True)
        for row in range(self._tree.rowCount(parent)):
            index = self._tree.index(row, 0, parent)
            if not parent.isValid():
                self.setFirstColumnSpanned(row, parent, True)
            if self._tree.rowCount(index):
                self._open(index)

    def _activated(self, index: QModelIndex) -> None:
        device = self._tree.device_at(index)
        if device is not None:
            self.chosen.emit(device)

    def _menu(self, at: QPoint) -> None:
        device = self._tree.device_at(self.indexAt(at))
        viewport = self.viewport()
        if device is not None and viewport is not None:
            self.menu_wanted.emit(device, viewport.mapToGlobal(at))

    # Qt overrides

    def rowsAboutToBeRemoved(self, parent: QModelIndex, start: int, end: int) -> None:
        """Qt would select the neighbour, which the next click would attach or detach instead."""
        current = self.currentIndex()
        while current.isValid():
            if current.parent() == parent and start <= current.row() <= end:
                self.setCurrentIndex(QModelIndex())
                break
            current = current.parent()
        super().rowsAboutToBeRemoved(parent, start, end)


class _TargetDelegate(RowDelegate):
    """The cube of a qube's label before its name."""

    def __init__(self, color_of: Callable[[str], str], parent: QObject) -> None:
        super().__init__(parent)
        self._color_of = color_of

    # Qt overrides

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        return QSize(super().sizeHint(option, index).width(), option.fontMetrics.height() + 9)

    def initStyleOption(self, option: QStyleOptionViewItem | None, index: QModelIndex) -> None:
        super().initStyleOption(option, index)
        target: Target | None = index.data(TARGET_ROLE)
        if option is not None and target is not None:
            put_icon(option, label_icon(self._color_of(target.label)))


class TargetView(QListView):
    """The qubes that a device can be given to. Signals: `chosen()` for Enter or a double click."""

    chosen = pyqtSignal()

    def __init__(self, model: TargetList, color_of: Callable[[str], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._targets = model
        self.setModel(model)
        self.setItemDelegate(_TargetDelegate(color_of, self))
        self.setUniformItemSizes(True)
        self.setAccessibleName(self.tr("Qubes"))
        self.activated.connect(lambda _index: self.chosen.emit())

    def target(self) -> Target | None:
        index = self.currentIndex()
        return self._targets.target_at(index.row()) if index.isValid() else None

    def select_row(self, row: int) -> None:
        self.setCurrentIndex(self._targets.index(row, 0))
