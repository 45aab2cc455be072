# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks for a net qube by name, over the picture: the way of the keys beside dragging."""

from collections.abc import Sequence

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtGui import QKeyEvent
from PyQt5.QtWidgets import QCompleter, QFrame, QLineEdit, QVBoxLayout, QWidget

from qubesmanager.models.natural_sort import in_order
from qubesmanager.rules import candidates
from qubesmanager.ui.map.plan_card import CARD, PlanCard
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.labels import plain_label


class NetvmPrompt(QFrame):
    """A field with completion, and below it what the typed net qube would do.

    Signals: `chosen(tuple[str], str)`: the qubes and the net qube, empty for none; `left()`: the field is closed.
    """

    chosen = pyqtSignal(tuple, str)
    left = pyqtSignal()

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._names: tuple[str, ...] = ()
        self._netvms: dict[str, str] = {}
        """The net qube by what is typed for it, in lower case."""
        unit = self.fontMetrics().height() // 4
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAutoFillBackground(True)
        self.title = plain_label("", self)
        self.field = QLineEdit(self)
        self.field.setAccessibleName(self.tr("Net qube"))
        self.title.setBuddy(self.field)
        self.card = PlanCard(session, self)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * unit, 2 * unit, 3 * unit, 2 * unit)
        column.addWidget(self.title)
        column.addWidget(self.field)
        column.addWidget(self.card)
        self.setFixedWidth((CARD + 6) * unit)
        self.field.textChanged.connect(self._look)
        self.card.filled.connect(self.adjustSize)
        self.field.returnPressed.connect(self._accept)
        self.hide()

    def ask(self, names: Sequence[str]) -> None:
        """Open the field for these qubes."""
        self._names = tuple(names)
        none = self.tr("none")
        offered = in_order(candidates.netvms(self._session.facts.qubes))
        self._netvms = {none.casefold(): "", **{name.casefold(): name for name in offered}}
        completer = QCompleter([*offered, none], self.field)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self.field.setCompleter(completer)
        self.field.clear()
        number = len(names)
        of_one, of_many = self.tr("Net qube of {0}:"), self.tr("Net qube of %n qube(s):", "", number)
        self.title.setText(of_one.format(names[0]) if number == 1 else of_many)
        self._look()
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _look(self) -> None:
        """Show the plan once what is typed is a net qube."""
        netvm = self._netvms.get(self.field.text().strip().casefold())
        if netvm is None:
            self.card.leave()
            self.adjustSize()
        else:
            self.card.propose(self._names, netvm, self.tr("Enter reviews the plan. Esc cancels."))

    def _accept(self) -> None:
        netvm = self._netvms.get(self.field.text().strip().casefold())
        if netvm is not None:
            self._close()
            self.chosen.emit(self._names, netvm)

    def _close(self) -> None:
        self.card.leave()
        self.hide()
        self.left.emit()

    # Qt overrides

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None and event.key() == Qt.Key.Key_Escape:
            self._close()
            return
        super().keyPressEvent(event)
