# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialog that asks for a new name of a qube, checked while it is typed."""

from collections.abc import Sequence

from PyQt5.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QPushButton,
    QWidget,
)

from qubesmanager.rules.facts import Facts
from qubesmanager.rules.qubes_os import is_of_qubes_os
from qubesmanager.rules.references import referrers
from qubesmanager.ui.dialogs.mentions import mention_text
from qubesmanager.ui.reasons import why_not_name
from qubesmanager.ui.widgets.button_box import button_box
from qubesmanager.ui.widgets.labels import plain_label, problem_label, show_problem
from qubesmanager.ui.widgets.screens import resize_in_units
from qubesmanager.wire.codecs import Mention


class RenameDialog(QDialog):
    """Asks for a name; `new_name()` returns it."""

    def __init__(self, parent: QWidget | None, facts: Facts, name: str, mentions: Sequence[Mention] = ()) -> None:
        super().__init__(parent)
        self._facts = facts
        self._name = name
        self.setWindowTitle(self.tr("Rename {0}").format(name))
        form = QFormLayout(self)
        self.edit = QLineEdit(name, self)
        self.edit.selectAll()
        self.problem = problem_label(self)
        form.addRow(self.tr("New &name:"), self.edit)
        form.addRow("", self.problem)
        if users := referrers(facts, name):
            form.addRow(plain_label(self.tr("Changed along with it: {0}").format(", ".join(users)), self))
        if name in facts.qubes and is_of_qubes_os(facts.qubes[name]):
            notice = self.tr(
                "Qubes OS cannot rename a qube. {0} is cloned, what names it is changed to the clone, and {0} is"
                " removed. If a step fails, both qubes stay."
            )
            form.addRow(plain_label(notice.format(name), self))
        if text := mention_text(mentions):
            form.addRow(plain_label(text, self))
        buttons = button_box(self, QDialogButtonBox.StandardButton.Cancel)
        self.yes = QPushButton(self.tr("Rename"), self)
        self.yes.setDefault(True)
        buttons.addButton(self.yes, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form.addRow(buttons)
        self.edit.textChanged.connect(self._check)
        self.edit.setFocus()
        self._check()
        resize_in_units(self, 100)

    def new_name(self) -> str:
        return self.edit.text()

    def _check(self) -> None:
        if self.new_name() == self._name:
            show_problem(self.problem, None)
            self.yes.setEnabled(False)
            return
        why = why_not_name(self.new_name(), self._facts.qubes)
        show_problem(self.problem, why)
        self.yes.setEnabled(why is None)
