# SPDX-License-Identifier: GPL-3.0-or-later
"""Editors of one property, over the draft: they show what it says, and put edits there; no call is made here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from PyQt5.QtCore import QCoreApplication, Qt
from PyQt5.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.models.draft import Draft
from qubesmanager.models.reason_texts import reason_text
from qubesmanager.models.shared_draft import MIXED, SharedDraft
from qubesmanager.models.texts import property_quantity, whole_number
from qubesmanager.plans.plan import PROPERTY
from qubesmanager.rules.facts import Facts
from qubesmanager.rules.properties import AT_START
from qubesmanager.ui.forms.field import CONTEXT, Edit, Field
from qubesmanager.ui.forms.number_box import DEFAULT, MOST, SEVERAL, NumberBox, default_text, several_text
from qubesmanager.ui.icons import label_icon, tinted_icon
from qubesmanager.ui.widgets.labels import (
    fault_color,
    info_color,
    plain_label,
    problem_label,
    show_problem,
    subdue,
    warning_color,
)
from qubesmanager.ui.widgets.palette_colors import IconLabel, put_colors
from qubesmanager.wire.records import NO, YES

Edits = Draft | SharedDraft
"""The draft that editors change: of one qube, or of several at once."""

NARROW = 18
"""Characters that a box of choices is wide at least."""
WITHOUT_DEFAULT = frozenset({"name", "label"})
"""Properties that are always a qube's own."""


class FieldEditor(QWidget):
    """The widget of a field, the way back from an edit, and a line for what is wrong."""

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
        self._has_default = field.name not in WITHOUT_DEFAULT
        made = _Made(field, draft, facts, labels, self._edit, has_default=self._has_default)
        self.input, self._show = _MAKERS[field.edit](made)
        self.reset = QToolButton(self)
        self.reset.setText(self.tr("Default"))
        self.reset.setAutoRaise(True)
        self.reset.setAccessibleName(self.tr("Back to the default"))
        self.reset.clicked.connect(lambda: self._edit(None))
        self.reset.setVisible(field.edit is Edit.TEXT and self._has_default)
        self.was = QToolButton(self)
        self.was.setIcon(tinted_icon("undo", info_color))
        self.was.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.was.setAutoRaise(True)
        self.was.setToolTip(self.tr("Undo this edit"))
        self.was.clicked.connect(self._revert)
        subdue(self.was)
        self.problem = problem_label(self)
        self.mark = IconLabel(self)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.input, 1)
        row.addWidget(self.reset)
        # Of a field that may be lower than its texts need, a form cuts the last line.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self.was, 0, Qt.Alignment() | Qt.AlignmentFlag.AlignLeft)
        self.hint = plain_label("", self)
        subdue(self.hint)
        column.addWidget(self.hint)
        self.explain(QCoreApplication.translate(CONTEXT, field.hint) if field.hint else "")
        below = QHBoxLayout()
        below.addWidget(self.mark, 0, Qt.Alignment() | Qt.AlignmentFlag.AlignTop)
        below.addWidget(self.problem, 1)
        column.addLayout(below)
        self.setFocusProxy(self.input)
        draft.changed.connect(self.refresh)
        self.refresh()

    @property
    def is_edited(self) -> bool:
        return self._draft.is_edited(self.key)

    def refresh(self) -> None:
        """Show what the draft says now."""
        name = self.field.name
        own = self._draft.value(self.key)
        default = self._draft.default(self._facts, name) if self._has_default else None
        self._show(self._draft.shown(name), default, is_default=self._has_default and own is None)
        self.reset.setEnabled(own is not None)
        known = default_text(None if default is None else value_text(self.field, default))
        self.reset.setToolTip(known)
        is_edited = self.is_edited
        self.was.setVisible(is_edited)
        if is_edited:
            self.was.setText(self.tr("was {0}").format(self.text_before()))
        self._show_notes()
        self.updateGeometry()  # the form would keep the height that it had while its page was hidden

    def text_before(self) -> str:
        """What the field showed without the edit, for the user."""
        before, is_default = self._draft.before(self.field.name)
        text = several_text() if before == MIXED else value_text(self.field, before)
        return default_text(text) if is_default and self._has_default else text

    def _show_notes(self) -> None:
        name, draft = self.field.name, self._draft
        if self._reason:
            self._show_problem(self._reason, is_fault=True)
        elif problem := draft.problems(self._facts).get(name):
            self._show_problem(reason_text(problem), is_fault=True)
        elif self.key in draft.conflicts and (theirs := draft.theirs(self.key)):
            self._show_problem(self.tr("Changed elsewhere meanwhile; there it is {0}.").format(theirs))
        elif self.key in draft.conflicts or draft.merged.get(self.key) == "":
            self._show_problem(self.tr("Changed elsewhere meanwhile."))
        elif self.key in draft.merged:
            self._show_problem(self.tr("Changed elsewhere meanwhile; it was {0}.").format(draft.merged[self.key]))
        elif warning := draft.warnings(self._facts).get(name):
            self._show_problem(reason_text(warning))
        elif self.is_edited and name in AT_START and draft.record.running:
            self._show_problem(self.tr("Takes effect after a restart."))
        else:
            self.problem.hide()
            self.mark.hide()

    def offer(self, words: Sequence[str]) -> None:
        """Suggest these too, in a field that suggests anything."""
        if isinstance(self.input, QComboBox) and self.input.isEditable():
            shown = self.input.currentText()
            before = self.input.blockSignals(True)
            for word in words:
                if self.input.findText(word) < 0:
                    self.input.addItem(word, word)
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

    def _show_problem(self, text: str, *, is_fault: bool = False) -> None:
        color = fault_color if is_fault else warning_color
        side = self.fontMetrics().height()
        self.mark.show_icon(tinted_icon("fault" if is_fault else "warning", color), side)
        put_colors(self.problem, {self.problem.foregroundRole(): color})
        show_problem(self.problem, text)
        self.problem.show()
        self.mark.show()

    def _edit(self, value: str | None) -> None:
        self._reason = ""
        if value != self._draft.value(self.key):
            self._draft.edit(self.key, value)
        else:
            self._show_notes()

    def _revert(self) -> None:
        self._reason = ""
        self._draft.revert(self.key)


