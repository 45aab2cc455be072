# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of a window beside a list of their names, each with a badge: how much is edited, or that it has a fault."""

from collections.abc import Mapping

from PyQt5.QtCore import QModelIndex, QRect, QSize, Qt
from PyQt5.QtGui import QIcon, QPainter, QPalette
from PyQt5.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from qubesmanager.ui.icons import icon
from qubesmanager.ui.widgets.badge import draw_badge
from qubesmanager.ui.widgets.labels import HALF, fault_color, info_color, mixed

BADGE, IS_FAULT = Qt.ItemDataRole.UserRole + 1, Qt.ItemDataRole.UserRole + 2
FAULT_BADGE = "!"
TINT, DARK_TINT = 0.17, 0.3
"""How much of the selection's colour is in the ground of the selected line."""
EDGE = 3
"""Pixels of the edge of the selected line."""


class SidePages(QWidget):
    """Has the methods of a `QTabWidget` that its windows use. A page that is too large for the window scrolls."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = QListWidget(self)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setItemDelegate(_PageDelegate(self.list))
        self.list.setAccessibleName(self.tr("Pages"))
        palette = self.list.palette()
        palette.setColor(QPalette.ColorRole.Base, palette.color(QPalette.ColorRole.Window))
        self.list.setPalette(palette)
        self._pages: list[QWidget] = []
        self.stack = QStackedWidget(self)
        line = QFrame(self)
        line.setFrameShape(QFrame.Shape.VLine)
        line.setForegroundRole(QPalette.ColorRole.Mid)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.list)
        row.addWidget(line)
        row.addWidget(self.stack, 1)
        self.list.currentRowChanged.connect(self.stack.setCurrentIndex)

    def addTab(self, page: QWidget, title: str, picture: str = "") -> int:
        """Add a page at the end. Returns its number."""
        item = QListWidgetItem(icon(picture), title, self.list) if picture else QListWidgetItem(title, self.list)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, title)
        number = self.stack.addWidget(page if isinstance(page, QScrollArea) else _scrolled(page, self.stack))
        self._pages.append(page)
        if self.list.currentRow() < 0:
            self.list.setCurrentRow(0)
        unit = self.fontMetrics().height() // 4
        wide = max(self.list.sizeHintForColumn(0), 30 * unit)
        self.list.setFixedWidth(wide + 2 * unit)
        return number

    def put_badges(self, badges: Mapping[QWidget, tuple[str, bool]]) -> None:
        """The badge of each page, and whether it is a fault; pages that are not in it have none."""
        for number in range(self.count()):
            item, page = self.list.item(number), self.widget(number)
            if item is None or page is None:
                continue
            text, is_fault = badges.get(page, ("", False))
            item.setData(BADGE, text)
            item.setData(IS_FAULT, is_fault)
            said = self.tr("{0}, has a fault") if is_fault else self.tr("{0}, edited: {1}") if text else "{0}"
            item.setData(Qt.ItemDataRole.AccessibleTextRole, said.format(item.text(), text))

    def badge(self, page: QWidget) -> str:
        """What is shown behind the name of the page; `FAULT_BADGE` for a fault."""
        item = self.list.item(self.indexOf(page))
        text = item.data(BADGE) if item is not None else None
        return text if isinstance(text, str) else ""

    def widget(self, number: int) -> QWidget | None:
        return self._pages[number] if 0 <= number < len(self._pages) else None

    def count(self) -> int:
        return self.stack.count()

    def indexOf(self, page: QWidget) -> int:
        return self._pages.index(page) if page in self._pages else -1

    def currentIndex(self) -> int:
        return self.stack.currentIndex()

    def setCurrentIndex(self, number: int) -> None:
        self.list.setCurrentRow(number)

    def currentWidget(self) -> QWidget | None:
        return self.widget(self.currentIndex())

    def setCurrentWidget(self, page: QWidget) -> None:
        self.setCurrentIndex(self.indexOf(page))


def _scrolled(page: QWidget, parent: QWidget) -> QScrollArea:
    """A page that scrolls where the window is too small for it."""
    area = QScrollArea(parent)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidget(page)
    return area


class _PageDelegate(QStyledItemDelegate):
    """Draws a line: the selection as a tint with an edge, the badge at the right."""

    # Qt overrides

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        unit = option.fontMetrics.height() / 4
        size = super().sizeHint(option, index)
        return QSize(round(size.width() + 14 * unit), round(7 * unit))

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        if painter is None:
            return
        inner = QStyleOptionViewItem(option)
        self.initStyleOption(inner, index)
        palette = inner.palette
        if inner.state & QStyle.StateFlag.State_Selected:
            share = TINT if palette.color(QPalette.ColorRole.Base).lightness() > HALF else DARK_TINT
            tint = mixed(palette, QPalette.ColorRole.Highlight, QPalette.ColorRole.Base, share)
            painter.fillRect(inner.rect, tint)
            edge = QRect(inner.rect.left(), inner.rect.top(), EDGE, inner.rect.height())
            painter.fillRect(
                QStyle.visualRect(inner.direction, inner.rect, edge), palette.color(QPalette.ColorRole.Highlight)
            )
        unit = round(inner.fontMetrics.height() / 4)
        whole, side = inner.rect, inner.fontMetrics.height()
        enabled = bool(inner.state & QStyle.StateFlag.State_Enabled)
        left = QRect(whole.left() + 3 * unit, whole.top() + (whole.height() - side) // 2, side, side)
        mode = QIcon.Mode.Normal if enabled else QIcon.Mode.Disabled
        inner.icon.paint(painter, QStyle.visualRect(inner.direction, whole, left), mode=mode)
        words = whole.adjusted(left.right() + 2 * unit, 0, -2 * unit, 0)
        group = QPalette.ColorGroup.Active if enabled else QPalette.ColorGroup.Disabled
        painter.setPen(palette.color(group, QPalette.ColorRole.WindowText))
        align = QStyle.visualAlignment(inner.direction, Qt.Alignment() | Qt.AlignmentFlag.AlignLeft)
        painter.drawText(
            QStyle.visualRect(inner.direction, whole, words),
            int(align) | int(Qt.AlignmentFlag.AlignVCenter),
            inner.text,
        )
        if inner.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(palette.color(QPalette.ColorRole.Highlight))
            painter.drawRect(whole.adjusted(0, 0, -1, -1))
        if text := index.data(BADGE):
            color = fault_color(palette) if index.data(IS_FAULT) else info_color(palette)
            draw_badge(painter, whole.adjusted(2 * unit, 0, -2 * unit, 0), str(text), color, inner.direction)
