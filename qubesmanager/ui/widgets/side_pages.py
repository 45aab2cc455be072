# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of a window beside a list of their names, each with a badge: how much is edited, or that it has a fault."""

from collections.abc import Mapping

from PyQt5.QtCore import Qt
from PyQt5.QtGui import QPalette
from PyQt5.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QStackedWidget,
    QWidget,
)

from qubesmanager.ui.icons import icon
from qubesmanager.ui.widgets.palette_colors import put_colors, window_color
from qubesmanager.ui.widgets.side_row import BADGE, KIND, BadgeKind, SideRowDelegate

FAULT_BADGE = "!"
ROW = 7
"""The height of a row, in quarters of a line of text."""


class SidePages(QWidget):
    """Has the methods of a `QTabWidget` that its windows use. A page that is too large for the window scrolls."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = QListWidget(self)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setItemDelegate(SideRowDelegate(ROW, self.list))
        self.list.setAccessibleName(self.tr("Pages"))
        put_colors(self.list, {QPalette.ColorRole.Base: window_color})
        self._pages: list[QWidget] = []
        self._widest = 30 * (self.fontMetrics().height() // 4)
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
        self._widest = max(self._widest, self.list.sizeHintForIndex(self.list.indexFromItem(item)).width())
        self.list.setFixedWidth(self._widest + 2 * (self.fontMetrics().height() // 4))
        return number

    def put_badges(self, badges: Mapping[QWidget, tuple[str, bool]]) -> None:
        """The badge of each page, and whether it is a fault; pages that are not in it have none."""
        for number in range(self.count()):
            item, page = self.list.item(number), self.widget(number)
            if item is None or page is None:
                continue
            text, is_fault = badges.get(page, ("", False))
            item.setData(BADGE, text)
            item.setData(KIND, BadgeKind.FAULT if is_fault else BadgeKind.INFO)
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
