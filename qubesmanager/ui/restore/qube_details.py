# SPDX-License-Identifier: GPL-3.0-or-later
"""One qube of a backup: its name, template, net qube and pool here, its settings, and how an existing one differs."""

from collections.abc import Callable
from dataclasses import replace

from PyQt5.QtCore import QSignalBlocker, pyqtSignal
from PyQt5.QtGui import QIcon
from PyQt5.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.models.natural_sort import in_order
from qubesmanager.models.restore_compare import differences
from qubesmanager.models.restore_draft import RestoreRow
from qubesmanager.models.restore_table import RestoreTable
from qubesmanager.models.texts import class_text, date_text, plain_tip, whole_size_text
from qubesmanager.rules.properties import BASED
from qubesmanager.ui.dialogs.offers import pool_lines
from qubesmanager.ui.restore.fact_grid import Fact, FactGrid
from qubesmanager.ui.widgets.fonts import unit_of
from qubesmanager.ui.widgets.labels import embolden, plain_label, problem_label, show_problem, subdue, title_label
from qubesmanager.ui.widgets.palette_colors import IconLabel
from qubesmanager.ui.widgets.scrolled_stack import scroll_down_only
from qubesmanager.ui.widgets.wizard import below
from qubesmanager.wire.restores import DEFAULT_NETVM, NOTES_SHOWN
from qubesmanager.wire.values import VmClass

AS_KEPT = "\x00kept"
"""The value of a line "as in the backup", or "as for all qubes"; no qube and no pool can have this name."""
_WITHOUT_POOL = frozenset({VmClass.DISP, VmClass.REMOTE})
"""Classes of which a backup has no volumes."""


