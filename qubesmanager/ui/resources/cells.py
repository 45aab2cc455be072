# SPDX-License-Identifier: GPL-3.0-or-later
"""Cells of the page of resources: a cube before a name, a bar before a figure, a graph before a percentage."""

from collections.abc import Callable

from PyQt5.QtCore import QModelIndex, QObject, QRect, QRectF, QSize, Qt
from PyQt5.QtGui import QColor, QIcon, QPainter, QPalette
from PyQt5.QtWidgets import QStyle, QStyleOptionViewItem

from qubesmanager.models.row_table import MARK_ROLE, Mark
from qubesmanager.models.stats_history import History
from qubesmanager.models.volume_table import USAGE_ROLE
from qubesmanager.ui.widgets.cell_icon import put_icon
from qubesmanager.ui.widgets.labels import blended, cpu_color, warning_color
from qubesmanager.ui.widgets.mark_delegate import MarkDelegate
from qubesmanager.ui.widgets.row_delegate import RowDelegate
from qubesmanager.ui.widgets.selection import draw_edge
from qubesmanager.ui.widgets.vm_delegate import sparkline

GAP = 6
"""Pixels between a cell's edge and what is in it."""


class NameCells(MarkDelegate):
    """The name of a row with an icon if it has one, and the edge of a selected row."""

    def __init__(self, picture: Callable[[str], QIcon], parent: QObject) -> None:
        super().__init__(parent)
        self._picture = picture

    # Qt overrides

    def initStyleOption(self, option: QStyleOptionViewItem | None, index: QModelIndex) -> None:
        super().initStyleOption(option, index)
        if option is not None:
            picture = self._picture(str(index.data()))
            if not picture.isNull():
                put_icon(option, picture, option.fontMetrics.height())

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        super().paint(painter, QStyleOptionViewItem(option), index)
        if painter is not None:
            draw_edge(painter, option)


class _Beside(RowDelegate):
    """Draws a picture of `wide` quarters of a line's height at the beginning of a cell, and its text after it."""

    wide = 16.0

    def draw(self, painter: QPainter, area: QRect, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Draw the picture."""
        raise NotImplementedError

    # Qt overrides

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        size = super().sizeHint(option, index)
        return QSize(size.width() + self._room(option) + 2 * GAP, size.height())

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        if painter is None:
            return
        inner = QStyleOptionViewItem(option)
        self.initStyleOption(inner, index)
        text, inner.text = inner.text, ""
        if style := inner.widget.style():
            style.drawControl(QStyle.ControlElement.CE_ItemViewItem, inner, painter, inner.widget)
        room = self._room(option)
        whole = QRect(option.rect).adjusted(GAP, 0, -GAP, 0)
        first = QRect(whole.left(), whole.top(), room, whole.height())
        painter.save()
        self.draw(painter, QStyle.visualRect(option.direction, option.rect, first), option, index)
        painter.restore()
        rest = QStyle.visualRect(option.direction, option.rect, whole.adjusted(room + GAP, 0, 0, 0))
        painter.setPen(option.palette.color(QPalette.ColorRole.Text))
        painter.setFont(option.font)
        shown = option.fontMetrics.elidedText(text, Qt.TextElideMode.ElideRight, rest.width())
        side = QStyle.visualAlignment(option.direction, inner.displayAlignment)
        painter.drawText(rest, int(side | Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignAbsolute), shown)

    def _room(self, option: QStyleOptionViewItem) -> int:
        return round(self.wide * option.fontMetrics.height() / 4)


class BarCells(_Beside):
    """How full something is, in this colour; amber in a row that warns."""

    def __init__(self, color: Callable[[QPalette], QColor], parent: QObject, warns: int = -1) -> None:
        super().__init__(parent)
        self._color = color
        self._warns = warns
        """The column whose mark may be a warning; -1 for none."""

    def draw(self, painter: QPainter, area: QRect, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        full = index.data(USAGE_ROLE)
        if full is None:
            return
        bar = QRectF(area.left(), area.center().y() - 3, area.width(), 7)
        text, base = (option.palette.color(role) for role in (QPalette.ColorRole.Text, QPalette.ColorRole.Base))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(blended(text, base, 0.14))
        painter.drawRoundedRect(bar, 3, 3)
        is_warning = self._warns >= 0 and index.siblingAtColumn(self._warns).data(MARK_ROLE) is Mark.WARNING
        painter.setBrush(warning_color(option.palette) if is_warning else self._color(option.palette))
        wide = max(3.0, bar.width() * full)
        left = bar.right() - wide if option.direction == Qt.LayoutDirection.RightToLeft else bar.left()
        painter.drawRoundedRect(QRectF(left, bar.top(), wide, bar.height()), 3, 3)


class CpuCells(_Beside):
    """The last minutes of a qube before its percentage. `history` gives them by the name in the first column."""

    wide = 12.0

    def __init__(self, history: Callable[[str], History | None], parent: QObject) -> None:
        super().__init__(parent)
        self._history = history

    def draw(self, painter: QPainter, area: QRect, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        history = self._history(str(index.siblingAtColumn(0).data()))
        if history is not None:
            sparkline(painter, area.adjusted(0, 4, 0, -4), history.cpus, 100, cpu_color(option.palette))
