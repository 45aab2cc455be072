# SPDX-License-Identifier: GPL-3.0-or-later
"""One qube of a backup: what it was, what it is to be called here, and what it is to hang on."""

from dataclasses import replace

from PyQt5.QtCore import QSignalBlocker, pyqtSignal
from PyQt5.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLineEdit, QVBoxLayout, QWidget

from qubesmanager.models.natural_sort import in_order
from qubesmanager.models.restore_draft import RestoreRow
from qubesmanager.models.restore_table import RestoreTable
from qubesmanager.models.texts import size_text
from qubesmanager.rules.properties import BASED
from qubesmanager.ui.widgets.fonts import scaled
from qubesmanager.ui.widgets.labels import plain_label, problem_label, show_problem
from qubesmanager.wire.restores import DEFAULT_NETVM
from qubesmanager.wire.values import VmClass

AS_KEPT = "\x00kept"
"""The value of a line "as in the backup"; no qube can have this name."""


class QubeDetails(QWidget):
    """Shows and edits the row that is put. Signal `chosen(str, Choice)`: the user chose something else."""

    chosen = pyqtSignal(str, object)

    def __init__(self, table: RestoreTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table = table
        self._row: RestoreRow | None = None
        self.headline = plain_label("", self)
        self.headline.setFont(scaled(self.headline.font(), 1.15, bold=True))
        self.facts = plain_label("", self)
        self.restored = QCheckBox(self.tr("&Restore this qube"), self)
        self.name = QLineEdit(self)
        self.name.setMaxLength(64)
        self.template = QComboBox(self)
        self.netvm = QComboBox(self)
        self.problem = problem_label(self)
        self.fate = plain_label("", self)
        self.form = QFormLayout()
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.form.addRow(self.tr("Na&me here:"), self.name)
        self.form.addRow(self.tr("&Template:"), self.template)
        self.form.addRow(self.tr("Net &qube:"), self.netvm)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 0, 0, 0)
        for widget in (self.headline, self.facts, self.restored):
            layout.addWidget(widget)
        layout.addLayout(self.form)
        layout.addWidget(self.problem)
        layout.addWidget(self.fate)
        layout.addStretch(1)
        self.restored.clicked.connect(self._edited)
        self.name.textEdited.connect(self._edited)
        self.template.activated.connect(self._edited)
        self.netvm.activated.connect(self._edited)
        self.put(None)

    def put(self, row: RestoreRow | None) -> None:
        """Show this one; nothing where none is selected."""
        same = self._row is not None and row is not None and row.stored == self._row.stored
        self._row = row
        for widget in (self.restored, self.name, self.template, self.netvm):
            widget.setEnabled(row is not None and row.possible)
        if row is None:
            self.headline.setText(self.tr("Select a qube to see what it was and what will become of it."))
            for label in (self.facts, self.fate, self.problem):
                label.setText("")
            return
        self.headline.setText(row.stored.name)
        self.facts.setText(self._facts(row))
        self.restored.setChecked(row.choice.restored)
        if not same or self.name.text() != row.choice.name:
            self.name.setText(row.choice.name)
        for widget in (self.name, self.template, self.netvm):
            widget.setEnabled(row.choice.restored)
        based = row.stored.klass in BASED
        self.template.setEnabled(row.choice.restored and based)
        self._fill(self.template, self._templates(row) if based else [], row.choice.template)
        self._fill(self.netvm, self._netvms(row), row.choice.netvm)
        show_problem(self.problem, row.problem)
        self.fate.setText("" if row.problem else row.fate)

    def _facts(self, row: RestoreRow) -> str:
        qube = row.stored
        lines = [
            self.tr("{0}, label {1}, {2}").format(qube.klass, qube.label, size_text(qube.size) or "0"),
            self.tr("Template: {0}").format(qube.template) if qube.klass in BASED else "",
            self.tr("Net qube: {0}").format(self._netvm_text(qube.netvm)) if row.possible else "",
            self.tr("There is a qube of this name here.") if qube.name in self._table.here.qubes else "",
        ]
        return "\n".join(filter(None, lines))

    def _netvm_text(self, netvm: str) -> str:
        if netvm == DEFAULT_NETVM:
            return self.tr("the default")
        return netvm or self.tr("none")

    def _templates(self, row: RestoreRow) -> list[tuple[str, str]]:
        here = self._table.here.templates(row.stored.klass)
        restored = [
            other.choice.name
            for other in self._table.chosen
            if other.stored.klass == VmClass.TEMPLATE and row.stored.klass == VmClass.APP
        ]
        kept = self.tr("As in the backup ({0})").format(row.stored.template or self.tr("none"))
        return [(AS_KEPT, kept), *((name, name) for name in in_order({*here, *restored}))]

    def _netvms(self, row: RestoreRow) -> list[tuple[str, str]]:
        kept = self.tr("As in the backup ({0})").format(self._netvm_text(row.stored.netvm))
        names = [(name, name) for name in self._table.here.netvms()]
        return [(AS_KEPT, kept), *names, ("", self.tr("None: no network"))]

    def _fill(self, box: QComboBox, lines: list[tuple[str, str]], chosen: str | None) -> None:
        with QSignalBlocker(box):
            if [(box.itemData(at), box.itemText(at)) for at in range(box.count())] != lines:
                box.clear()
                for value, text in lines:
                    box.addItem(text, value)
            box.setCurrentIndex(max(0, box.findData(AS_KEPT if chosen is None else chosen)))

    def _edited(self, *_: object) -> None:
        if self._row is None:
            return
        qube = self._row.stored
        choice = replace(
            self._row.choice,
            restored=self.restored.isChecked(),
            name=self.name.text(),
            template=_value(self.template),
            netvm=_value(self.netvm),
        )
        self.chosen.emit(qube.name, choice)


def _value(box: QComboBox) -> str | None:
    value = box.currentData()
    return value if isinstance(value, str) and value != AS_KEPT else None
