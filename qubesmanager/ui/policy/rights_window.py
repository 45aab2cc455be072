# SPDX-License-Identifier: GPL-3.0-or-later
"""What a qube may call, and who may call it: the allow and ask rules of the policy that concern it."""

import asyncio

from PyQt5.QtCore import QT_TRANSLATE_NOOP, Qt
from PyQt5.QtGui import QKeyEvent
from PyQt5.QtWidgets import QHBoxLayout, QHeaderView, QStackedWidget, QTableView, QVBoxLayout, QWidget

from qubesmanager.models.policy_tables import right_columns
from qubesmanager.models.policy_words import CONTEXT
from qubesmanager.models.row_table import RowTable
from qubesmanager.policy.checks import Checks
from qubesmanager.policy.rights import Right, may_be_called, may_call
from qubesmanager.ui.icons import label_icon
from qubesmanager.ui.policy.policy_watch import PolicyWatch
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.session.windows import WITH
from qubesmanager.ui.widgets.fonts import unit_of
from qubesmanager.ui.widgets.labels import title_label
from qubesmanager.ui.widgets.link_button import LinkButton
from qubesmanager.ui.widgets.mark_delegate import MarkDelegate
from qubesmanager.ui.widgets.message_page import MessagePage
from qubesmanager.ui.widgets.palette_colors import IconLabel
from qubesmanager.ui.widgets.screens import resize_in_units
from qubesmanager.ui.widgets.sections import Section
from qubesmanager.ui.widgets.tables import row_table


class RightsWindow(QWidget):
    """Two tables. A row leads to its line in the window of the policy."""

    def __init__(self, session: Session, name: str) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self._session, self._name = session, name
        self._is_looking = False
        self._again = False
        self.setWindowTitle(self.tr("What may {0} do?").format(name))
        self.watch = PolicyWatch(session, self)
        unit = unit_of(self)
        self.picture = IconLabel(self)
        head = QHBoxLayout()
        head.setContentsMargins(4 * unit, 3 * unit, 4 * unit, 2 * unit)
        head.setSpacing(2 * unit)
        head.addWidget(self.picture)
        head.addWidget(title_label(name, self), 1)
        self.open_policy = LinkButton(self.tr("Open the policy"), self)
        self.open_policy.clicked.connect(lambda: session.window_wanted.emit("policy", ()))
        head.addWidget(self.open_policy)
        self.may: RowTable[Right] = RowTable(CONTEXT, right_columns(TO), _identity, self)
        self.called: RowTable[Right] = RowTable(CONTEXT, right_columns(FROM), _identity, self)
        self.may_title = Section(self.tr("What it may call"), (), (), self)
        self.called_title = Section(self.tr("Who may call it"), (), (), self)
        self.may_table = self._table(self.may, self.may_title.title.text())
        self.called_table = self._table(self.called, self.called_title.title.text())
        tables = QWidget(self)
        column = QVBoxLayout(tables)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget in (self.may_title, self.may_table, self.called_title, self.called_table):
            column.addWidget(widget, int(isinstance(widget, QTableView)))
        self.message = MessagePage(self)
        self.message.say("policy", self.tr("Reading the policy…"), "")
        self.stack = QStackedWidget(self)
        self.stack.addWidget(self.message)
        self.stack.addWidget(tables)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self.stack, 1)
        self.watch.checked.connect(self._look)
        self.watch.asked.connect(self._asked)
        resize_in_units(self, 200, 140)

    def _table(self, model: RowTable[Right], title: str) -> QTableView:
        table = row_table(model, title, 1, self)
        table.setItemDelegate(MarkDelegate(table))
        table.setFrameShape(table.Shape.NoFrame)
        unit = unit_of(table)
        if (header := table.horizontalHeader()) is not None:
            for column, width in ((0, 50), (2, 20), (3, 32)):
                header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
                header.resizeSection(column, width * unit)
        table.activated.connect(lambda index: self._show_line(model.rows[index.row()]))
        return table

    def _show_line(self, right: Right) -> None:
        place = right.decision.place
        if place is not None:
            self._session.window_wanted.emit("policy", (f"{WITH}{place}",))

    def _asked(self) -> None:
        if self.watch.problem:
            headline = self.tr("The policy cannot be read")
            self.message.say("warning", headline, self.watch.problem, self.tr("Try again"), self.watch.ask)
            self.stack.setCurrentIndex(0)

    def _look(self) -> None:
        if self._is_looking:
            self._again = True
        elif self.watch.checks is not None:
            self._is_looking = True
            coroutine = self._compute(self.watch.checks)
            self._session.tasks.start_hidden(self.tr("Load the rights"), coroutine, owner=self)

    async def _compute(self, checks: Checks) -> None:
        try:
            rights = await asyncio.to_thread(_rights, checks, self._name)
        finally:
            self._is_looking = False
        self._put(checks, *rights)
        if self._again:
            self._again = False
            self._look()

    def _put(self, checks: Checks, may: list[Right], called: list[Right]) -> None:
        side = 5 * unit_of(self)
        self.picture.show_icon(label_icon(self._session.color_of_qube(self._name)), side)
        if checks.engine.policy.error:
            self.message.say("warning", self.tr("Every call is denied"), checks.engine.policy.error)
            self.stack.setCurrentIndex(0)
            return
        self.may.put(may)
        self.called.put(called)
        for section, count in ((self.may_title, len(may)), (self.called_title, len(called))):
            section.note.setText(
                self.tr("%n rule(s)", "", count) if count else self.tr("nothing: every call is denied")
            )
        self.stack.setCurrentIndex(1)

    # Qt overrides

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None and event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)


TO, FROM = QT_TRANSLATE_NOOP("Policy", "To"), QT_TRANSLATE_NOOP("Policy", "From")


def _rights(checks: Checks, name: str) -> tuple[list[Right], list[Right]]:
    return may_call(checks.engine, name, checks.info), may_be_called(checks.engine, name, checks.info)


def _identity(right: Right) -> tuple[object, ...]:
    return right.service, right.argument, right.decision.place, right.decision.result


def open_rights(session: Session, names: tuple[str, ...]) -> RightsWindow:
    """Open the window about a qube."""
    return RightsWindow(session, names[0])
