# SPDX-License-Identifier: GPL-3.0-or-later
"""The edits before they are saved: how the lines change, which calls are decided otherwise, and what was checked."""

from collections.abc import Sequence

from PyQt5.QtCore import QModelIndex, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QFontDatabase, QPainter
from PyQt5.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.models.policy_tables import ALTERED_COLUMNS
from qubesmanager.models.policy_words import CONTEXT, alteration_note, place_text
from qubesmanager.models.row_table import Mark, RowTable
from qubesmanager.models.texts import number_text
from qubesmanager.policy.checks import Checks
from qubesmanager.policy.differences import DiffLine, Side
from qubesmanager.policy.impact import Alteration
from qubesmanager.ui.icons import icon
from qubesmanager.ui.widgets.fonts import unit_of
from qubesmanager.ui.widgets.labels import blended, fault_color, good_color, plain_label
from qubesmanager.ui.widgets.mark_delegate import MarkDelegate, mark_icon
from qubesmanager.ui.widgets.palette_colors import IconLabel
from qubesmanager.ui.widgets.sections import Section, hairline
from qubesmanager.ui.widgets.tables import fit_pane, row_table

SHOWN = 300
"""Alterations that are shown."""
NOTES = 3
"""Calls that are newly allowed that are named in words."""
TINT = 0.12
SIDE = Qt.ItemDataRole.UserRole + 1


