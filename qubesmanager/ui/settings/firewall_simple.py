# SPDX-License-Identifier: GPL-3.0-or-later
"""The firewall as three choices: everything, nothing, or a list; for rule lists that have that shape."""

from collections.abc import Callable
from dataclasses import replace
from enum import Enum, auto

from PyQt5.QtCore import QT_TRANSLATE_NOOP
from PyQt5.QtWidgets import QButtonGroup, QCheckBox, QHBoxLayout, QPushButton, QRadioButton, QVBoxLayout, QWidget

from qubesmanager.models.firewall_table import CONTEXT, FirewallTable, destination_text, service_text
from qubesmanager.models.row_table import RowTable, TableColumn
from qubesmanager.rules.firewall import SimpleView, from_simple, is_entry, simple_view
from qubesmanager.ui.session.tasks import TaskSet
from qubesmanager.ui.settings.rule_dialog import RuleDialog
from qubesmanager.ui.widgets.labels import plain_label
from qubesmanager.ui.widgets.prompts import opened
from qubesmanager.ui.widgets.tables import row_table, selected_row
from qubesmanager.wire.firewall import Rule

Entry = tuple[int, Rule]

_COLUMNS: tuple[TableColumn[Entry], ...] = (
    TableColumn(QT_TRANSLATE_NOOP("FirewallTable", "Destination"), lambda row: destination_text(row[1])),
    TableColumn(QT_TRANSLATE_NOOP("FirewallTable", "Service"), lambda row: service_text(row[1])),
    TableColumn(QT_TRANSLATE_NOOP("FirewallTable", "Comment"), lambda row: row[1].comment or ""),
)


class Mode(Enum):
    ALL = auto()
    NOTHING = auto()
    LIST = auto()


