# SPDX-License-Identifier: GPL-3.0-or-later
"""The firewall: any list of rules, shown and edited; and whether a packet would pass."""

import time
from collections.abc import Coroutine, Mapping
from typing import Any

from PyQt5.QtCore import Qt, QTimer
from PyQt5.QtGui import QKeySequence
from PyQt5.QtWidgets import (
    QApplication,
    QComboBox,
    QFileDialog,
    QGroupBox,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPushButton,
    QShortcut,
    QSpinBox,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.host import small_files
from qubesmanager.models.draft import Draft
from qubesmanager.models.firewall_table import FirewallTable, duration_text
from qubesmanager.models.reason_texts import reason_text
from qubesmanager.models.texts import number_text
from qubesmanager.plans.plan import RULES, Key
from qubesmanager.plans.settings import RULES_KEY
from qubesmanager.rules.edits import why_not_enforced
from qubesmanager.rules.firewall import Packet, export_text, import_text, remaining, simple_view, verdict
from qubesmanager.ui.reasons import error_text
from qubesmanager.ui.session.tasks import TaskSet
from qubesmanager.ui.settings.firewall_simple import SimpleFirewall
from qubesmanager.ui.settings.rule_dialog import RuleDialog
from qubesmanager.ui.widgets.labels import plain_label, problem_label, show_problem
from qubesmanager.ui.widgets.prompts import opened
from qubesmanager.ui.widgets.tables import row_table, selected_row
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.firewall import Action, OtherRule, Proto, Rule
from qubesmanager.wire.records import VmRecord

_MINUTE = 60
_COUNTDOWN = 1000
_MOST = 1 << 20


class FirewallPage(QWidget):
    """The rules in the order they are tried; the end of the list drops everything."""

    def __init__(
        self, draft: Draft, tasks: TaskSet, records: Mapping[str, VmRecord], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._draft, self._tasks, self._records = draft, tasks, records
        self.model = FirewallTable(draft, self)
        self.warning = problem_label(self)
        self.table = row_table(self.model, self.tr("Firewall rules"), 1, self)
        self.table.doubleClicked.connect(lambda _index: self._edit())
        for column, width in ((0, 80), (2, 110), (3, 120), (4, 220)):
            self.table.setColumnWidth(column, width)
        if (vertical := self.table.verticalHeader()) is not None:
            vertical.show()
        self.simple = SimpleFirewall(self.model, tasks, self)
        self.full = QWidget(self)
        inner = QVBoxLayout(self.full)
        inner.addWidget(self.table, 1)
        inner.addLayout(self._buttons())
        self.views = QTabWidget(self)
        self.views.addTab(self.simple, self.tr("Simple"))
        self.views.addTab(self.full, self.tr("Full list"))
        self.problem = problem_label(self)
        self.problem.hide()
        layout = QVBoxLayout(self)
        layout.addWidget(self.warning)
        layout.addWidget(self.views, 1)
        layout.addLayout(self._for_both())
        layout.addWidget(self._question())
        layout.addWidget(self.problem)
        self._has_looked = False
        self._countdown = QTimer(self)
        self._countdown.setInterval(_COUNTDOWN)
        self._countdown.timeout.connect(self._tick)
        self._countdown.start()
        draft.changed.connect(self._refresh)
        if selection := self.table.selectionModel():
            selection.selectionChanged.connect(lambda *_: self._enable())
        self._refresh()

    def refuse(self, key: Key, why: str) -> bool:
        """Say why a rule was refused; whether it was about rules."""
        if key[0] != RULES:
            return False
        self._show_problem(why)
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
        ):
            button = QPushButton(text, self)
            button.clicked.connect(act)
            self.buttons[name] = button
            row.addWidget(button)
        row.addStretch(1)
        return row

    def _for_both(self) -> QHBoxLayout:
        """The buttons of both views: full access for a while, undo, and the list as text."""
        self.minutes = QSpinBox(self)
        self.minutes.setRange(1, 1440)
        self.minutes.setValue(5)
        self.minutes.setSuffix(self.tr(" min"))
        self.minutes.setAccessibleName(self.tr("Minutes of full access"))
        self.remaining = plain_label("", self)
        row = QHBoxLayout()
        for name, text, act in (
            ("all", self.tr("All&ow all for"), self._allow_all),
            ("undo", self.tr("Undo"), self.model.undo),
            ("redo", self.tr("Redo"), self.model.redo),
        ):
            self.buttons[name] = QPushButton(text, self)
            self.buttons[name].clicked.connect(act)
            row.addWidget(self.buttons[name])
            if name == "all":
                row.addWidget(self.minutes)
                row.addWidget(self.remaining, 1)
        for name, key in (
            ("undo", QKeySequence.StandardKey.Undo),
            ("redo", QKeySequence.StandardKey.Redo),
        ):
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(self.buttons[name].click)
            self.buttons[name].setToolTip(QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText))
        self.as_text = QPushButton(self.tr("As te&xt"), self)
        menu = QMenu(self.as_text)
        for text, deed in (
            (self.tr("&Copy the list"), self._copy),
            (self.tr("&Paste a list"), self._paste),
            (self.tr("&Export to a file…"), self._export),
            (self.tr("&Import from a file…"), self._import),
        ):
            if action := menu.addAction(text):
                action.triggered.connect(deed)
        self.as_text.setMenu(menu)
        row.addWidget(self.as_text)
        return row

    def _question(self) -> QWidget:
        box = QGroupBox(self.tr("Would it be allowed?"), self)
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

    # -- the user's input ---------------------------------------------------------------------------------------------

    def _row(self) -> int:
        return selected_row(self.table)

    def _add(self) -> None:
        self._tasks.start_hidden(self.tr("New firewall rule"), self._ask_rule(None), owner=self)

    def _edit(self) -> None:
        row = self._row()
        if row >= 0 and not isinstance(self.model.rules()[row], OtherRule):
            self._tasks.start_hidden(self.tr("Edit firewall rule"), self._ask_rule(row), owner=self)

    async def _ask_rule(self, row: int | None) -> None:
        dialog = RuleDialog(None if row is None else self.model.rules()[row], self)
        if not await opened(dialog):
            return
        rules = self.model.typed(dialog.rules(), dialog.seconds())
        at = row if row is not None else self._row() if self._row() >= 0 else self._before_the_end()
        self.model.insert(at, rules, instead_of=0 if row is None else 1)
        self.table.selectRow(at)

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
        """Insert it on top; an equal rule further down is removed."""
        rules = self.model.rules()
        if rules and rules[0].expire is not None and rules[0] == Rule(Action.ACCEPT, expire=rules[0].expire):
            del rules[0]
        self.model.put_all([*self.model.typed([Rule(Action.ACCEPT)], self.minutes.value() * _MINUTE), *rules])

    def _copy(self) -> None:
        if clipboard := QApplication.clipboard():
            clipboard.setText(export_text(self.model.rules()))

    def _paste(self) -> None:
        clipboard = QApplication.clipboard()
        self.take_text(clipboard.text() if clipboard else "")

    def take_text(self, untrusted: str) -> None:
        """Replace the rules by those of a text; a problem in the text is shown."""
        try:
            self.model.put_all(import_text(untrusted))
            self.problem.hide()
        except Mgmt1Error as error:
            self._show_problem(error_text(error))

    def _export(self) -> None:
        dialog = self._file_dialog(self.tr("Export the rules"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("rules")
        dialog.fileSelected.connect(lambda path: self._do(self.tr("Export the rules"), self.write_file(path)))
        dialog.open()

    def _import(self) -> None:
        dialog = self._file_dialog(self.tr("Import rules"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda path: self._do(self.tr("Import rules"), self.read_file(path)))
        dialog.open()

    def _file_dialog(self, title: str) -> QFileDialog:
        dialog = QFileDialog(self, title)
        dialog.setNameFilters([self.tr("Firewall rules (*.rules)"), self.tr("All files (*)")])
        dialog.finished.connect(dialog.deleteLater)
        return dialog

    def _do(self, title: str, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.start_hidden(title, work, owner=self)

    async def write_file(self, path: str) -> None:
        """The list as text into a file."""
        try:
            await small_files.write_text(path, export_text(self.model.rules()))
            self.problem.hide()
        except OSError as error:
            self._show_problem(str(error))

    async def read_file(self, path: str) -> None:
        """A list from a file, of at most `_MOST` bytes."""
        try:
            self.take_text((await small_files.read_bytes(path, _MOST)).decode("utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            self._show_problem(str(error))

    def _ask(self) -> None:
        destination = self.destination.text().strip()
        if not destination:
            self.verdict.setText(self.tr("Enter a destination."))
            return
        packet = Packet(destination, self.proto.currentData(), self.port.value())
        answer = verdict(self.model.rules(), packet, time.time())
        passes = self.tr("It would be allowed") if answer.action is Action.ACCEPT else self.tr("It would be dropped")
        if answer.index is None:
            why = self.tr("by the end of the list.")
        else:
            why = self.tr("by rule {0}.").format(number_text(answer.index + 1))
        doubt = ""
        if answer.unsure:
            rules = ", ".join(str(index + 1) for index in answer.unsure)
            doubt = " " + self.tr("Rules {0} might decide otherwise: their addresses are not known here.").format(rules)
        self.verdict.setText(f"{passes} {why}{doubt}")
        self.model.mark(answer.index)

    def _show_what_fits(self) -> None:
        """The simple view where the rules have its shape, else the full list; once, when there are rules."""
        if self._has_looked or not self._draft.rules:
            return
        self._has_looked = True
        fits = simple_view(self.model.rules()) is not None
        self.views.setCurrentWidget(self.simple if fits else self.full)

    def _tick(self) -> None:
        """A second has gone by."""
        self.model.mark(self.model.deciding)
        rules = self.model.rules()
        left = remaining(rules[0], time.time()) if rules and rules[0].action is Action.ACCEPT else None
        text = ""
        if rules and (seconds := self.model.waits(rules[0])) is not None:
            text = self.tr("{0}, from when it is applied").format(duration_text(seconds))
        elif left is not None:
            minutes, seconds = divmod(int(left), _MINUTE)
            text = (
                self.tr("more: {0} min {1} s").format(number_text(minutes), number_text(seconds))
                if left
                else self.tr("is over")
            )
        self.remaining.setText(text)

    def _refresh(self) -> None:
        self._tick()
        self.buttons["undo"].setEnabled(self.model.can_undo)
        self.buttons["redo"].setEnabled(self.model.can_redo)
        why = why_not_enforced(self._draft.record, self._draft.shown("netvm"), self._records)
        texts = [reason_text(why)] if why else []
        if RULES_KEY in self._draft.conflicts:
            texts.append(self.tr("The rules were changed elsewhere meanwhile."))
        elif self._draft.is_edited(RULES_KEY) and self._draft.record.running:
            texts.append(self.tr("Connections that are open already stay open."))
        show_problem(self.warning, " ".join(texts))
        self.warning.setVisible(bool(texts))
        self._show_what_fits()
        self._enable()

    def _enable(self) -> None:
        row, last = selected_row(self.table), self.model.rowCount() - 1
        self.buttons["edit"].setEnabled(row >= 0 and not isinstance(self.model.rules()[row], OtherRule))
        self.buttons["remove"].setEnabled(row >= 0)
        self.buttons["up"].setEnabled(row > 0)
        self.buttons["down"].setEnabled(0 <= row < last)

    def _show_problem(self, text: str) -> None:
        self.problem.setText(text)
        self.problem.show()
