# SPDX-License-Identifier: GPL-3.0-or-later
"""A layout in lines, as words on a page."""

from PyQt5.QtCore import QPoint, QRect, QSize
from PyQt5.QtWidgets import QLayout, QLayoutItem, QWidget

GAP = 6
"""Pixels between two items, and between two lines."""


class Flow(QLayout):
    """Items in lines, from the right in languages that are read so. With `fill` the items of a line fill its width."""

    def __init__(self, parent: QWidget | None = None, *, fill: bool = False) -> None:
        super().__init__(parent)
        self._fill = fill
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(0, 0, 0, 0)

    def _lines(self, width: int) -> list[list[QLayoutItem]]:
        lines: list[list[QLayoutItem]] = []
        used = 0
        for item in self._items:
            if item.isEmpty():
                continue
            needed = item.sizeHint().width()
            if not lines or used + GAP + needed > width:
                lines.append([])
                used = -GAP
            lines[-1].append(item)
            used += GAP + needed
        return lines

    def _place(self, lines: list[list[QLayoutItem]], area: QRect) -> None:
        owner = self.parentWidget()
        from_right = owner is not None and owner.isRightToLeft()
        top = area.top()
        for line in lines:
            widths = [item.sizeHint().width() for item in line]
            if self._fill:
                spare = max(0, area.width() - GAP * (len(line) - 1) - sum(widths))
                widths = [width + spare // len(line) for width in widths]
            at = 0
            for item, width in zip(line, widths, strict=True):
                left = area.width() - at - width if from_right else at
                item.setGeometry(QRect(QPoint(area.left() + left, top), QSize(width, item.sizeHint().height())))
                at += width + GAP
            top += _height(line) + GAP

    # Qt overrides

    def addItem(self, item: QLayoutItem | None) -> None:
        if item is not None:
            self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        margins = self.contentsMargins()
        lines = self._lines(width - margins.left() - margins.right())
        gaps = GAP * max(0, len(lines) - 1)
        return sum(map(_height, lines)) + gaps + margins.top() + margins.bottom()

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        area = rect.marginsRemoved(self.contentsMargins())
        self._place(self._lines(area.width()), area)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        margins = self.contentsMargins()
        hints = [item.sizeHint() for item in self._items if not item.isEmpty()]
        return QSize(
            max((hint.width() for hint in hints), default=0) + margins.left() + margins.right(),
            max((hint.height() for hint in hints), default=0) + margins.top() + margins.bottom(),
        )


def _height(line: list[QLayoutItem]) -> int:
    return max(item.sizeHint().height() for item in line)
