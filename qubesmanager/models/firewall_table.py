# SPDX-License-Identifier: GPL-3.0-or-later
"""A list of firewall rules as a table, edited through a `Draft`."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QAbstractTableModel, QCoreApplication, QModelIndex, QObject, Qt
from PyQt5.QtGui import QColor

from qubesmanager.models.draft import Draft
from qubesmanager.models.texts import number_text
from qubesmanager.rules.firewall import remaining
from qubesmanager.wire.firewall import Action, OtherRule, Rule, read_rule

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
        self._rules = [read_rule(text) for text in texts]
        self.deciding = None
        self.endResetModel()

    def mark(self, row: int | None) -> None:
        """Show which rule decided; None for the end of the list."""
        self.deciding = row
        if self._rules:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rules) - 1, len(_TITLES) - 1))

    def insert(self, row: int, rules: Sequence[Rule], *, instead_of: int = 0) -> None:
        """Put the rules before a row, and take away so many rows behind them."""
        self._put([*self._rules[:row], *rules, *self._rules[row + instead_of :]])

    def take(self, row: int) -> None:
        self._put([*self._rules[:row], *self._rules[row + 1 :]])

    def move(self, row: int, to: int) -> None:
        left = [*self._rules[:row], *self._rules[row + 1 :]]
        self._put([*left[:to], self._rules[row], *left[to:]])

    def typed(self, rules: Sequence[Rule], seconds: int) -> list[Rule]:
        """The rules, to hold for so many seconds from when they are sent; 0: as they are."""
        if not seconds:
            return list(rules)
        expire = self._draft.expiry(seconds, time.time())
        return [replace(rule, expire=expire) for rule in rules]

    def waits(self, rule: Rule) -> int | None:
        """For how many seconds a rule is to hold that is not sent yet; None for any other rule."""
        return None if rule.expire is None else self._draft.durations.get(rule.expire)

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
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole}:
            return _CELLS[index.column()](rule, self._draft.durations)
        if role == Qt.ItemDataRole.BackgroundRole and index.row() == self.deciding:
            return _DECIDING
        return None


def _action(rule: Rule) -> str:
    if rule.action is Action.ACCEPT:
        return QCoreApplication.translate("FirewallTable", "accept")
    return QCoreApplication.translate("FirewallTable", "drop")


def destination_text(rule: Rule) -> str:
    """The destination as it is shown; the whole text of a rule that cannot be read here."""
    if isinstance(rule, OtherRule):
        return str(rule)
    if rule.specialtarget is not None:
        return QCoreApplication.translate("FirewallTable", "the DNS servers")
    host = rule.dst4 or rule.dst6 or rule.dsthost
    return str(host) if host else QCoreApplication.translate("FirewallTable", "anywhere")


def service_text(rule: Rule) -> str:
    """Protocol and ports as they are shown."""
    if isinstance(rule, OtherRule):
        return QCoreApplication.translate("FirewallTable", "only Qubes OS knows")
    parts = [] if rule.proto is None else [str(rule.proto)]
    if rule.dstports is not None:
        low, high = rule.dstports
        parts.append(str(low) if low == high else f"{low!s}-{high!s}")
    if rule.icmptype is not None:
        parts.append(str(rule.icmptype))
    return " ".join(parts) or QCoreApplication.translate("FirewallTable", "any")


def duration_text(seconds: int) -> str:
    """A whole number of minutes, hours or days, for a rule that holds for a while."""
    for unit, text in _DURATIONS:
        if seconds % unit == 0:
            return text(seconds // unit)
    return QCoreApplication.translate("FirewallTable", "%n second(s)", "", seconds)


_DURATIONS: tuple[tuple[int, Callable[[int], str]], ...] = (
    (86_400, lambda number: QCoreApplication.translate("FirewallTable", "%n day(s)", "", number)),
    (3600, lambda number: QCoreApplication.translate("FirewallTable", "%n hour(s)", "", number)),
    (60, lambda number: QCoreApplication.translate("FirewallTable", "%n minute(s)", "", number)),
)


def _expires(rule: Rule, durations: Mapping[int, int]) -> str:
    left = remaining(rule, time.time())
    if left is None or rule.expire is None:
        return ""
    if rule.expire in durations:
        text = QCoreApplication.translate("FirewallTable", "{0} after it is applied")
        return text.format(duration_text(durations[rule.expire]))
    minutes, seconds = divmod(max(0, int(left)), 60)
    return QCoreApplication.translate("FirewallTable", "in {0} min {1} s").format(
        number_text(minutes), number_text(seconds)
    )


_CELLS: tuple[Callable[[Rule, Mapping[int, int]], str], ...] = (
    lambda rule, _durations: _action(rule),
    lambda rule, _durations: destination_text(rule),
    lambda rule, _durations: service_text(rule),
    _expires,
    lambda rule, _durations: rule.comment or "",
)