def value_text(field: Field, value: str) -> str:
    """A value of the field as the user reads it."""
    if field.edit is Edit.TICK:
        return _yes() if value == YES else _no()
    if not value:
        return _none()
    return property_quantity(field.name, value)


Edited = Callable[[str | None], None]


@dataclass(frozen=True, slots=True)
class _Made:
    """What the widget of a field is made from; `edited` gets what the user chose, None for the default."""

    field: Field
    draft: Edits
    facts: Facts
    labels: Mapping[str, str]
    edited: Edited
    has_default: bool


Shower = Callable[..., None]
Widget = tuple[QWidget, Shower]
"""A widget, and what puts a value into it: `show(value, default, is_default=…)`."""


def _text(made: _Made) -> Widget:
    line = QLineEdit()
    line.setMaxLength(31 if made.field.name == "name" else 4096)
    default_is: list[str | None] = [None]

    def typed(text: str) -> None:
        """The text of the default, typed, is the default."""
        made.edited(None if made.has_default and text == default_is[0] else text)

    line.textEdited.connect(typed)

    def show(value: str, default: str | None, *, is_default: bool) -> None:
        default_is[0] = default
        line.setPlaceholderText(several_text() if value == MIXED else "")
        text = default if is_default and default is not None else "" if value == MIXED else value
        if line.text() != text:
            line.setText(text)

    return line, show


