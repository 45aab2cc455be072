# SPDX-License-Identifier: GPL-3.0-or-later
"""The tester: what would happen with a call, by which line, and what else is about it. The engine answers."""

import asyncio

from PyQt5.QtCore import QModelIndex, Qt, pyqtSignal
from PyQt5.QtGui import QPalette
from PyQt5.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from qubesmanager.models.natural_sort import in_order
from qubesmanager.models.policy_tables import WHY_COLUMNS, WhyRow, why_rows
from qubesmanager.models.policy_words import ACTION_OF, CONTEXT, decision_text, place_text, result_text, word_of
from qubesmanager.models.row_table import RowTable
from qubesmanager.policy.checks import Checks
from qubesmanager.policy.engine import DEFAULT, Request, Result
from qubesmanager.policy.explain import Explanation, explain
from qubesmanager.policy.grammar import Place
from qubesmanager.policy.system_info import ADMINVM, DISPVM
from qubesmanager.ui.policy.pictures import action_icon, word_icon
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.choices import refill
from qubesmanager.ui.widgets.flow_layout import Flow
from qubesmanager.ui.widgets.fonts import unit_of
from qubesmanager.ui.widgets.labels import plain_label, subdue, title_label
from qubesmanager.ui.widgets.link_button import LinkButton
from qubesmanager.ui.widgets.mark_delegate import MarkDelegate
from qubesmanager.ui.widgets.palette_colors import IconLabel
from qubesmanager.ui.widgets.sections import Section, hairline
from qubesmanager.ui.widgets.tables import fit_pane, row_table

SIZE = 7
"""Of the picture of the answer, in quarters of a line's height."""


