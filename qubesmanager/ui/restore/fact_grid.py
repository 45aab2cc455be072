# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts below each other: a quiet name, and one or more values next to it."""

from collections.abc import Sequence
from typing import NamedTuple

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from qubesmanager.ui.widgets.fonts import unit_of
from qubesmanager.ui.widgets.labels import leading, plain_label, subdue


class Fact(NamedTuple):
    """A line. `tip` is the tooltip of its values, as plain text; empty for none."""

    name: str
    values: tuple[str, ...]
    tip: str = ""


class FactGrid(QWidget):
    """Shows the facts that are put; the first line is a quiet headline if `head` is not empty."""

    def __init__(self, head: Sequence[str] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._head = tuple(head)
        self._columns = max(1, len(self._head))
        self._lines: list[list[QLabel]] = []
        self._facts: tuple[Fact, ...] = ()
        unit = unit_of(self)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(3 * unit)
        self._grid.setVerticalSpacing(unit)
        for column in range(1, self._columns + 1):
            self._grid.setColumnStretch(column, 1)
        for column, title in enumerate(self._head, 1):
            label = plain_label(title, self)
            subdue(label)
            self._grid.addWidget(label, 0, column)

    @property
    def facts(self) -> tuple[Fact, ...]:
        return self._facts

    def put(self, facts: Sequence[Fact]) -> None:
        """Show these and no others."""
        if tuple(facts) == self._facts:
            return
        self._facts = tuple(facts)
        while len(self._lines) < len(facts):
            self._lines.append(self._line(len(self._lines) + 1))
        for number, labels in enumerate(self._lines):
            fact = facts[number] if number < len(facts) else None
            for label, text in zip(labels, (fact.name, *fact.values) if fact else (), strict=False):
                label.setText(text)
                label.setToolTip(fact.tip if fact else "")
            for label in labels:
                label.setVisible(fact is not None)

    def _line(self, row: int) -> list[QLabel]:
        name = plain_label("", self)
        name.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        name.setWordWrap(False)
        subdue(name)
        labels = [name]
        for _ in range(self._columns):
            value = plain_label("", self)
            value.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            labels.append(value)
        for column, label in enumerate(labels):
            label.setAlignment(leading() | Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(label, row, column)
        return labels
