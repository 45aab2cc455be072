# SPDX-License-Identifier: GPL-3.0-or-later
"""The foot of a window whose edits are sent as one plan: what changes, in words; why it cannot; OK, Apply, Cancel."""

from collections.abc import Sequence

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QModelIndex, QObject, Qt, pyqtSignal
from PyQt5.QtGui import QResizeEvent
from PyQt5.QtWidgets import (
    QDialogButtonBox,
    QHBoxLayout,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.models.row_table import RowTable, TableColumn
from qubesmanager.plans.plan import Step
from qubesmanager.rules.stepwise import Steps
from qubesmanager.ui.forms.change_rows import ChangeRow
from qubesmanager.ui.icons import tinted_icon
from qubesmanager.ui.widgets.button_box import button_box
from qubesmanager.ui.widgets.fonts import bold_font
from qubesmanager.ui.widgets.labels import fault_color, info_color, plain_label
from qubesmanager.ui.widgets.lines_preview import LinesPreview
from qubesmanager.ui.widgets.palette_colors import IconLabel, put_colors
from qubesmanager.ui.widgets.tables import row_table
from qubesmanager.ui.widgets.turns import Turns

MOST_ROWS, LEAST_ROWS = 5, 2
"""Rows of changes that are shown without scrolling, in a large window and in a small one."""
AT_ONCE = 50
"""Calls that are written out before the user unfolds them. More are written then, in turns."""
PREVIEW = "preview"
"""The key of that work."""
SHARE = 11
"""Lines of text that the window has for each of them."""

_COLUMNS: tuple[TableColumn[ChangeRow], ...] = (
    TableColumn(QT_TRANSLATE_NOOP("ChangeRows", "Change"), lambda row: row.name),
    TableColumn(QT_TRANSLATE_NOOP("ChangeRows", "Now"), lambda row: row.now),
    TableColumn(QT_TRANSLATE_NOOP("ChangeRows", "Then"), lambda row: row.then),
    TableColumn(QT_TRANSLATE_NOOP("ChangeRows", "When"), lambda row: row.when),
)
_THEN, _WHEN = 2, 3


class _Changes(RowTable[ChangeRow]):
    """What is there then is bold, and what is wrong has the colour and the icon of a fault."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__("ChangeRows", _COLUMNS, lambda row: row.identity, parent)
        self._parent = parent

    # Qt overrides

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        row, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.FontRole and column == _THEN:
            return bold_font(self._parent.font())
        if role == Qt.ItemDataRole.ForegroundRole and row.is_fault and column == _THEN:
            return fault_color(self._parent.palette())
        if role == Qt.ItemDataRole.DecorationRole and row.is_fault and column == _WHEN:
            return tinted_icon("fault", fault_color)
        return super().data(index, role)


class ApplyBar(QWidget):
    """Signals: `apply(bool)`: send the plan, and then leave or not; `leave()`: close, there is nothing to send.

    `show_fault()`: bring what is wrong into sight. `take_back()`: drop all edits.
    """

    apply = pyqtSignal(bool)
    leave = pyqtSignal()
    show_fault = pyqtSignal()
    take_back = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._steps: Sequence[Step] = ()
        self._is_written = False
        self._turns = Turns(self)
        self.changes = _Changes(self)
        self.table = row_table(self.changes, self.tr("Changes"), _WHEN, self)
        unit = self.fontMetrics().height() // 4
        for column, width in ((0, 36), (1, 42), (_THEN, 42)):
            self.table.setColumnWidth(column, width * unit)
        self.show_changes = _disclosure(self)
        self.show_changes.setChecked(True)
        self.preview = LinesPreview(self)
        self.preview.setMaximumHeight(28 * unit)
        self.preview.setAccessibleName(self.tr("What will be sent"))
        self.preview.hide()
        self.show_preview = _disclosure(self)
        self.show_preview.setText(self.tr("Calls"))
        self.show_preview.setToolTip(self.tr("The calls that will be sent"))
        self.back = _link(self.tr("Undo all"), self)
        self.back.clicked.connect(self.take_back.emit)
        self.mark = IconLabel(self)
        self.problem = plain_label("", self)
        self.jump = _link(self.tr("Show"), self)
        self.jump.clicked.connect(self.show_fault.emit)
        standard = QDialogButtonBox.StandardButton
        self.buttons = button_box(self, standard.Ok, standard.Apply, standard.Cancel)
        self.buttons.clicked.connect(self._clicked)
        self._lay_out()
        self.show_changes.toggled.connect(lambda _shown: self._show())
        self.show_preview.toggled.connect(lambda _shown: self._show())
        self.put(())

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.show_changes)
        head.addStretch(1)
        head.addWidget(self.show_preview)
        head.addWidget(self.back)
        foot = QHBoxLayout()
        foot.addWidget(self.mark)
        foot.addWidget(self.problem, 1)
        foot.addWidget(self.jump)
        foot.addWidget(self.buttons)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(head)
        layout.addWidget(self.table)
        layout.addWidget(self.preview)
        layout.addLayout(foot)

    def button(self, which: QDialogButtonBox.StandardButton) -> QPushButton:
        """Raises `KeyError` for one that is not there."""
        button: QPushButton | None = self.buttons.button(which)
        if button is None:
            raise KeyError(which)
        return button

    def put(
        self, steps: Sequence[Step], *, problem: str = "", changes: Sequence[ChangeRow] = (), can_jump: bool = False
    ) -> None:
        """What would be sent now, and the same in words. A problem, in a sentence, keeps it from being sent.

        `can_jump`: `show_fault` leads to the problem.
        """
        self._steps = steps
        self._is_written = False
        self.changes.put(changes)
        faults = sum(row.is_fault for row in changes)
        text = self.tr("%n change(s)", "", len(changes))
        self.show_changes.setText(self.tr("{0}, %n with a fault", "", faults).format(text) if faults else text)
        self.problem.setText(problem)
        side = self.fontMetrics().height()
        self.mark.show_icon(tinted_icon("fault", fault_color), side)
        self.mark.setVisible(bool(problem))
        self.jump.setVisible(bool(problem) and can_jump)
        for which in (QDialogButtonBox.StandardButton.Apply, QDialogButtonBox.StandardButton.Ok):
            self.button(which).setToolTip(problem)
        self.button(QDialogButtonBox.StandardButton.Apply).setEnabled(bool(steps) and not problem)
        self.button(QDialogButtonBox.StandardButton.Ok).setEnabled(not problem)
        self._show()

    def _show(self) -> None:
        """Fold and unfold; what there is nothing of is hidden."""
        number = self.changes.rowCount()
        self.show_changes.setVisible(bool(number))
        self.show_preview.setVisible(bool(self._steps))
        self.back.setVisible(bool(self._steps))
        self.table.setVisible(bool(number) and self.show_changes.isChecked())
        self.preview.setVisible(bool(self._steps) and self.show_preview.isChecked())
        if not self._is_written and (self.show_preview.isChecked() or len(self._steps) <= AT_ONCE):
            self._is_written = True
            self._turns.drop(PREVIEW)
            self._turns.put(PREVIEW, self._write, later=len(self._steps) > AT_ONCE)
        around = self.window() or self
        room = around.height() // (SHARE * self.fontMetrics().height())
        rows = min(number, MOST_ROWS, max(LEAST_ROWS, room)) + 1
        row = self.table.verticalHeader()
        header = self.table.horizontalHeader()
        if row is not None and header is not None:
            high = header.sizeHint().height() + (rows - 1) * row.defaultSectionSize()
            self.table.setFixedHeight(high + 2 * self.table.frameWidth())
        for fold in (self.show_changes, self.show_preview):
            fold.setArrowType(Qt.ArrowType.DownArrow if fold.isChecked() else Qt.ArrowType.RightArrow)

    def _write(self) -> Steps[None]:
        yield from self.preview.write(map(Step.text, self._steps))

    # Qt overrides

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._show()

    def _clicked(self, button: QObject) -> None:
        if button is self.button(QDialogButtonBox.StandardButton.Apply):
            self.apply.emit(False)
        elif button is self.button(QDialogButtonBox.StandardButton.Ok) and self._steps:
            self.apply.emit(True)
        else:
            self.leave.emit()


def _disclosure(parent: QWidget) -> QToolButton:
    """A triangle with a word that shows and hides what is below it."""
    button = QToolButton(parent)
    button.setAutoRaise(True)
    button.setCheckable(True)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setArrowType(Qt.ArrowType.RightArrow)
    return button


def _link(text: str, parent: QWidget) -> QToolButton:
    """A button that looks like a link."""
    button = QToolButton(parent)
    button.setText(text)
    button.setAutoRaise(True)
    put_colors(button, {button.foregroundRole(): info_color})
    return button
