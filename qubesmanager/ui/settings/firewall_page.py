# SPDX-License-Identifier: GPL-3.0-or-later
"""The firewall: any list of rules, shown and edited; and whether a packet would pass."""

import time

from PyQt5.QtCore import QTimer
from PyQt5.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QComboBox,
    QGroupBox,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.client.plan import Key
from qubesmanager.models.draft import RULES, Draft
from qubesmanager.models.firewall_table import FirewallTable
from qubesmanager.rules.firewall import Packet, export_text, import_text, verdict
from qubesmanager.ui.prompts import opened, plain_label
from qubesmanager.ui.settings.rule_dialog import RuleDialog
from qubesmanager.ui.tasks import TaskSet
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.firewall import Action, Proto, Rule

_FIVE_MINUTES = 300
_COUNTDOWN = 1000


class FirewallPage(QWidget):
    """The rules in the order they are tried; the end of the list drops everything."""

    def __init__(self, draft: Draft, tasks: TaskSet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._draft, self._tasks = draft, tasks
        self.model = FirewallTable(draft, self)
        self.warning = plain_label("", self)
        self.table = QTableView(self)
        self.table.setModel(self.model)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setShowGrid(False)
        self.table.setTabKeyNavigation(False)
        self.table.setAccessibleName(self.tr("Firewall rules"))
        self.table.doubleClicked.connect(lambda _index: self._edit())
        if header := self.table.horizontalHeader():
            header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
            header.resizeSection(0, 80)
            header.setSectionResizeMode(4, QHeaderView.ResizeMode.Stretch)
        if vertical := self.table.verticalHeader():
            vertical.setDefaultSectionSize(self.fontMetrics().height() + 9)
        layout = QVBoxLayout(self)
        layout.addWidget(self.warning)
        layout.addWidget(self.table, 1)
        layout.addLayout(self._buttons())
        layout.addWidget(self._question())
        self.problem = plain_label("", self)
        self.problem.hide()
        layout.addWidget(self.problem)
        self._countdown = QTimer(self)
        self._countdown.setInterval(_COUNTDOWN)
        self._countdown.timeout.connect(lambda: self.model.mark(self.model.deciding))
        self._countdown.start()
        draft.changed.connect(self._refresh)
        self._refresh()

    def refuse(self, key: Key, reason: str) -> bool:
        if key[0] != RULES:
            return False
        self._say(reason)
        return True

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.buttons: dict[str, QPushButton] = {}
        for name, text, act in (
            ("add", self.tr("&Add…"), self._add),
            ("edit", self.tr("&Edit…"), self._edit),
            ("remove", self.tr("&Remove"), self._remove),
            ("up", self.tr("&Up"), lambda: self._move(-1)),
            ("down", self.tr("&Down"), lambda: self._move(1)),
            ("all", self.tr("Allow all for &5 minutes"), self._allow_all),
            ("copy", self.tr("&Copy list"), self._copy),
            ("paste", self.tr("&Paste list"), self._paste),
        ):
            button = QPushButton(text, self)
            button.clicked.connect(act)
            self.buttons[name] = button
            row.addWidget(button)
            if name == "down":
                row.addStretch(1)
        return row

    def _question(self) -> QWidget:
        box = QGroupBox(self.tr("Would it pass?"), self)
        self.destination = QLineEdit(box)
        self.destination.setPlaceholderText(self.tr("example.org or 10.0.0.1"))
        self.destination.setAccessibleName(self.tr("Destination"))
        self.proto = QComboBox(box)
        for proto in Proto:
            self.proto.addItem(proto.value.upper(), proto)
        self.proto.setAccessibleName(self.tr("Protocol"))
        self.port = QSpinBox(box)
        self.port.setRange(0, 65535)
        self.port.setValue(443)
        self.port.setAccessibleName(self.tr("Port"))
        self.ask = QPushButton(self.tr("As&k"), box)
        self.ask.clicked.connect(self._ask)
        self.destination.returnPressed.connect(self._ask)
        self.verdict = plain_label("", box)
        row = QHBoxLayout()
        row.addWidget(self.destination, 1)
        for widget in (self.proto, self.port, self.ask):
            row.addWidget(widget)
        layout = QVBoxLayout(box)
        layout.addLayout(row)
        layout.addWidget(self.verdict)
        return box

    # -- what a person does -------------------------------------------------------------------------------------------

    def _row(self) -> int:
        index = self.table.currentIndex()
        return index.row() if index.isValid() else -1

    def _add(self) -> None:
        self._tasks.start_hidden(self.tr("New firewall rule"), self._ask_rule(None))

    def _edit(self) -> None:
        if self._row() >= 0:
            self._tasks.start_hidden(self.tr("Edit firewall rule"), self._ask_rule(self._row()))

    async def _ask_rule(self, row: int | None) -> None:
        dialog = RuleDialog(None if row is None else self.model.rules()[row], self)
        if not await opened(dialog):
            return
        if row is None:
            at = self._row() if self._row() >= 0 else self._before_the_end()
            self.model.insert(at, dialog.rule())
            self.table.selectRow(at)
        else:
            self.model.replace(row, dialog.rule())
            self.table.selectRow(row)

    def _before_the_end(self) -> int:
        """Where a new rule helps: before a last rule that decides everything."""
        rules = self.model.rules()
        ends = bool(rules) and rules[-1] in {Rule(Action.DROP), Rule(Action.ACCEPT)}
        return len(rules) - 1 if ends else len(rules)

    def _remove(self) -> None:
        if (row := self._row()) >= 0:
            self.model.take(row)
            self.table.selectRow(min(row, self.model.rowCount() - 1))

    def _move(self, by: int) -> None:
        row = self._row()
        if row >= 0 and 0 <= row + by < self.model.rowCount():
            self.model.move(row, row + by)
            self.table.selectRow(row + by)

    def _allow_all(self) -> None:
        self.model.insert(0, Rule(Action.ACCEPT, expire=int(time.time()) + _FIVE_MINUTES))

    def _copy(self) -> None:
        if clipboard := QApplication.clipboard():
            clipboard.setText(export_text(self.model.rules()))

    def _paste(self) -> None:
        clipboard = QApplication.clipboard()
        try:
            self.model.put_all(import_text(clipboard.text() if clipboard else ""))
            self.problem.hide()
        except Mgmt1Error as error:
            self._say(str(error))

    def _ask(self) -> None:
        destination = self.destination.text().strip()
        if not destination:
            self.verdict.setText(self.tr("Say a destination."))
            return
        packet = Packet(destination, self.proto.currentData(), self.port.value())
        held = verdict(self.model.rules(), packet, time.time())
        passes = self.tr("It would pass") if held.action is Action.ACCEPT else self.tr("It would be dropped")
        if held.index is None:
            why = self.tr("by the end of the list.")
        else:
            why = self.tr("by rule {0}.").format(held.index + 1)
        doubt = ""
        if held.unsure:
            rules = ", ".join(str(index + 1) for index in held.unsure)
            doubt = " " + self.tr("Rules {0} might decide otherwise: their addresses are not known here.").format(rules)
        self.verdict.setText(f"{passes} {why}{doubt}")
        self.model.mark(held.index)

    def _refresh(self) -> None:
        state = self._draft.shown("firewall_state")
        texts = [state] if state not in {"", "enforced"} else []
        if not self._draft.shown("netvm"):
            texts.append(self.tr("The qube has no net qube: these rules have nothing to filter."))
        if self._draft.is_edited((RULES, "")):
            texts.append(self.tr("Connections that are open already stay open."))
        self.warning.setText(" ".join(texts))

    def _say(self, text: str) -> None:
        self.problem.setText(text)
        self.problem.show()
