# SPDX-License-Identifier: GPL-3.0-or-later
"""Edits of the lines of the file that is shown: each gives the draft the whole new text."""

from collections.abc import Callable

from qubesmanager.models.policy_draft import PolicyDraft
from qubesmanager.models.policy_rules import RulesModel
from qubesmanager.policy.engine import ANY, ANYVM
from qubesmanager.policy.grammar import Action, Kind, Rule

NEW_CALL = "qubes.Filecopy"
"""The call of a new rule that is below no other."""


class RuleEditing:
    """`current` gives the number of the selected line, `select` selects one once it is shown."""

    def __init__(
        self, draft: PolicyDraft, model: RulesModel, current: Callable[[], int], select: Callable[[int], None]
    ) -> None:
        self._draft, self._model = draft, model
        self._current, self._select = current, select
        self.path = ""

    def rule(self) -> Rule | None:
        """The rule that is selected."""
        row = self._model.row_of_line(self._current())
        return self._model.rows[row].rule if row >= 0 else None

    def new(self) -> None:
        """Add a rule below the selected line; it denies until it is given another answer."""
        lines, rule = self._lines(), self.rule()
        at = min(self._current(), len(lines)) or len(lines) - (not lines[-1])
        words = [ANYVM, ANYVM, Action.DENY.value]
        if self._model.kind is Kind.RULES:
            words = [rule.service if rule and rule.service != ANY else NEW_CALL, ANY, *words]
        self._put([*lines[:at], " ".join(words), *lines[at:]], at + 1)

    def duplicate(self) -> None:
        """Add the selected line once more below it."""
        number, lines = self._current(), self._lines()
        if 0 < number <= len(lines):
            self._put([*lines[:number], lines[number - 1], *lines[number:]], number + 1)

    def remove(self) -> None:
        """Remove the selected line."""
        number, lines = self._current(), self._lines()
        if 0 < number <= len(lines):
            self._put([*lines[: number - 1], *lines[number:]], max(1, number - 1))

    def move(self, by: int) -> None:
        """Exchange the selected line with the one so many below it."""
        number, lines = self._current(), self._lines()
        other = number + by
        if 0 < number <= len(lines) and 0 < other <= len(lines):
            lines[number - 1], lines[other - 1] = lines[other - 1], lines[number - 1]
            self._put(lines, other)

    def replace(self, number: int, text: str) -> None:
        """Give a line another text."""
        lines = self._lines()
        if 0 < number <= len(lines):
            lines[number - 1] = text
            self._put(lines, number)

    def _lines(self) -> list[str]:
        return self._draft.text(self.path).split("\n")

    def _put(self, lines: list[str], number: int) -> None:
        self._select(number)
        self._draft.edit(self.path, "\n".join(lines))
