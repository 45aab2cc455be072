# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of the basic page: what the qube is and cannot be edited, and the buttons that clone and remove it."""

from PyQt5.QtWidgets import QHBoxLayout, QPushButton, QWidget

from qubesmanager.models.draft import Draft
from qubesmanager.models.reason_texts import reason_text
from qubesmanager.models.texts import class_text
from qubesmanager.rules.actions import WhyNot, why_not_clone, why_not_plan_removal
from qubesmanager.ui.actions.operations import Operations
from qubesmanager.ui.forms.form_page import FormPage
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.labels import plain_label, redden

_ADDRESSES = ("ip", "ip6", "gateway", "dns")


class Identity(QWidget):
    """Puts its rows into the form."""

    def __init__(self, page: FormPage, draft: Draft, session: Session, operations: Operations) -> None:
        super().__init__(page)
        self._draft, self._session = draft, session
        self.klass = plain_label("", self)
        self.address = plain_label("", self)
        self.address.setWordWrap(False)  # one address a line: a form gives a label that wraps one line only
        self.clone = QPushButton(self.tr("Cl&one…"), self)
        self.clone.clicked.connect(lambda: operations.clone([draft.record.name]))
        self.remove = QPushButton(self.tr("&Remove…"), self)
        redden(self.remove)
        self.remove.clicked.connect(lambda: operations.remove([draft.record.name]))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 12, 0, 0)
        row.addWidget(self.clone)
        row.addStretch(1)
        row.addWidget(self.remove)
        page.form.addRow(self.tr("Class"), self.klass)
        page.form.addRow(self.tr("Addresses"), self.address)
        page.form.addRow(self)
        draft.changed.connect(self.refresh)
        session.put.connect(self.refresh)
        session.gone.connect(self.refresh)
        session.system_changed.connect(self.refresh)
        self.refresh()

    def refresh(self, *_values: object) -> None:
        """Show the qube as it is; a button that can do nothing says why."""
        record = self._draft.record
        self.klass.setText(class_text(record.klass))
        addresses = [f"{name} {record.value(name)}" for name in _ADDRESSES if record.value(name)]
        self.address.setText("\n".join(addresses) or self.tr("none: it has no network"))
        rules: tuple[tuple[QPushButton, WhyNot], ...] = (
            (self.clone, why_not_clone),
            (self.remove, why_not_plan_removal),
        )
        for button, why_not in rules:
            why = why_not(self._session.facts, record)
            button.setEnabled(why is None)
            button.setToolTip(reason_text(why) if why else "")
