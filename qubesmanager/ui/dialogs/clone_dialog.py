# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialog that asks for the name, label and pool of a clone."""

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QCheckBox, QDialog, QFormLayout, QLineEdit, QVBoxLayout, QWidget

from qubesmanager.models.texts import size_text, whole_size_text
from qubesmanager.plans.new_qube import NewQube, cloned, free_name
from qubesmanager.ui.dialogs.offers import Offers, choice, chosen, confirm_buttons, pool_lines
from qubesmanager.ui.icons import label_icon
from qubesmanager.ui.reasons import why_not_name
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.labels import plain_label, problem_label, show_problem
from qubesmanager.ui.widgets.screens import resize_in_units
from qubesmanager.wire.records import VmRecord


class CloneDialog(QDialog):
    """Asks for the name, label and pool of a clone; `plan()` returns what the user asked for."""

    def __init__(self, parent: QWidget | None, session: Session, offers: Offers, source: VmRecord) -> None:
        super().__init__(parent)
        self._session = session
        self._source = source
        self._offers = offers
        self.setWindowTitle(self.tr("Clone {0}").format(source.name))
        layout = QVBoxLayout(self)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        layout.addLayout(form)
        size = whole_size_text(source.disk_usage)
        form.addRow(
            plain_label(self.tr("A copy of {0} with its data ({1}), settings and firewall.").format(source.name, size))
        )
        self.name = QLineEdit(free_name(source.name, session.records), self)
        self.name.selectAll()
        form.addRow(self.tr("&Name:"), self.name)
        self.name_problem = problem_label(self)
        form.addRow("", self.name_problem)
        colors = {name: label_icon(color) for name, color in offers.labels.items()}
        self.label = choice(self, ((name, name) for name in offers.labels), source.value("label"), colors)
        form.addRow(self.tr("&Label:"), self.label)
        same = ("", self.tr("As {0}").format(source.name))
        self.pool = choice(self, [same, *pool_lines(offers.pools)], "", {})
        form.addRow(self.tr("&Pool:"), self.pool)
        self.pool_problem = problem_label(self)
        form.addRow("", self.pool_problem)
        self.start = QCheckBox(self.tr("&Start it when it is ready"), self)
        layout.addWidget(self.start)
        layout.addStretch(1)
        buttons, self.yes = confirm_buttons(self, self.tr("Clone"))
        layout.addWidget(buttons)
        self.name.textChanged.connect(self._check)
        self.pool.currentIndexChanged.connect(self._check)
        self.name.setFocus(Qt.FocusReason.OtherFocusReason)
        self._check()
        resize_in_units(self, 110)

    def new_qube(self) -> NewQube:
        """The clone that the fields ask for now, and the steps that make it."""
        label = chosen(self.label)
        return cloned(
            source=self._source.name,
            name=self.name.text(),
            pool=chosen(self.pool),
            properties={} if label == self._source.value("label") else {"label": label},
            start=self.start.isChecked(),
        )

    def _check(self) -> None:
        name_wrong = why_not_name(self.name.text(), self._session.records)
        show_problem(self.name_problem, name_wrong)
        free = self._offers.pools.get(chosen(self.pool), 0)
        pool_wrong = None
        if free and self._source.disk_usage > free:
            pool_wrong = self.tr("The pool has only {0} free.").format(size_text(free))
        show_problem(self.pool_problem, pool_wrong)
        for label in (self.name_problem, self.pool_problem):
            label.setVisible(bool(label.text()))
        self.yes.setEnabled(name_wrong is None and pool_wrong is None)