class QubeDetails(QScrollArea):
    """Shows and edits the row that is put, and scrolls. Signal `chosen(str, Choice)`: the user chose something else."""

    chosen = pyqtSignal(str, object)

    def __init__(self, table: RestoreTable, picture: Callable[[str], QIcon], parent: QWidget | None = None) -> None:
        """`picture` draws a label by its name."""
        super().__init__(parent)
        self._table = table
        self._picture = picture
        self._row: RestoreRow | None = None
        scroll_down_only(self)
        inner = QWidget(self)
        self.cube = IconLabel(inner)
        self.headline = title_label("", inner)
        self.restored = QCheckBox(self.tr("&Restore this qube"), inner)
        self.name = QLineEdit(inner)
        self.name.setMaxLength(64)
        self.template, self.netvm, self.pool = self._boxes = [QComboBox(inner) for _ in range(3)]
        for box in self._boxes:
            # Long names are shortened in the box, and whole in its list.
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(10)
        self.problem, self.template_problem = problem_label(inner), problem_label(inner)
        self.fate = plain_label("", inner)
        self.facts = FactGrid(parent=inner)
        self.compared_title = plain_label("", inner)
        embolden(self.compared_title)
        self.compared = FactGrid((self.tr("In the backup"), self.tr("Here")), inner)
        self.alike = plain_label(self.tr("All other settings are the same."), inner)
        subdue(self.alike)
        self._lay_out(inner)
        self.setWidget(inner)
        self.restored.clicked.connect(self._edited)
        self.name.textEdited.connect(self._edited)
        for box in self._boxes:
            box.activated.connect(self._edited)
        self.put(None)

    def _lay_out(self, inner: QWidget) -> None:
        unit = unit_of(self)
        self.form = QFormLayout()
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for text, field, note in (
            (self.tr("Na&me here:"), self.name, self.problem),
            (self.tr("&Template:"), self.template, self.template_problem),
        ):
            label = QLabel(text, inner)
            label.setBuddy(field)
            self.form.addRow(label, below(field, note))
        self.form.addRow(self.tr("Net &qube:"), self.netvm)
        self.form.addRow(self.tr("&Pool:"), self.pool)
        head = QHBoxLayout()
        head.setSpacing(2 * unit)
        head.addWidget(self.cube)
        head.addWidget(self.headline, 1)
        layout = QVBoxLayout(inner)
        layout.setContentsMargins(3 * unit, 0, unit, 0)
        layout.setSpacing(2 * unit)
        layout.addLayout(head)
        layout.addWidget(self.restored)
        layout.addLayout(self.form)
        layout.addWidget(self.fate)
        layout.addSpacing(2 * unit)
        layout.addWidget(self.facts)
        layout.addSpacing(2 * unit)
        layout.addWidget(self.compared_title)
        layout.addWidget(self.compared)
        layout.addWidget(self.alike)
        layout.addStretch(1)

    def put(self, row: RestoreRow | None) -> None:
        """Show this one; nothing where none is selected."""
        same = self._row is not None and row is not None and row.stored == self._row.stored
        self._row = row
        fields = (self.restored, self.name, *self._boxes)
        for widget in fields:
            widget.setEnabled(row is not None and row.possible)
        self.cube.setVisible(row is not None)
        self.facts.put(self._facts(row) if row is not None else ())
        self._compare(row)
        if row is None:
            self.headline.setText(self.tr("Select a qube to see its settings in the backup."))
            for label in (self.fate, self.problem, self.template_problem):
                label.setText("")
            return
        side = 5 * unit_of(self)
        self.cube.show_icon(self._picture(row.stored.label), side)
        self.headline.setText(row.stored.name)
        self.restored.setChecked(row.choice.restored)
        if not same or self.name.text() != row.choice.name:
            self.name.setText(row.choice.name)
        for widget in fields[1:]:
            widget.setEnabled(row.choice.restored)
        based = row.stored.klass in BASED
        self.template.setEnabled(row.choice.restored and based)
        self.pool.setEnabled(row.choice.restored and row.stored.klass not in _WITHOUT_POOL)
        self._fill(self.template, self._templates(row) if based else [], row.choice.template)
        self._fill(self.netvm, self._netvms(row), row.choice.netvm)
        self._fill(self.pool, self._pools(), row.choice.pool)
        for label, is_of_template in ((self.problem, False), (self.template_problem, True)):
            shown = row.problem if row.is_of_template == is_of_template else ""
            show_problem(label, shown)
            label.setVisible(bool(shown))
        self.fate.setText("" if row.problem else row.fate)

    def _facts(self, row: RestoreRow) -> list[Fact]:
        qube, details = row.stored, row.stored.details
        made = self._table.made
        facts = [
            Fact(self.tr("Backup of"), (date_text(made),)) if made is not None else None,
            Fact(self.tr("Class"), (class_text(qube.klass),)),
            Fact(self.tr("Label"), (qube.label,)),
            Fact(self.tr("Size"), (self.tr("{0} at most").format(whole_size_text(qube.size)),)),
        ]
        if row.possible:
            facts += [
                Fact(self.tr("Template"), (qube.template,)) if qube.klass in BASED else None,
                Fact(self.tr("Net qube"), (self._netvm_text(qube.netvm),)),
                self._firewall(row),
                Fact(self.tr("Tags"), (", ".join(in_order(details.tags)) or self.tr("no tags"),)),
                Fact(self.tr("Devices"), (self.tr("%n assigned", "", details.devices),)) if details.devices else None,
                self._notes(row),
            ]
        return [fact for fact in facts if fact is not None]

    def _firewall(self, row: RestoreRow) -> Fact:
        details = row.stored.details
        if details.rules is None:
            return Fact(self.tr("Firewall"), (self.tr("known after the restore"),), self._unknown())
        text = self.tr("%n rule(s)", "", details.rules)
        if details.rules == 0:
            text = self.tr("no rules: no connection allowed")
        elif details.first_rules[:1] == ("action=accept",):
            text = self.tr("all connections allowed")
        more = ("…",) if details.rules > len(details.first_rules) else ()
        rules = "\n".join((*details.first_rules, *more))
        return Fact(self.tr("Firewall"), (text,), plain_tip(rules) if rules else "")

    def _notes(self, row: RestoreRow) -> Fact:
        details = row.stored.details
        if details.rules is None:
            return Fact(self.tr("Notes"), (self.tr("known after the restore"),), self._unknown())
        more = "…" if len(details.notes) == NOTES_SHOWN else ""
        return Fact(self.tr("Notes"), (details.notes.strip() + more or self.tr("no notes"),))

    def _unknown(self) -> str:
        return plain_tip(
            self.tr("A backup made by another program or an earlier version does not show this before it is restored.")
        )

    def _compare(self, row: RestoreRow | None) -> None:
        """Show how the qube of that name that exists here differs, if there is one."""
        record = self._table.here.qubes.get(row.stored.name) if row is not None and row.possible else None
        for widget in (self.compared_title, self.compared, self.alike):
            widget.setVisible(record is not None)
        if row is None or record is None:
            return
        self.compared_title.setText(self.tr("There is a qube {0} here. What differs:").format(record.name))
        lines = differences(row.stored, self._table.made, record)
        self.compared.put([Fact(line.title, (line.stored, line.here)) for line in lines])

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
        kept = self.tr("{0} (as in the backup)").format(row.stored.template or self.tr("none"))
        return [(AS_KEPT, kept), *((name, name) for name in in_order({*here, *restored}))]

    def _netvms(self, row: RestoreRow) -> list[tuple[str, str]]:
        kept = self.tr("{0} (as in the backup)").format(self._netvm_text(row.stored.netvm))
        names = [(name, name) for name in self._table.here.netvms()]
        return [(AS_KEPT, kept), *names, ("", self.tr("None: no network"))]

    def _pools(self) -> list[tuple[str, str]]:
        return [(AS_KEPT, self.tr("As for all qubes")), *pool_lines(self._table.here.pools)]

    def _fill(self, box: QComboBox, lines: list[tuple[str, str]], chosen: str | None) -> None:
        with QSignalBlocker(box):
            if [(box.itemData(at), box.itemText(at)) for at in range(box.count())] != lines:
                box.clear()
                for value, text in lines:
                    box.addItem(text, value)
            box.setCurrentIndex(max(0, box.findData(AS_KEPT if chosen is None else chosen)))
        box.setToolTip(plain_tip(box.currentText()) if box.count() else "")

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
            pool=_value(self.pool),
        )
        self.chosen.emit(qube.name, choice)


def _value(box: QComboBox) -> str | None:
    value = box.currentData()
    return value if isinstance(value, str) and value != AS_KEPT else None