class ChangesPane(QWidget):
    """Signals: `save_wanted()`, `discard_wanted()`, `chosen(Alteration)`: show it in the tester."""

    save_wanted = pyqtSignal()
    discard_wanted = pyqtSignal()
    chosen = pyqtSignal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.head = Section("", (), (), self)
        self.lines = QListWidget(self)
        self.altered = Section(self.tr("What they change"), (), (), self)
        self.model: RowTable[Alteration] = RowTable(CONTEXT, ALTERED_COLUMNS, lambda row: row.request, self)
        self.table = row_table(self.model, self.tr("Calls with another decision"), 0, self)
        self.notes = QWidget(self)
        self.versions = QToolButton(self)
        self.discard = QPushButton(self.tr("Discard"), self)
        self.save = QPushButton(self.tr("Save"), self)
        self.why_not = plain_label("", self)
        self._lay_out()
        self.save.clicked.connect(self.save_wanted)
        self.discard.clicked.connect(self.discard_wanted)
        self.table.clicked.connect(self._clicked)

    def _lay_out(self) -> None:
        unit = unit_of(self)
        self.lines.setFrameShape(self.lines.Shape.NoFrame)
        self.lines.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.lines.setItemDelegate(_DiffDelegate(self.lines))
        self.lines.setUniformItemSizes(True)
        self.lines.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        self.lines.setAccessibleName(self.tr("Changed lines"))
        self.table.setItemDelegate(MarkDelegate(self.table))
        fit_pane(self.table, dict(enumerate((19, 16, 14, 11))))
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._note_rows = QVBoxLayout(self.notes)
        self._note_rows.setContentsMargins(3 * unit, 2 * unit, 3 * unit, 2 * unit)
        self._note_rows.setSpacing(unit)
        self.versions.setText(self.tr("Versions"))
        self.versions.setIcon(icon("undo"))
        self.versions.setAutoRaise(True)
        self.versions.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.versions.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.why_not.setContentsMargins(3 * unit, 0, 3 * unit, 0)
        foot = QHBoxLayout()
        foot.setContentsMargins(2 * unit, 3 * unit, 3 * unit, 3 * unit)
        foot.setSpacing(2 * unit)
        foot.addWidget(self.versions)
        foot.addStretch(1)
        foot.addWidget(self.discard)
        foot.addWidget(self.save)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget, stretch in (
            (self.head, 0),
            (hairline(self), 0),
            (self.lines, 2),
            (hairline(self), 0),
            (self.altered, 0),
            (hairline(self), 0),
            (self.table, 2),
            (hairline(self), 0),
            (self.notes, 0),
        ):
            column.addWidget(widget, stretch)
        column.addStretch(1)
        column.addWidget(self.why_not)
        column.addLayout(foot)

    def minimumSizeHint(self) -> QSize:
        """Room for the lines, and for the buttons, whose texts are longer in some languages."""
        return super().minimumSizeHint().expandedTo(QSize(78 * unit_of(self), 0))

    def show_changes(self, checks: Checks | None, *, is_edited: bool, why_not: str) -> None:
        """Show what was checked; `why_not`: why the edits cannot be saved now."""
        edits = checks.edits if checks else {}
        count = sum(edits.values())
        nothing = self.tr("No unsaved changes")
        self.head.title.setText(self.tr("%n unsaved change(s)", "", count) if count else nothing)
        more = self.tr("%n file(s)", "", len(edits))
        self.head.note.setText(more if len(edits) > 1 else checks.diff_path if checks else "")
        self._show_lines(checks.diff if checks else ())
        impact = checks.impact if checks else None
        self.model.put(impact.alterations[:SHOWN] if impact else ())
        self.altered.note.setText(
            self.tr("{0} of {1} calls").format(number_text(impact.altered), number_text(impact.compared))
            if impact
            else ""
        )
        self._show_notes(checks, is_edited=is_edited)
        self.save.setText(self.tr("Save %n change(s)", "", count) if count else self.tr("Save"))
        self.save.setEnabled(is_edited and not why_not)
        self.save.setDefault(is_edited)
        self.save.setToolTip(why_not)
        self.discard.setEnabled(is_edited)
        self.why_not.setText(why_not if is_edited else "")
        self.why_not.setVisible(bool(self.why_not.text()))

    def _show_lines(self, lines: Sequence[DiffLine]) -> None:
        self.lines.clear()
        for line in lines:
            item = QListWidgetItem(f"{line.side.value}{line.text}", self.lines)
            item.setData(SIDE, line.side)
            item.setToolTip(line.text)

    def _show_notes(self, checks: Checks | None, *, is_edited: bool) -> None:
        while (item := self._note_rows.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        if checks is None:
            return
        notes = dict.fromkeys(filter(None, map(alteration_note, checks.impact.alterations if checks.impact else ())))
        rows = [(Mark.WARNING, note) for note in list(notes)[:NOTES]]
        if len(notes) > NOTES:
            rows.append((Mark.WARNING, self.tr("%n more call(s) are allowed.", "", len(notes) - NOTES)))
        if is_edited and checks.lockout is not None:
            place = place_text(checks.lockout.place)
            rows.append((Mark.FAULT, self.tr("dom0 would lose its management calls by {0}.").format(place)))
        elif is_edited and not checks.engine.policy.error:
            rows.append((Mark.GOOD, self.tr("dom0 keeps its management calls.")))
        if checks.engine.policy.error:
            rows.append((Mark.FAULT, self.tr("qrexec would deny every call: {0}").format(checks.engine.policy.error)))
        else:
            rows.append((Mark.GOOD, self.tr("qrexec can read every file.")))
        for mark, text in rows:
            self._note_rows.addWidget(self._note(mark, text))

    def _note(self, mark: Mark, text: str) -> QWidget:
        row = QWidget(self.notes)
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        picture = IconLabel(row)
        side = self.fontMetrics().height()
        picture.show_icon(mark_icon(mark), side)
        layout.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(plain_label(text, row), 1)
        return row

    def note_texts(self) -> list[str]:
        """The notes that are shown."""
        items = [self._note_rows.itemAt(at) for at in range(self._note_rows.count())]
        rows = [row for item in items if item is not None and (row := item.widget()) is not None]
        return [label.text() for row in rows for label in row.findChildren(QLabel) if label.text()]

    def _clicked(self, index: QModelIndex) -> None:
        if 0 <= index.row() < len(self.model.rows):
            self.chosen.emit(self.model.rows[index.row()])


class _DiffDelegate(QStyledItemDelegate):
    """Tints lines that come and go."""

    # Qt overrides

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        side = index.data(SIDE)
        if painter is not None and side in {Side.ADDED, Side.REMOVED}:
            color = (good_color if side is Side.ADDED else fault_color)(option.palette)
            painter.fillRect(option.rect, blended(color, option.palette.base().color(), TINT))
        super().paint(painter, option, index)
