# SPDX-License-Identifier: GPL-3.0-or-later
"""The services of a qube as ticks: what it is told to run, by itself or by its template."""

from collections.abc import Mapping

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.client.plan import Key
from qubesmanager.models.draft import FEATURE, Draft
from qubesmanager.rules.inheritance import Inherited, inherited_features
from qubesmanager.ui.prompts import plain_label
from qubesmanager.ui.settings.services import KNOWN, PREFIX
from qubesmanager.wire.names import FEATURE_NAME
from qubesmanager.wire.records import VmRecord

ON, OFF = "1", ""


class ServicesPage(QWidget):
    """The known services and whatever else is set; a tick is the qube's own, a reset leaves it to the template."""

    def __init__(self, draft: Draft, records: Mapping[str, VmRecord], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._draft, self._records = draft, records
        self._more: set[str] = set()
        self.tree = QTreeWidget(self)
        self.tree.setRootIsDecorated(False)
        self.tree.setHeaderLabels([self.tr("Service"), self.tr("What for"), self.tr("Set by")])
        self.tree.setAccessibleName(self.tr("Services"))
        self.tree.setColumnWidth(0, 190)
        self.tree.setColumnWidth(1, 340)
        self.tree.itemChanged.connect(self._ticked)
        self.tree.currentItemChanged.connect(lambda *_: self._selected())
        self.name = QLineEdit(self)
        self.name.setPlaceholderText(self.tr("Another service"))
        self.name.setAccessibleName(self.tr("Another service"))
        self.name.returnPressed.connect(self._add)
        self.add = QPushButton(self.tr("&Add"), self)
        self.add.clicked.connect(self._add)
        self.reset = QPushButton(self.tr("Back to the &default"), self)
        self.reset.clicked.connect(self._reset)
        self.problem = plain_label("", self)
        self.problem.hide()
        row = QHBoxLayout()
        row.addWidget(self.name, 1)
        row.addWidget(self.add)
        row.addWidget(self.reset)
        layout = QVBoxLayout(self)
        layout.addWidget(self.tree, 1)
        layout.addLayout(row)
        layout.addWidget(self.problem)
        draft.changed.connect(self.refresh)
        self.refresh()

    def refuse(self, key: Key, reason: str) -> bool:
        if key[0] != FEATURE or not key[1].startswith(PREFIX):
            return False
        self._say(f"{key[1]}: {reason}")
        return True

    def refresh(self) -> None:
        """Show what the draft says."""
        inherited = inherited_features(self._draft.shown("template"), self._records)
        set_here = {name.removeprefix(PREFIX) for name in self._draft.record.features if name.startswith(PREFIX)}
        above = {name.removeprefix(PREFIX) for name in inherited if name.startswith(PREFIX)}
        self._more |= set_here
        names = [*KNOWN, *sorted((self._more | above) - set(KNOWN))]
        before = self.tree.blockSignals(True)
        if [self._name_at(row) for row in range(self.tree.topLevelItemCount())] != names:
            self.tree.clear()
            self.tree.addTopLevelItems([QTreeWidgetItem([name, "", ""]) for name in names])
        for row, name in enumerate(names):
            item = self.tree.topLevelItem(row)
            if item is not None:
                self._show(item, name, inherited.get(PREFIX + name))
        self.tree.blockSignals(before)
        self._selected()

    def _show(self, item: QTreeWidgetItem, name: str, above: Inherited | None) -> None:
        own = self._draft.value((FEATURE, PREFIX + name))
        held = (above.value if above else "") if own is None else own
        item.setFlags(
            Qt.ItemFlags() | Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable
        )
        item.setCheckState(0, Qt.CheckState.Checked if held else Qt.CheckState.Unchecked)
        told = KNOWN[name].told() if name in KNOWN else ""
        item.setText(1, told)
        item.setToolTip(1, told)
        if self._draft.is_edited((FEATURE, PREFIX + name)):
            source = self.tr("edited")
        elif own is not None:
            source = self.tr("this qube")
        else:
            source = self.tr("not set") if above is None else self.tr("template {0}").format(above.template)
        item.setText(2, source)

    def _name_at(self, row: int) -> str:
        item = self.tree.topLevelItem(row)
        return item.text(0) if item is not None else ""

    def _current(self) -> str:
        item = self.tree.currentItem()
        return item.text(0) if item is not None else ""

    def _selected(self) -> None:
        name = self._current()
        self.reset.setEnabled(bool(name) and self._draft.value((FEATURE, PREFIX + name)) is not None)

    def _ticked(self, item: QTreeWidgetItem, column: int) -> None:
        if column == 0:
            ticked = item.checkState(0) == Qt.CheckState.Checked
            self._draft.edit((FEATURE, PREFIX + item.text(0)), ON if ticked else OFF)

    def _add(self) -> None:
        name = self.name.text().strip()
        if not name or not FEATURE_NAME.matches(PREFIX + name):
            self._say(self.tr("A service's name holds letters, digits and . _ -"))
            return
        self.problem.hide()
        self.name.clear()
        self._more.add(name)
        self._draft.edit((FEATURE, PREFIX + name), ON)

    def _reset(self) -> None:
        if name := self._current():
            self._draft.edit((FEATURE, PREFIX + name), None)

    def _say(self, text: str) -> None:
        self.problem.setText(text)
        self.problem.show()
