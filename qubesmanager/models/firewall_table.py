# SPDX-License-Identifier: GPL-3.0-or-later
"""A list of firewall rules as a table, edited through a `Draft`."""

import time
from typing import Any

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QAbstractTableModel, QCoreApplication, QModelIndex, QObject, Qt
from PyQt5.QtGui import QColor

from qubesmanager.models.draft import Draft
from qubesmanager.rules.firewall import remaining
from qubesmanager.wire.firewall import Action, Rule, parse_rule

CONTEXT = "FirewallTable"
_TITLES = (
    QT_TRANSLATE_NOOP("FirewallTable", "Action"),
    QT_TRANSLATE_NOOP("FirewallTable", "Destination"),
    QT_TRANSLATE_NOOP("FirewallTable", "Service"),
    QT_TRANSLATE_NOOP("FirewallTable", "Expires"),
    QT_TRANSLATE_NOOP("FirewallTable", "Comment"),
)
_NO_PARENT = QModelIndex()
_DECIDING = QColor(58, 114, 196, 70)


class FirewallTable(QAbstractTableModel):
    """Rows are rules in the order they are tried. `deciding` marks the row that a question was answered by."""

    def __init__(self, draft: Draft, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._draft = draft
        self._texts: tuple[str, ...] = ()
        self._rules: list[Rule] = []
        self.deciding: int | None = None
        self._past: list[tuple[str, ...]] = []
        self._future: list[tuple[str, ...]] = []
        draft.changed.connect(self.refresh)
        self.refresh()

    def rules(self) -> list[Rule]:
        return list(self._rules)

    def refresh(self) -> None:
        """The draft's rules, as they are now."""
        if (texts := self._draft.rule_texts()) == self._texts:
            return
        self.beginResetModel()
        self._texts = texts
        self._rules = [parse_rule(text) for text in texts]
        self.deciding = None
        self.endResetModel()

    def mark(self, row: int | None) -> None:
        """Show which rule decided; None for the end of the list."""
        self.deciding = row
        if self._rules:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rules) - 1, len(_TITLES) - 1))

    def insert(self, row: int, rule: Rule) -> None:
        self._put([*self._rules[:row], rule, *self._rules[row:]])

    def replace(self, row: int, rule: Rule) -> None:
        self._put([*self._rules[:row], rule, *self._rules[row + 1 :]])

    def take(self, row: int) -> None:
        self._put([*self._rules[:row], *self._rules[row + 1 :]])

    def move(self, row: int, to: int) -> None:
        left = [*self._rules[:row], *self._rules[row + 1 :]]
        self._put([*left[:to], self._rules[row], *left[to:]])

    def put_all(self, rules: list[Rule]) -> None:
        self._put(rules)

    def _put(self, rules: list[Rule]) -> None:
        before, after = self._draft.rule_texts(), tuple(str(rule) for rule in rules)
        if after != before:
            self._past.append(before)
            self._future.clear()
            self._draft.edit_rules(after)

    @property
    def can_undo(self) -> bool:
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        return bool(self._future)

    def undo(self) -> None:
        """The rules as they were before the last edit in this window, sent or not."""
        self._step(self._past, self._future)

    def redo(self) -> None:
        """Take an undo back."""
        self._step(self._future, self._past)

    def _step(self, source: list[tuple[str, ...]], target: list[tuple[str, ...]]) -> None:
        if source:
            target.append(self._draft.rule_texts())
            self._draft.edit_rules(source.pop())

    # Qt overrides

    def rowCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._rules)

    def columnCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(_TITLES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if orientation != Qt.Orientation.Horizontal:
            return str(section + 1)
        return QCoreApplication.translate(CONTEXT, _TITLES[section])

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        rule = self._rules[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return _CELLS[index.column()](rule)
        if role == Qt.ItemDataRole.ToolTipRole:
            return _CELLS[index.column()](rule)
        if role == Qt.ItemDataRole.BackgroundRole and index.row() == self.deciding:
            return _DECIDING
        return None


def _action(rule: Rule) -> str:
    if rule.action is Action.ACCEPT:
        return QCoreApplication.translate("FirewallTable", "accept")
    return QCoreApplication.translate("FirewallTable", "drop")


def destination_text(rule: Rule) -> str:
    """The destination as it is shown."""
    if rule.specialtarget is not None:
        return QCoreApplication.translate("FirewallTable", "the DNS servers")
    host = rule.dst4 or rule.dst6 or rule.dsthost
    return str(host) if host else QCoreApplication.translate("FirewallTable", "anywhere")


def service_text(rule: Rule) -> str:
    """Protocol and ports as they are shown."""
    parts = [] if rule.proto is None else [str(rule.proto)]
    if rule.dstports is not None:
        low, high = rule.dstports
        parts.append(str(low) if low == high else f"{low}-{high}")
    if rule.icmptype is not None:
        parts.append(str(rule.icmptype))
    return " ".join(parts) or QCoreApplication.translate("FirewallTable", "any")


def _expires(rule: Rule) -> str:
    left = remaining(rule, time.time())
    if left is None:
        return ""
    minutes, seconds = divmod(max(0, int(left)), 60)
    return QCoreApplication.translate("FirewallTable", "in {0} min {1} s").format(minutes, seconds)


_CELLS = (_action, destination_text, service_text, _expires, lambda rule: rule.comment or "")
