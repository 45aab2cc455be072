# SPDX-License-Identifier: GPL-3.0-or-later
"""Trees of thousands of rows, whose models give them the next ones when those before are in sight."""

from typing import Protocol

from PyQt5.QtCore import QModelIndex
from PyQt5.QtWidgets import QTreeView


class Growing(Protocol):
    """A model of two levels that has more rows below its first level than it shows.

    It is not Qt's `fetchMore`: a tree calls that in each layout, and makes another one for the new rows.
    """

    def index(self, row: int, column: int, parent: QModelIndex = ...) -> QModelIndex: ...
    def rowCount(self, parent: QModelIndex = ...) -> int: ...
    def show_more(self, row: int) -> None:
        """Show more of the rows below this one, if there are more."""


def show_more_in_sight(tree: QTreeView, model: Growing) -> None:
    """Have more rows below each whose last one is in sight."""
    viewport = tree.viewport()
    for row in range(model.rowCount()):
        above = model.index(row, 0)
        if viewport is None or not tree.isExpanded(above):
            continue
        last = tree.visualRect(model.index(model.rowCount(above) - 1, 0, above))
        if last.isValid() and viewport.rect().intersects(last):
            model.show_more(row)