class SimpleFirewall(QWidget):
    """Shows and edits what the table of all rules holds."""

    def __init__(self, model: FirewallTable, tasks: TaskSet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model, self._tasks = model, tasks
        self._limiting = False
        self._kept = SimpleView(False)
        """The last list, for a user who chooses "all" and then the list again."""
        self.unfit = plain_label(
            self.tr("These rules have no simple shape: they are all in the full list, and can be edited there."), self
        )
        self.choices = {
            Mode.ALL: QRadioButton(self.tr("Allow a&ll connections"), self),
            Mode.NOTHING: QRadioButton(self.tr("&Deny all connections"), self),
            Mode.LIST: QRadioButton(self.tr("Allow onl&y these:"), self),
        }
        group = QButtonGroup(self)
        for mode, button in self.choices.items():
            group.addButton(button)
            button.clicked.connect(lambda _checked=False, mode=mode: self._choose(mode))
        self.entries: RowTable[Entry] = RowTable(CONTEXT, _COLUMNS, lambda row: row[0], self)
        self.table = row_table(self.entries, self.tr("Allowed destinations"), 0, self)
        self.table.setColumnWidth(1, 150)
        self.table.setColumnWidth(2, 220)
        self.table.doubleClicked.connect(lambda _index: self._edit())
        self.dns = QCheckBox(self.tr("D&NS"), self)
        self.dns.clicked.connect(lambda ticked: self._put(dns=ticked))
        self.ping = QCheckBox(self.tr("Pin&g (ICMP)"), self)
        self.ping.clicked.connect(lambda ticked: self._put(icmp=ticked))
        self.buttons: dict[str, QPushButton] = {}
        row = QHBoxLayout()
        for name, text, act in (
            ("add", self.tr("&Add…"), self._add),
            ("edit", self.tr("&Edit…"), self._edit),
            ("remove", self.tr("&Remove"), self._remove),
        ):
            self.buttons[name] = QPushButton(text, self)
            self.buttons[name].clicked.connect(act)
            row.addWidget(self.buttons[name])
        row.addStretch(1)
        row.addWidget(self.dns)
        row.addWidget(self.ping)
        layout = QVBoxLayout(self)
        layout.addWidget(self.unfit)
        for button in self.choices.values():
            layout.addWidget(button)
        layout.addWidget(self.table, 1)
        layout.addLayout(row)
        model.modelReset.connect(self.refresh)
        if selection := self.table.selectionModel():
            selection.selectionChanged.connect(lambda *_: self._enable())
        self.entries.modelReset.connect(self._enable)
        self.refresh()

    def refresh(self) -> None:
        """Show the rules as they are."""
        view = simple_view(self._model.rules())
        if view is None or _mode(view) is Mode.ALL:
            self._limiting = False
        self.unfit.setVisible(view is None)
        for button in self.choices.values():
            button.setEnabled(view is not None)
        if view is not None:
            mode = Mode.LIST if self._limiting else _mode(view)
            self.choices[mode].setChecked(True)
            self.entries.put(list(enumerate(view.entries)))
            self.dns.setChecked(view.dns or view.allow_all)
            self.ping.setChecked(view.icmp or view.allow_all)
        self._enable()

    def mode(self) -> Mode:
        """The chosen mode."""
        return next((mode for mode, button in self.choices.items() if button.isChecked()), Mode.LIST)

    def _enable(self) -> None:
        listing = simple_view(self._model.rules()) is not None and self.mode() is Mode.LIST
        chosen = selected_row(self.table) >= 0
        for widget in (self.table, self.buttons["add"], self.dns, self.ping):
            widget.setEnabled(listing)
        for name in ("edit", "remove"):
            self.buttons[name].setEnabled(listing and chosen)

    # -- the user's input ---------------------------------------------------------------------------------------------

    def _choose(self, mode: Mode) -> None:
        view = simple_view(self._model.rules())
        if view is None:
            return
        if _mode(view) is Mode.LIST:
            self._kept = view
        self._limiting = mode is Mode.LIST
        until = view.full_access_until
        views: dict[Mode, Callable[[], SimpleView]] = {
            Mode.ALL: lambda: SimpleView(True, full_access_until=until),
            Mode.NOTHING: lambda: SimpleView(False, full_access_until=until),
            Mode.LIST: lambda: replace(self._kept, full_access_until=until),
        }
        self._model.put_all(from_simple(views[mode]()))
        self.refresh()

    def _put(
        self, *, entries: tuple[Rule, ...] | None = None, dns: bool | None = None, icmp: bool | None = None
    ) -> None:
        view = simple_view(self._model.rules())
        if view is None:
            return
        self._limiting = True
        view = replace(
            view,
            entries=view.entries if entries is None else entries,
            dns=view.dns if dns is None else dns,
            icmp=view.icmp if icmp is None else icmp,
        )
        self._model.put_all(from_simple(view))

    def _rules(self) -> list[Rule]:
        return [rule for _at, rule in self.entries.rows]

    def _add(self) -> None:
        self._tasks.start_hidden(self.tr("New firewall rule"), self._ask_rule(None), owner=self)

    def _edit(self) -> None:
        if (row := selected_row(self.table)) >= 0:
            self._tasks.start_hidden(self.tr("Edit firewall rule"), self._ask_rule(row), owner=self)

    async def _ask_rule(self, row: int | None) -> None:
        rules = self._rules()
        dialog = RuleDialog(None if row is None else rules[row], self, allowed=is_entry)
        if not await opened(dialog):
            return
        rules = self._rules()  # another client may have changed them while the dialog was open
        at = len(rules) if row is None else min(row, len(rules))
        rules[at : at if row is None else at + 1] = self._model.typed(dialog.rules(), dialog.seconds())
        self._put(entries=tuple(rules))
        self.table.selectRow(at)

    def _remove(self) -> None:
        row = selected_row(self.table)
        if row >= 0:
            rules = self._rules()
            del rules[row]
            self._put(entries=tuple(rules))
            self.table.selectRow(min(row, len(rules) - 1))


def _mode(view: SimpleView) -> Mode:
    if view.allow_all:
        return Mode.ALL
    return Mode.LIST if view.entries or view.dns or view.icmp else Mode.NOTHING
