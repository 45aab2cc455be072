# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy file as text: the numbers of the lines at its side, and each error below its line while it is typed."""

from collections.abc import Mapping

from PyQt5.QtCore import QEvent, QRect, Qt
from PyQt5.QtGui import (
    QColor,
    QFontDatabase,
    QHelpEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
    QTextCharFormat,
    QTextCursor,
    QTextFormat,
)
from PyQt5.QtWidgets import QPlainTextEdit, QTextEdit, QToolTip, QWidget

from qubesmanager.models.texts import plain_tip
from qubesmanager.ui.widgets.labels import blended, fault_color, subdued

TINT = 0.12
"""How much of the colour of a fault is in the ground of a wrong line."""


class RulesText(QPlainTextEdit):
    """The editor. `errors` are by the number of the line."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.errors: Mapping[int, str] = {}
        self.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setTabChangesFocus(True)
        self.setAccessibleName(self.tr("The file as text"))
        self.numbers = _Numbers(self)
        self.blockCountChanged.connect(lambda *_: self._make_room())
        self.updateRequest.connect(self._scrolled)
        self._make_room()

    def put(self, text: str) -> None:
        """Show this text, without a signal. The cursor stays where it was, as far as there is text."""
        if text == self.toPlainText():
            return
        self.blockSignals(True)
        position = self.textCursor().position()
        self.setPlainText(text)
        cursor = self.textCursor()
        cursor.setPosition(min(position, len(text)))
        self.setTextCursor(cursor)
        self.blockSignals(False)
        self._make_room()

    def mark(self, errors: Mapping[int, str]) -> None:
        """Mark the wrong lines."""
        self.errors = dict(errors)
        document = self.document()
        if document is None:
            return
        color = fault_color(self.palette())
        ground = blended(color, self.palette().color(QPalette.ColorRole.Base), TINT)
        selections = []
        for number in errors:
            block = document.findBlockByNumber(number - 1)
            if block.isValid():
                selections.append(_selection(QTextCursor(block), color, ground))
        self.setExtraSelections(selections)
        self.numbers.update()

    def go_to(self, number: int) -> None:
        """Put the cursor into a line."""
        document = self.document()
        if document is not None and number > 0:
            self.setTextCursor(QTextCursor(document.findBlockByNumber(number - 1)))
            self.centerCursor()

    def current_number(self) -> int:
        """The number of the line with the cursor."""
        return self.textCursor().blockNumber() + 1

    def _make_room(self) -> None:
        self.setViewportMargins(self.numbers.needed(), 0, 0, 0)

    def _scrolled(self, area: QRect, distance: int) -> None:
        if distance:
            self.numbers.scroll(0, distance)
        else:
            self.numbers.update(0, area.y(), self.numbers.width(), area.height())

    def paint_numbers(self, painter: QPainter) -> None:
        """Draw the numbers of the lines that are visible."""
        painter.fillRect(self.numbers.rect(), self.palette().color(QPalette.ColorRole.Window))
        quiet, fault = subdued(self.palette()), fault_color(self.palette())
        painter.setFont(self.font())
        block, width = self.firstVisibleBlock(), self.numbers.width() - self.fontMetrics().horizontalAdvance("0")
        top = round(self.blockBoundingGeometry(block).translated(self.contentOffset()).top())
        while block.isValid() and top <= self.numbers.height():
            number, height = block.blockNumber() + 1, round(self.blockBoundingRect(block).height())
            painter.setPen(fault if number in self.errors else quiet)
            painter.drawText(0, top, width, height, int(Qt.AlignmentFlag.AlignRight), str(number))
            top += height
            block = block.next()

    # Qt overrides

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        area = self.contentsRect()
        self.numbers.setGeometry(area.left(), area.top(), self.numbers.needed(), area.height())

    def viewportEvent(self, event: QEvent | None) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            number = self.cursorForPosition(event.pos()).blockNumber() + 1
            QToolTip.showText(event.globalPos(), plain_tip(self.errors.get(number, "")), self)
            return True
        return super().viewportEvent(event)


class _Numbers(QWidget):
    """The column beside the text."""

    def __init__(self, text: RulesText) -> None:
        super().__init__(text)
        self._text = text

    def needed(self) -> int:
        """Pixels for the longest number."""
        digits = len(str(max(99, self._text.blockCount())))
        return self._text.fontMetrics().horizontalAdvance("0") * (digits + 2)

    # Qt overrides

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        self._text.paint_numbers(painter)
        painter.end()


def _selection(cursor: QTextCursor, color: QColor, ground: QColor) -> QTextEdit.ExtraSelection:
    cursor.select(QTextCursor.SelectionType.LineUnderCursor)
    form = QTextCharFormat()
    form.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
    form.setUnderlineColor(color)
    form.setBackground(ground)
    form.setProperty(QTextFormat.Property.FullWidthSelection, True)
    selection = QTextEdit.ExtraSelection()
    selection.cursor = cursor
    selection.format = form
    return selection
