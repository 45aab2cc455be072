# SPDX-License-Identifier: GPL-3.0-or-later
"""The third page of the restore wizard: where the volumes go, whether they fit, and all that will happen."""

from PyQt5.QtCore import QT_TRANSLATE_NOOP, Qt
from PyQt5.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.models.restore_draft import RestoreRow
from qubesmanager.models.restore_table import RestoreTable
from qubesmanager.models.row_table import RowTable, TableColumn
from qubesmanager.models.texts import size_text, whole_size_text
from qubesmanager.ui.dialogs.offers import Offers, chosen, pool_lines
from qubesmanager.ui.widgets.labels import plain_label
from qubesmanager.ui.widgets.tables import row_table, set_widths
from qubesmanager.ui.widgets.wizard import StepPage, below
from qubesmanager.wire.restores import DIFFERS

CONTEXT = "RestoreSummary"
_WORD = Qt.ItemDataRole.UserRole
_WIDTHS = (26, 26, 18, 24, 24, 18)
"""Widths of columns, in units of the font."""


class SummaryPage(StepPage):
    """The chosen qubes again, and the pool of those for which none was chosen on the page before."""

    def __init__(self, model: RestoreTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = self.tr("What will happen")
        self._model = model
        self._offers = Offers()
        self.pool = QComboBox(self)
        self.pool.currentIndexChanged.connect(lambda _index: self.refresh())
        self.room = plain_label("", self)
        columns = self._columns()
        self.table_model: RowTable[RestoreRow] = RowTable(CONTEXT, columns, lambda row: row.stored.name, self)
        self.table = row_table(self.table_model, self.tr("What will happen"), len(columns) - 1, self)
        set_widths(self.table, dict(enumerate(_WIDTHS)))
        self.left_out = plain_label("", self)
        self.devices = QCheckBox(self.tr("&Assign the devices of these qubes again"), self)
        self.devices.setToolTip(
            self.tr(
                "A device is identified by its backend and its port, so on another machine it may be a different"
                " device. Assignments that would give a qube more than before are not restored; the report names them."
            )
        )
        self.dom0_title = plain_label(
            self.tr("dom0's own configuration in this backup. Only the items that you tick are restored."), self
        )
        self.dom0 = QListWidget(self)
        self.dom0.setAccessibleName(self.tr("dom0's own configuration"))
        self.dom0.itemChanged.connect(lambda _item: self.changed.emit())
        self.home = QCheckBox(self)
        self.home.setToolTip(
            self.tr(
                "It is unpacked into a new folder home-restore-… in the home of dom0's user. Nothing is overwritten."
            )
        )
        self.home.toggled.connect(lambda _on: self.changed.emit())
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        label = QLabel(self.tr("&Pool:"), self)
        label.setBuddy(self.pool)
        form.addRow(label, below(self.pool, self.room, self.note_for(self.pool)))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(form)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.left_out)
        layout.addWidget(self.devices)
        layout.addWidget(self.home)
        layout.addWidget(self.dom0_title)
        layout.addWidget(self.dom0, 1)
        layout.addWidget(
            plain_label(self.tr("All qubes appear at the end, at the same time. Nothing that exists is changed."))
        )
        model.changed.connect(self.refresh)

    def _columns(self) -> tuple[TableColumn[RestoreRow], ...]:
        size = lambda row: whole_size_text(row.stored.size)  # noqa: E731 - of a column
        return (
            TableColumn(QT_TRANSLATE_NOOP("RestoreSummary", "Qube"), lambda row: row.stored.name),
            TableColumn(QT_TRANSLATE_NOOP("RestoreSummary", "Name here"), lambda row: row.choice.name),
            TableColumn(QT_TRANSLATE_NOOP("RestoreSummary", "Size"), size, right=True),
            TableColumn(QT_TRANSLATE_NOOP("RestoreSummary", "Template"), lambda row: row.template),
            TableColumn(QT_TRANSLATE_NOOP("RestoreSummary", "Net qube"), lambda row: row.netvm),
            TableColumn(QT_TRANSLATE_NOOP("RestoreSummary", "Pool"), lambda row: row.choice.pool or chosen(self.pool)),
            TableColumn(QT_TRANSLATE_NOOP("RestoreSummary", "What will happen"), lambda row: row.fate),
        )

    @property
    def wanted_pool(self) -> str:
        """Empty for the usual one."""
        pool = chosen(self.pool)
        return "" if pool == self._offers.system.get("default_pool") else pool

    def problem(self) -> str:
        """A pool that does not say what is free is left to the daemon, which looks again before it begins."""
        if not self._model.is_ready:
            return self.tr("The choice of qubes has a problem: go back.")
        if not self._model.chosen and not self.words() and not self.home.isChecked():
            return self.tr("Nothing is chosen.")
        for pool, needed in self._model.needed_by_pool(chosen(self.pool)).items():
            free = self._offers.pools.get(pool, 0)
            if free and needed > free:
                return self.tr("The pool {0} has only {1} free.").format(pool, size_text(free))
        return ""

    def field_at_fault(self) -> QWidget | None:
        return self.pool if self._model.is_ready and self._model.chosen else None

    def words(self) -> tuple[str, ...]:
        """The parts of dom0's configuration that are ticked, as a plan names them."""
        rows = (self.dom0.item(at) for at in range(self.dom0.count()))
        return tuple(row.data(_WORD) for row in rows if row and row.checkState() == Qt.CheckState.Checked)

    def _put_dom0(self) -> None:
        """Nothing is ticked at first."""
        self.dom0.clear()
        for item in self._model.dom0:
            said = self.tr("{0}: does not exist here; it is added.")
            if item.fate == DIFFERS:
                said = self.tr("{0}: is different here; it is replaced.")
            row = QListWidgetItem(said.format(item.word), self.dom0)
            row.setData(_WORD, item.word)
            row.setFlags(row.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            row.setCheckState(Qt.CheckState.Unchecked)
        for widget in (self.dom0_title, self.dom0):
            widget.setVisible(bool(self._model.dom0))

    def _put_home(self) -> None:
        """Show dom0's home, if the backup has it; it is not ticked at first."""
        home = self._model.home
        self.home.setVisible(home is not None)
        self.home.setChecked(False)
        if home is None:
            return
        size = whole_size_text(home.size)
        if home.files is None:
            self.home.setText(self.tr("Unpack the &home of dom0 (at most {0})").format(size))
        else:
            self.home.setText(
                self.tr("Unpack the &home of dom0 (%n file(s), at most {0})", "", home.files).format(size)
            )

    def put(self, offers: Offers) -> None:
        """The pools there are, with what is free in each."""
        self._put_dom0()
        self._put_home()
        before = chosen(self.pool) or offers.system.get("default_pool", "")
        self._offers = offers
        self.pool.clear()
        for pool, text in pool_lines(offers.pools):
            self.pool.addItem(text, pool)
        self.pool.setCurrentIndex(max(0, self.pool.findData(before)))
        self.refresh()

    def refresh(self) -> None:
        """Show everything again."""
        needed = whole_size_text(self._model.needed)
        self.room.setText(self.tr("The chosen qubes take {0} at most.").format(needed))
        self.table_model.put(self._model.chosen)
        left = [row.stored.name for row in self._model.rows if not row.choice.restored]
        self.left_out.setText(self.tr("Left out: {0}.").format(", ".join(left)) if left else "")
        self.left_out.setVisible(bool(left))
        self.changed.emit()