def _number(made: _Made) -> Widget:
    box = NumberBox(made.field.limits, made.field.unit, has_default=made.has_default)
    box.valueChanged.connect(lambda value: made.edited({DEFAULT: None, SEVERAL: MIXED}.get(value, str(value))))

    def show(value: str, default: str | None, *, is_default: bool) -> None:
        before = box.blockSignals(True)
        box.put_default(default)
        if is_default:
            number = DEFAULT
        elif value == MIXED:
            number = SEVERAL
        else:
            number = min(whole_number(value) or 0, MOST)
        if box.value() != number or number < 0:
            box.setValue(number)
        box.blockSignals(before)

    return box, show


def _tick(made: _Made) -> Widget:
    box = QComboBox()
    return _chooser(made, box, {YES: _yes(), NO: _no()})


def _choice(made: _Made) -> Widget:
    box = QComboBox()
    qubes = made.facts.qubes
    names = made.field.choices(made.draft.record, qubes) if made.field.choices else []
    return _chooser(made, box, {name: name or _none() for name in names})


def _label(made: _Made) -> Widget:
    box = QComboBox()
    widget = _chooser(made, box, {name: name for name in made.labels})
    for name, color in made.labels.items():
        box.setItemIcon(box.findData(name), label_icon(color))
    return widget


def _chooser(made: _Made, box: QComboBox, texts: Mapping[str, str]) -> Widget:
    """Fill a box with the default, if there is one, and the values."""
    _keep_narrow(box)
    if made.has_default:
        box.addItem(default_text(None), _DEFAULT)
    for value, text in texts.items():
        box.addItem(text, value)

    def chosen(at: int) -> None:
        data = str(box.itemData(at))
        made.edited(None if data == _DEFAULT else data)

    box.activated.connect(chosen)

    def show(value: str, default: str | None, *, is_default: bool) -> None:
        if made.has_default:
            box.setItemText(0, default_text(None if default is None else value_text(made.field, default)))
        at = 0 if is_default else box.findData(value)
        if at < 0:
            # The current value may no longer be among the choices.
            box.addItem(several_text() if value == MIXED else texts.get(value, value or _none()), value)
            at = box.count() - 1
        box.setCurrentIndex(at)

    return box, show


def _suggest(made: _Made) -> Widget:
    box = QComboBox()
    box.setEditable(True)
    box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
    _keep_narrow(box)
    if made.has_default:
        box.addItem(default_text(None), _DEFAULT)
    for name in made.field.choices(made.draft.record, made.facts.qubes) if made.field.choices else []:
        box.addItem(name, name)
    line = box.lineEdit()

    def typed(text: str) -> None:
        made.edited(None if made.has_default and text == box.itemText(0) else text)

    box.editTextChanged.connect(typed)

    def show(value: str, default: str | None, *, is_default: bool) -> None:
        before = box.blockSignals(True)
        if made.has_default:
            box.setItemText(0, default_text(None if default is None else value_text(made.field, default)))
        if line is not None:
            line.setPlaceholderText(several_text() if value == MIXED else "")
        text = "" if value == MIXED else value
        text = box.itemText(0) if is_default else text
        if box.currentText() != text:
            box.setEditText(text)
        box.blockSignals(before)

    return box, show


def _keep_narrow(box: QComboBox) -> None:
    """A long name among the choices does not make the window wider."""
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(NARROW)


def _none() -> str:
    return QCoreApplication.translate("SettingsFields", "none")


def _yes() -> str:
    return QCoreApplication.translate("SettingsFields", "yes")


def _no() -> str:
    return QCoreApplication.translate("SettingsFields", "no")


_DEFAULT = "\x01"
"""The value of the line of the default; no property can have it."""

_MAKERS: Mapping[Edit, Callable[[_Made], Widget]] = {
    Edit.TEXT: _text,
    Edit.NUMBER: _number,
    Edit.TICK: _tick,
    Edit.CHOICE: _choice,
    Edit.LABEL: _label,
    Edit.SUGGEST: _suggest,
}
