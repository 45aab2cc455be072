# SPDX-License-Identifier: GPL-3.0-or-later
"""Editors of one property, over the draft: they show what it says, and put edits there; no call is made here."""

from collections.abc import Callable, Mapping, Sequence

from PyQt5.QtCore import QCoreApplication, Qt
from PyQt5.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.models.draft import Draft
from qubesmanager.models.reason_texts import reason_text
from qubesmanager.models.shared_draft import MIXED, SharedDraft
from qubesmanager.plans.plan import PROPERTY
from qubesmanager.rules.facts import Facts, Qubes
from qubesmanager.ui.forms.field import CONTEXT, Edit, Field
from qubesmanager.ui.icons import icon, label_icon
from qubesmanager.ui.widgets.labels import plain_label, problem_label, show_problem, subdue
from qubesmanager.wire.records import NO, YES

Edits = Draft | SharedDraft
"""The draft that editors change: of one qube, or of several at once."""


class FieldEditor(QWidget):
    """The widget of a field, a button that goes back to the default, and a line for what is wrong."""

    def __init__(
        self,
        field: Field,
        draft: Edits,
        facts: Facts,
        labels: Mapping[str, str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.field = field
        self.key = (PROPERTY, field.name)
        self._draft = draft
        self._facts = facts
        self._reason = ""
        self.input, self._show = _MAKERS[field.edit](field, draft, facts.qubes, labels, self._edit)
        self.reset = QToolButton(self)
        self.reset.setIcon(icon("refresh"))
        self.reset.setAutoRaise(True)
        self.reset.setToolTip(self.tr("Back to the default"))
        self.reset.setAccessibleName(self.tr("Back to the default"))
        self.reset.clicked.connect(lambda: self._draft.edit(self.key, None))
        self.problem = problem_label(self)
        self.problem.hide()
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.input, 1)
        row.addWidget(self.reset)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(row)
        self.hint = plain_label("", self)
        subdue(self.hint)
        column.addWidget(self.hint)
        self.explain(QCoreApplication.translate(CONTEXT, field.hint) if field.hint else "")
        column.addWidget(self.problem)
        self.setFocusProxy(self.input)
        draft.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show what the draft says now."""
        self._show(self._draft.shown(self.field.name))
        self.reset.setEnabled(self._draft.value(self.key) is not None and self.field.name != "name")
        if self._reason:
            self._show_problem(self._reason)
        elif problem := self._draft.problems(self._facts).get(self.field.name):
            self._show_problem(reason_text(problem))
        elif self.key in self._draft.conflicts and (theirs := self._draft.theirs(self.key)):
            self._show_problem(self.tr("Changed elsewhere meanwhile; there it is {0}.").format(theirs))
        elif self.key in self._draft.conflicts or self._draft.merged.get(self.key) == "":
            self._show_problem(self.tr("Changed elsewhere meanwhile."))
        elif self.key in self._draft.merged:
            self._show_problem(self.tr("Changed elsewhere meanwhile; it was {0}.").format(self._draft.merged[self.key]))
        elif self._draft.is_edited(self.key) and self._draft.value(self.key) is None:
            self._show_problem(self.tr("Goes back to the default."))
        elif warning := self._draft.warnings(self._facts).get(self.field.name):
            self._show_problem(reason_text(warning))
        else:
            self.problem.hide()

    def offer(self, words: Sequence[str]) -> None:
        """Suggest these too, in a field that suggests anything."""
        if isinstance(self.input, QComboBox) and self.input.isEditable():
            shown = self.input.currentText()
            before = self.input.blockSignals(True)
            self.input.addItems([word for word in words if self.input.findText(word) < 0])
            self.input.setEditText(shown)
            self.input.blockSignals(before)

    def explain(self, text: str) -> None:
        """Say beneath the field what it means; empty: nothing."""
        self.hint.setText(text)
        self.hint.setVisible(bool(text))

    def refuse(self, reason: str) -> None:
        """Show beside the field why the daemon did not take it; empty: it did."""
        self._reason = reason
        self.refresh()

    def _show_problem(self, text: str) -> None:
        show_problem(self.problem, text)
        self.problem.show()

    def _edit(self, value: str) -> None:
        self._reason = ""
        if value != self._draft.shown(self.field.name):
            self._draft.edit(self.key, value)


Made = tuple[QWidget, Callable[[str], None]]
"""A widget, and what puts a value into it."""


def _text(field: Field, _draft: Edits, _qubes: object, _labels: object, edited: Callable[[str], None]) -> Made:
    line = QLineEdit()
    line.setMaxLength(31 if field.name == "name" else 4096)
    line.textEdited.connect(edited)

    def show(value: str) -> None:
        line.setPlaceholderText(_several() if value == MIXED else "")
        text = "" if value == MIXED else value
        if line.text() != text:
            line.setText(text)

    return line, show


def _number(field: Field, _draft: Edits, _qubes: object, _labels: object, edited: Callable[[str], None]) -> Made:
    box = QSpinBox()
    box.setRange(field.limits.least, field.limits.most)
    box.setSuffix(field.unit)
    box.valueChanged.connect(lambda value: edited(str(value) if value >= 0 else MIXED))

    def show(value: str) -> None:
        before = box.blockSignals(True)
        if value == MIXED:
            # An editor that can be set has room for a problem below it.
            box.setMinimum(-1)
            box.setSpecialValueText(_several())
            box.setValue(-1)
        else:
            box.setValue(int(value) if value.isdigit() else 0)
        box.blockSignals(before)

    return box, show


def _tick(field: Field, _draft: Edits, _qubes: object, _labels: object, edited: Callable[[str], None]) -> Made:
    box = QCheckBox(QCoreApplication.translate(CONTEXT, field.title))
    box.stateChanged.connect(lambda state: edited(_TICKS[Qt.CheckState(state)]))

    def show(value: str) -> None:
        before = box.blockSignals(True)
        if value == MIXED:
            box.setTristate(True)
            box.setCheckState(Qt.CheckState.PartiallyChecked)
        else:
            box.setChecked(value == YES)
        box.blockSignals(before)

    return box, show


def _choice(field: Field, draft: Edits, qubes: Qubes, _labels: object, edited: Callable[[str], None]) -> Made:
    box = QComboBox()
    for name in field.choices(draft.record, qubes) if field.choices else []:
        box.addItem(name or QCoreApplication.translate("SettingsFields", "none"), name)
    return box, _chooser(box, edited)


def _suggest(field: Field, draft: Edits, qubes: Qubes, _labels: object, edited: Callable[[str], None]) -> Made:
    box = QComboBox()
    box.setEditable(True)
    box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
    box.addItems(field.choices(draft.record, qubes) if field.choices else [])
    line = box.lineEdit()
    box.editTextChanged.connect(edited)

    def show(value: str) -> None:
        if line is not None:
            line.setPlaceholderText(_several() if value == MIXED else "")
        text = "" if value == MIXED else value
        if box.currentText() != text:
            before = box.blockSignals(True)
            box.setEditText(text)
            box.blockSignals(before)

    return box, show


def _label(
    _field: Field, _draft: Edits, _qubes: object, labels: Mapping[str, str], edited: Callable[[str], None]
) -> Made:
    box = QComboBox()
    for name, color in labels.items():
        box.addItem(label_icon(color), name, name)
    return box, _chooser(box, edited)


def _chooser(box: QComboBox, edited: Callable[[str], None]) -> Callable[[str], None]:
    box.activated.connect(lambda at: edited(str(box.itemData(at))))

    def show(value: str) -> None:
        at = box.findData(value)
        if at < 0:
            # The current value may no longer be among the choices.
            none = QCoreApplication.translate("SettingsFields", "none")
            box.addItem(_several() if value == MIXED else value or none, value)
            at = box.count() - 1
        box.setCurrentIndex(at)

    return show


def _several() -> str:
    return QCoreApplication.translate("SettingsFields", "several values")


_TICKS = {
    Qt.CheckState.Checked: YES,
    Qt.CheckState.Unchecked: NO,
    Qt.CheckState.PartiallyChecked: MIXED,
}

_MAKERS = {
    Edit.TEXT: _text,
    Edit.NUMBER: _number,
    Edit.TICK: _tick,
    Edit.CHOICE: _choice,
    Edit.LABEL: _label,
    Edit.SUGGEST: _suggest,
}