class Tester(QWidget):
    """Signals: `place_wanted(Place)`: show a line; `rights_wanted(str)`: what may this qube do; `answered()`."""

    place_wanted = pyqtSignal(object)
    rights_wanted = pyqtSignal(str)
    answered = pyqtSignal()

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._checks: Checks | None = None
        self._is_edited = False
        self.is_asking = False
        self._again = False
        self.explanation: Explanation | None = None
        """The engine's about the call that is chosen; None until it has answered."""
        self.source, self.target, self.service = QComboBox(self), QComboBox(self), QComboBox(self)
        self.argument = QLineEdit(self)
        self.rights = LinkButton("", self)
        self.picture = IconLabel(self)
        self.answer, self.sentence = title_label("", self), plain_label("", self)
        self.decided = LinkButton("", self)
        self.basis, self.hint = plain_label("", self), plain_label("", self)
        self.model: RowTable[WhyRow] = RowTable(CONTEXT, WHY_COLUMNS, lambda row: id(row.rule), self)
        self.table = row_table(self.model, self.tr("Rules about this call"), 2, self)
        self._lay_out()
        self._connect()

    # -- what the window uses -----------------------------------------------------------------------------------------

    def show_checks(self, checks: Checks, calls: list[str], *, is_edited: bool) -> None:
        """Answer by this policy from now on."""
        self._checks, self._is_edited = checks, is_edited
        info = checks.info
        qubes = in_order(info.names)
        special = [DEFAULT, ADMINVM, DISPVM, *in_order(each for each in info.disposables if each != DISPVM)]
        for box, tokens in ((self.source, qubes), (self.target, [*qubes, *special])):
            rows = [(word_of(token, info).text if token in qubes else token, token) for token in tokens]
            refill(box, rows, lambda token: word_icon(word_of(token, info), self._session))
        typed = self.service.currentText()
        self.service.blockSignals(True)
        refill(self.service, [(call, call) for call in calls])
        self.service.setEditText(typed or (calls[0] if calls else ""))
        self.service.blockSignals(False)
        self.ask()

    def show_why(self, *, is_shown: bool) -> None:
        """Show the table of rules below the answer, or not."""
        self.table.setVisible(is_shown)
        self.hint.setVisible(is_shown and bool(self.hint.text()))

    def choose(self, source: str = "", service: str = "", argument: str = "", target: str = "") -> None:
        """Choose a call; what is empty stays."""
        for box, value in ((self.source, source), (self.target, target)):
            if value and box.findData(value) >= 0:
                box.setCurrentIndex(box.findData(value))
        if service:
            self.service.setEditText(service)
            self.argument.setText(argument.removeprefix("+").removeprefix("*"))
        self.ask()

    def ask(self) -> None:
        """Ask the engine, in a thread; once more if it is at it."""
        if self._checks is None or self._session.tasks.closing:
            return
        if self.is_asking:
            self._again = True
            return
        self.is_asking = True
        request = self.request()
        self._session.tasks.start_hidden(self.tr("Ask the policy"), self._ask(self._checks, request), owner=self)

    def request(self) -> Request:
        """The call that is chosen."""
        source, target = str(self.source.currentData() or ""), str(self.target.currentData() or "")
        return Request(self.service.currentText().strip(), f"+{self.argument.text().strip()}", source, target)

    async def _ask(self, checks: Checks, request: Request) -> None:
        try:
            explanation = await asyncio.to_thread(explain, checks.engine, request, checks.info)
        finally:
            self.is_asking = False
        if self._again:
            self._again = False
            self.ask()
            return
        self._show(explanation, checks, request)

    # -- parts --------------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        unit = unit_of(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(Section(self.tr("What would happen?"), (), (self.rights,), self))
        row = Flow()
        row.setContentsMargins(3 * unit, 0, 3 * unit, 2 * unit)
        for text, field in (
            (self.tr("From"), self.source),
            (self.tr("call"), self.service),
            (self.tr("argument"), self.argument),
            (self.tr("to"), self.target),
        ):
            pair = QWidget(self)
            label = QLabel(text, pair)
            label.setBuddy(field)
            field.setAccessibleName(text)
            both = QHBoxLayout(pair)
            both.setContentsMargins(0, 0, 2 * unit, 0)
            both.setSpacing(2 * unit)
            both.addWidget(label)
            both.addWidget(field)
            row.addWidget(pair)
        self.service.setEditable(True)
        self.service.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.service.setMinimumWidth(40 * unit)
        self.argument.setPlaceholderText(self.tr("none"))
        self.argument.setFixedWidth(22 * unit)
        for box in (self.source, self.target):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(9)
        column.addLayout(row)
        column.addWidget(hairline(self))
        column.addWidget(self._answer())
        column.addWidget(hairline(self))
        self.table.setItemDelegate(MarkDelegate(self.table))
        fit_pane(self.table, {0: 28, 1: 58})
        self.table.setMinimumHeight(20 * unit)
        column.addWidget(self.table, 1)
        column.addWidget(hairline(self))
        self.hint.setContentsMargins(3 * unit, unit, 3 * unit, unit)
        subdue(self.hint)
        column.addWidget(self.hint)

    def _answer(self) -> QWidget:
        unit = unit_of(self)
        ground = QWidget(self)
        ground.setAutoFillBackground(True)
        ground.setBackgroundRole(QPalette.ColorRole.Base)
        row = QHBoxLayout(ground)
        row.setContentsMargins(3 * unit, 2 * unit, 3 * unit, 2 * unit)
        row.setSpacing(3 * unit)
        row.addWidget(self.picture)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self.answer)
        subdue(self.sentence)
        words.addWidget(self.sentence)
        row.addLayout(words, 1)
        place = QVBoxLayout()
        place.setSpacing(0)
        subdue(self.basis)
        self.basis.setWordWrap(False)
        self.basis.setAlignment(Qt.AlignmentFlag.AlignRight)
        place.addWidget(self.decided, 0, Qt.AlignmentFlag.AlignRight)
        place.addWidget(self.basis)
        row.addLayout(place)
        return ground

    def _connect(self) -> None:
        for box in (self.source, self.target):
            box.currentIndexChanged.connect(lambda *_: self.ask())
        self.service.editTextChanged.connect(lambda *_: self.ask())
        self.argument.textChanged.connect(lambda *_: self.ask())
        self.table.activated.connect(self._activated)
        self.table.clicked.connect(self._activated)
        self.decided.clicked.connect(self._go)
        self.rights.clicked.connect(lambda: self.rights_wanted.emit(str(self.source.currentData() or "")))

    # -- what is shown ------------------------------------------------------------------------------------------------

    def _show(self, explanation: Explanation, checks: Checks, request: Request) -> None:
        self.explanation = explanation
        decision = explanation.decision
        side = SIZE * unit_of(self)
        self.picture.show_icon(action_icon(ACTION_OF[decision.result]), side)
        self.answer.setText(result_text(decision))
        self.sentence.setText(decision_text(decision))
        self.decided.setVisible(decision.rule is not None)
        if decision.rule is not None:
            self.decided.setText(self.tr("Decided by {0}").format(place_text(decision.rule.place)))
        self.basis.setText(self.tr("checked with the unsaved changes") if self._is_edited else "")
        self.rights.setText(self.tr("What may {0} do?").format(request.source))
        self.rights.setVisible(bool(request.source))
        self.model.put(why_rows(explanation, checks.info))
        self.hint.setText(self._hint(explanation))
        self.hint.setVisible(bool(self.hint.text()) and self.table.isVisibleTo(self))
        self.answered.emit()

    def _hint(self, explanation: Explanation) -> str:
        decision = explanation.decision
        if decision.result is Result.ERROR:
            return ""
        if decision.rule is None:
            return self.tr("Rules about this call in all files that are read.")
        place = place_text(decision.rule.place)
        text = self.tr("For another answer: change {0}, or put a rule above it.").format(place)
        if not explanation.shadowed:
            without = self.tr("Without it, no rule matches, and the answer is Deny.")
            return f"{text} {without}"
        following = explanation.shadowed[0]
        without = self.tr("Without it, {0} decides.").format(place_text(following.place))
        return f"{text} {without}"

    def _activated(self, index: QModelIndex) -> None:
        if 0 <= index.row() < len(self.model.rows):
            self.place_wanted.emit(self.model.rows[index.row()].rule.place)

    def _go(self) -> None:
        place: Place | None = self.explanation.decision.place if self.explanation else None
        if place is not None:
            self.place_wanted.emit(place)
