# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of a window beside a list of their names, each with a badge: how much is edited, or that it has a fault."""

from collections.abc import Callable, Iterator, Mapping
from typing import Generic, TypeVar

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


P = TypeVar("P", bound=QWidget)


class SidePages(QWidget, Generic[P]):
    """Makes a page when it is first shown or asked for. A page that is too large for the window scrolls."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = QListWidget(self)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setItemDelegate(SideRowDelegate(ROW, self.list))
        self.list.setAccessibleName(self.tr("Pages"))
        put_colors(self.list, {QPalette.ColorRole.Base: window_color})
        self._makers: dict[str, Callable[[], P]] = {}
        self._made: dict[str, P] = {}
        self._areas: dict[str, QScrollArea] = {}
        self.pages: Mapping[str, P] = _Pages(self._makers, self._page)
        """By name, in the order of the list."""
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
        self.list.currentRowChanged.connect(self._show)

    def add(self, name: str, make: Callable[[], P], title: str, picture: str = "") -> None:
        """Add a page at the end, which `make` makes. The first page is shown at once."""
        item = QListWidgetItem(icon(picture), title, self.list) if picture else QListWidgetItem(title, self.list)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, title)
        self._makers[name] = make
        if self.list.currentRow() < 0:
            self.list.setCurrentRow(0)
        self._widest = max(self._widest, self.list.sizeHintForIndex(self.list.indexFromItem(item)).width())
        self.list.setFixedWidth(self._widest + 2 * (self.fontMetrics().height() // 4))

    @property
    def made(self) -> frozenset[str]:
        """The pages that were made so far."""
        return frozenset(self._made)

    def put_badges(self, badges: Mapping[str, tuple[str, bool]]) -> None:
        """The badge of each page by its name, and whether it is a fault; pages that are not in it have none."""
        for number, name in enumerate(self._makers):
            item = self.list.item(number)
            if item is None:
                continue
            text, is_fault = badges.get(name, ("", False))
            item.setData(BADGE, text)
            item.setData(KIND, BadgeKind.FAULT if is_fault else BadgeKind.INFO)
            said = self.tr("{0}, has a fault") if is_fault else self.tr("{0}, edited: {1}") if text else "{0}"
            item.setData(Qt.ItemDataRole.AccessibleTextRole, said.format(item.text(), text))

    def badge(self, name: str) -> str:
        """What is shown behind the name of the page; `FAULT_BADGE` for a fault."""
        item = self.list.item(self._number(name))
        text = item.data(BADGE) if item is not None else None
        return text if isinstance(text, str) else ""

    def count(self) -> int:
        return len(self._makers)

    def currentIndex(self) -> int:
        return self.list.currentRow()

    def setCurrentIndex(self, number: int) -> None:
        self.list.setCurrentRow(number)

    def current(self) -> str:
        """The name of the page that is shown."""
        return list(self._makers)[self.currentIndex()]

    def show_page(self, name: str) -> None:
        """Bring a page to the front."""
        self.setCurrentIndex(self._number(name))

    def currentWidget(self) -> P:
        return self._page(self.current())

    def setCurrentWidget(self, page: P) -> None:
        self.show_page(next(name for name, made in self._made.items() if made is page))

    def _number(self, name: str) -> int:
        return list(self._makers).index(name)

    def _page(self, name: str) -> P:
        page = self._made.get(name)
        if page is None:
            page = self._made[name] = self._makers[name]()
            area = page if isinstance(page, QScrollArea) else _scrolled(page, self.stack)
            self._areas[name] = area
            self.stack.addWidget(area)
        return page

    def _show(self, number: int) -> None:
        if number < 0:
            return
        name = self.current()
        self._page(name)
        self.stack.setCurrentWidget(self._areas[name])


class _Pages(Mapping[str, P]):
    """Pages by their names; to ask for one makes it."""

    def __init__(self, names: Mapping[str, object], page: Callable[[str], P]) -> None:
        self._names, self._page = names, page

    def __getitem__(self, name: str) -> P:
        return self._page(name)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _scrolled(page: QWidget, parent: QWidget) -> QScrollArea:
    """A page that scrolls where the window is too small for it."""
    area = QScrollArea(parent)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidget(page)
    return area
