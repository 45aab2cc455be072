# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialog that asks which qube is made the manager of others."""

from collections.abc import Sequence

from PyQt5.QtWidgets import QDialog, QFormLayout, QVBoxLayout, QWidget

from qubesmanager.models.natural_sort import in_order
from qubesmanager.ui.dialogs.offers import choice, chosen, confirm_buttons
from qubesmanager.ui.icons import label_icon
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.labels import plain_label
from qubesmanager.ui.widgets.screens import resize_in_units
from qubesmanager.wire.names import DOM0, manager_tag
from qubesmanager.wire.values import VmClass

USUAL = "sys-mgmt"
"""The name that a management qube has in the examples."""


class ManagerDialog(QDialog):
    """Asks for the manager of `names`; `manager()` is the answer. Every qube but dom0 and the only one is offered."""

    def __init__(self, parent: QWidget | None, session: Session, names: Sequence[str]) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Manager of qubes"))
        offered = [
            name
            for name in in_order(session.records)
            if name != DOM0 and (name,) != tuple(names) and session.records[name].klass is not VmClass.TEMPLATE
        ]
        layout = QVBoxLayout(self)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        layout.addLayout(form)
        text = self.tr(
            "The manager may list the qubes, start and stop them, and read and change their settings, devices and data,"
            " without a question. It may not create or remove qubes."
        )
        form.addRow(plain_label(text))
        icons = {name: label_icon(session.color_of_qube(name)) for name in offered}
        self.field = choice(self, ((name, name) for name in offered), self._likely(session, offered), icons)
        form.addRow(self.tr("&Manager:"), self.field)
        layout.addStretch(1)
        buttons, self.yes = confirm_buttons(self, self.tr("Continue"))
        self.yes.setEnabled(bool(offered))
        layout.addWidget(buttons)
        self.field.setFocus()
        resize_in_units(self, 120)

    def manager(self) -> str:
        """The qube that is chosen."""
        return chosen(self.field)

    @staticmethod
    def _likely(session: Session, offered: Sequence[str]) -> str:
        """The qube that manages others already, else the one with the usual name, else the first."""
        tags = {tag for record in session.records.values() for tag in record.tags}
        likely = [name for name in offered if manager_tag(name) in tags] or [USUAL]
        return likely[0] if likely[0] in offered else next(iter(offered), "")
