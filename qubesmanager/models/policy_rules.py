# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of one policy file as a table. A cell that is edited is a new text of its line: `edited` says which."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QModelIndex, QObject, Qt, pyqtSignal

from qubesmanager.models.policy_words import (
    CONTEXT,
    Word,
    action_text,
    argument_text,
    gone_text,
    options_text,
    service_text,
    unreached_text,
    word_of,
)
from qubesmanager.models.row_table import MARK_ROLE, Mark, RowTable, TableColumn
from qubesmanager.models.texts import plain_tip
from qubesmanager.models.volume_table import RIGHT
from qubesmanager.policy.gone import GoneWord, Missing
from qubesmanager.policy.grammar import OPTIONS as OPTIONS_OF
from qubesmanager.policy.grammar import Action, Include, Kind, Line, Rule
from qubesmanager.policy.reach import Unreached
from qubesmanager.policy.system_info import SystemInfo

LINE, CALL, ARGUMENT, FROM, TO, ANSWER, OPTIONS = range(7)
WORD_ROLE = Qt.ItemDataRole.UserRole + 10
"""The `Word` of a source or target."""
ACTION_ROLE = Qt.ItemDataRole.UserRole + 11
"""The `Action` of a rule, in its cell."""
EDGE_ROLE = Qt.ItemDataRole.UserRole + 12
"""Of the first cell: True for a line that is edited, False for a new one, None for others."""
QUIET_ROLE = Qt.ItemDataRole.UserRole + 13
"""Whether the line decides nothing, or says nothing."""


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A line that is shown: a comment, a rule, a directive, or one that is wrong. Blank lines are not."""

    line: Line
    unreached: Unreached | None = None
    gone: tuple[GoneWord, ...] = ()
    edge: bool | None = None

    @property
    def rule(self) -> Rule | None:
        return self.line.item if isinstance(self.line.item, Rule) else None

    @property
    def is_spanned(self) -> bool:
        """Whether the line is shown as text over all columns."""
        return self.rule is None


def _line_text(row: RuleRow) -> str:
    return row.line.text


COLUMNS: tuple[TableColumn[RuleRow], ...] = tuple(
    TableColumn(title, _line_text, right=number == LINE)
    for number, title in enumerate(
        (
            QT_TRANSLATE_NOOP("Policy", "Line"),
            QT_TRANSLATE_NOOP("Policy", "Call"),
            QT_TRANSLATE_NOOP("Policy", "Argument"),
            QT_TRANSLATE_NOOP("Policy", "From"),
            QT_TRANSLATE_NOOP("Policy", "To"),
            QT_TRANSLATE_NOOP("Policy", "Answer"),
            QT_TRANSLATE_NOOP("Policy", "Options"),
        )
    )
)
"""The titles; the texts of the cells depend on the qubes, which the model knows."""


class RulesModel(RowTable[RuleRow]):
    """Signals: `edited(int, str)`: the number of a line and its new text."""

    edited = pyqtSignal(int, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(CONTEXT, COLUMNS, lambda row: (row.line.number, row.is_spanned), parent)
        self.info = SystemInfo({})
        self.path = ""
        self.kind = Kind.RULES
        self.is_editable = False

    def show_rules(
        self, path: str, kind: Kind, rows: Sequence[RuleRow], info: SystemInfo, *, is_editable: bool
    ) -> None:
        """Show these lines of a file."""
        self.path, self.kind, self.info, self.is_editable = path, kind, info, is_editable
        self.put([row for row in rows if row.line.text.strip()])

    def row_of_line(self, number: int) -> int:
        """Where a line is; -1 if it is not shown."""
        return next((at for at, row in enumerate(self.rows) if row.line.number == number), -1)

    def number_at(self, row: int) -> int:
        """The number of the line in a row; 0 for none."""
        return self.rows[row].line.number if 0 <= row < len(self.rows) else 0

    # Qt overrides

    def flags(self, index: QModelIndex) -> Qt.ItemFlags:
        flags = super().flags(index)
        row = self.rows[index.row()] if index.isValid() else None
        if row is None or not self.is_editable or row.rule is None or index.column() == LINE:
            return flags
        if self.kind is Kind.BODY and index.column() in {CALL, ARGUMENT}:
            return flags
        return flags | Qt.ItemFlag.ItemIsEditable

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, column = self.rows[index.row()], index.column()
        if role == EDGE_ROLE:
            return row.edge if column == LINE else None
        if row.rule is None:
            return _spanned(row, column, role)
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, row.rule, column)
        if role == Qt.ItemDataRole.EditRole:
            return _raw(row.rule, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip("\n".join((row.line.text.strip(), *map(gone_text, row.gone))))
        if role == WORD_ROLE:
            return self._word(row.rule, column)
        if role == ACTION_ROLE:
            return row.rule.action if column == ANSWER else None
        if role == QUIET_ROLE:
            return row.unreached is not None or column in {LINE, ARGUMENT, OPTIONS}
        if role == MARK_ROLE:
            return Mark.WARNING if column == OPTIONS and (row.unreached or _is_gone(row)) else None
        return RIGHT if role == Qt.ItemDataRole.TextAlignmentRole and column == LINE else None

    def setData(self, index: QModelIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        row = self.rows[index.row()] if index.isValid() else None
        if row is None or row.rule is None or role != Qt.ItemDataRole.EditRole:
            return False
        values = {index.column(): str(value).strip()}
        if index.column() == ANSWER:
            known = OPTIONS_OF[Action(values[ANSWER])]
            values[OPTIONS] = " ".join(f"{key}={text}" for key, text in row.rule.options.items() if key in known)
        text = line_with(row.rule, self.kind, values)
        if text != row.line.text.strip():
            self.edited.emit(row.line.number, text)
        return True

    def _text(self, row: RuleRow, rule: Rule, column: int) -> str:
        if column == LINE:
            return str(row.line.number)
        if column == CALL:
            return service_text(rule.service)
        if column == ARGUMENT:
            return argument_text(rule.argument) if rule.argument else ""
        if column == ANSWER:
            return action_text(rule.action)
        if column == OPTIONS:
            return unreached_text(row.unreached, self.path) if row.unreached else options_text(rule)
        word = self._word(rule, column)
        return word.text if word else ""

    def _word(self, rule: Rule, column: int) -> Word | None:
        tokens = {FROM: rule.source, TO: rule.target}
        return word_of(tokens[column], self.info) if column in tokens else None


def line_with(rule: Rule, kind: Kind, values: Mapping[int, str]) -> str:
    """The line of a rule with these cells instead."""
    columns = (FROM, TO, ANSWER, OPTIONS) if kind is Kind.BODY else (CALL, ARGUMENT, FROM, TO, ANSWER, OPTIONS)
    return " ".join(filter(None, (values.get(column, _raw(rule, column)) for column in columns)))


def _raw(rule: Rule, column: int) -> str:
    """A cell as the line has it."""
    if column == OPTIONS:
        return " ".join(f"{key}={value}" for key, value in rule.options.items())
    raw = {CALL: rule.service, ARGUMENT: rule.argument, FROM: rule.source, TO: rule.target, ANSWER: rule.action.value}
    return raw.get(column, str(rule.place.line))


def _is_gone(row: RuleRow) -> bool:
    return any(word.missing in {Missing.QUBE, Missing.DISPOSABLE_TEMPLATE} for word in row.gone)


def _spanned(row: RuleRow, column: int, role: int) -> Any:
    """A line that is no rule, in the first cell."""
    if role == Qt.ItemDataRole.ToolTipRole:
        return plain_tip(row.line.error or row.line.text.strip())
    if column != LINE:
        return None
    if role == Qt.ItemDataRole.DisplayRole:
        text = row.line.text.strip()
        return f"{row.line.number!s}   {text}   {row.line.error}" if row.line.error else text
    if role == QUIET_ROLE:
        return not row.line.error and not isinstance(row.line.item, Include)
    return Mark.FAULT if role == MARK_ROLE and row.line.error else None
